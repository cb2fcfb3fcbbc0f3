// The management port: /healthz and /livez for orchestrators, /metrics for
// Prometheus. Answers nothing else and changes nothing.
//
//   ManagementPort port({.host = "127.0.0.1", .port = 9091}, ...);
//   RETURN_IF_ERROR(port.Start());
//
// Threads:   one of its own, one request at a time; a client that is slow to
//            speak or to listen is cut off after a second.
// Ownership: metrics and `health` outlive the port.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "access/grpc/socket.h"
#include "base/metrics.h"
#include "base/status.h"

namespace elanus::server {

struct ManagementOptions {
  std::string host = "127.0.0.1";
  int port = 9091;
};

class ManagementPort {
 public:
  // health: OK when the server can take requests; else the message says why.
  ManagementPort(ManagementOptions options, const base::Metrics& metrics,
                 std::function<absl::Status()> health);
  ~ManagementPort();  // Stop()

  absl::Status Start();
  void Stop();

 private:
  void Run();
  void Serve(int connection);
  std::string Answer(const std::string& request) const;

  const ManagementOptions options_;
  const base::Metrics& metrics_;
  const std::function<absl::Status()> health_;
  std::atomic<bool> stopping_{false};
  access::Fd listener_;
  std::thread thread_;
};

}  // namespace elanus::server
