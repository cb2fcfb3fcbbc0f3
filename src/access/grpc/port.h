// The public port: gRPC and REST on one address. One thread accepts
// connections, looks at their first bytes without taking them, and hands each
// to the server of its protocol.
//
//   Port port({.host = "127.0.0.1", .port = 19530}, rpc_server);
//   RETURN_IF_ERROR(port.Start());
//
// Threads:   the port's own one; Stop from any other.
// Ownership: `grpc`, which adopts connections, and the HTTP handler outlive
//            the port.
// Errors:    bytes of no known protocol, TLS, and connections that say nothing
//            for too long are closed. Beyond `connections_max` a new
//            connection is closed at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "role/rpc_server.h"

namespace elanus::access {

// Serves HTTP/1.1 connections.
class HttpConnectionHandler {
 public:
  virtual ~HttpConnectionHandler() = default;

  // Takes `fd`, a socket that does not block and from which nothing has been
  // read. Keeps `slot` as long as it is open: it counts the connection.
  // Called on the port's thread: must not block.
  virtual void Adopt(int fd, std::shared_ptr<void> slot) = 0;
};

struct PortOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one
  // Each gRPC connection takes two file descriptors, any other one.
  std::size_t connections_max = 4096;
  // Connections that have not shown their protocol yet; the oldest goes first.
  std::size_t undecided_max = 512;
  std::chrono::milliseconds undecided_timeout{5000};
};

class Port final {
 public:
  // Without `http` an HTTP request is answered with 501.
  Port(PortOptions options, role::RpcServer& grpc,
       HttpConnectionHandler* http = nullptr);
  ~Port();  // Stop()
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  absl::Status Start();
  int port() const { return port_; }

  // Takes no more connections; those that were handed over stay. Idempotent.
  void Stop();

  // Open connections of all kinds.
  std::size_t connections() const {
    return open_->load(std::memory_order_relaxed);
  }

 private:
  class Loop;

  const PortOptions options_;
  role::RpcServer& grpc_;
  HttpConnectionHandler* const http_;
  // Shared with the connections, which may outlive the port.
  const std::shared_ptr<std::atomic<std::size_t>> open_;
  int port_ = 0;
  std::unique_ptr<Loop> loop_;
};

}  // namespace elanus::access
