// Inside of Port: the thread that accepts and sorts connections.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "absl/container/flat_hash_map.h"
#include "access/grpc/classify.h"
#include "access/grpc/port.h"
#include "access/grpc/socket.h"

namespace elanus::access {

class Port::Loop {
 public:
  Loop(Port& port, Fd listener);
  ~Loop();

  absl::Status Start();

 private:
  using Clock = std::chrono::steady_clock;
  enum class ConnectionId : std::uint64_t {};

  // Undecided, or being served by gRPC; then `fd` is a second descriptor of
  // the socket, which tells us when the connection is over.
  struct Connection {
    Fd fd;
    std::shared_ptr<void> slot;
    bool is_undecided = true;
  };
  struct Deadline {
    Clock::time_point at;
    ConnectionId id;
  };

  void Run();
  int WaitMs() const;
  void AcceptAll();
  bool AcceptOne();
  void Add(Fd fd);
  void Look(ConnectionId id);
  void HandToGrpc(ConnectionId id);
  void HandToHttp(ConnectionId id);
  void RefuseTls();
  void Close(ConnectionId id);
  void CloseLate();
  void CloseOldestUndecided();
  bool IsUndecided(ConnectionId id) const;
  void PauseAccepting();
  void ResumeAccepting();
  bool Watch(int fd, std::uint32_t events, std::uint64_t tag);

  Port& port_;
  Fd listener_;
  Fd epoll_;
  Fd wake_;
  absl::flat_hash_map<ConnectionId, Connection> connections_;
  // Of the undecided connections, the earliest first; those that are decided
  // or closed are skipped.
  std::deque<Deadline> deadlines_;
  std::size_t undecided_ = 0;
  std::uint64_t next_id_;
  bool is_paused_ = false;
  Clock::time_point resume_at_;
  std::uint64_t tls_refused_ = 0;
  Clock::time_point tls_logged_at_;
  std::thread thread_;
};

}  // namespace elanus::access
