// The port at which clients reach one proxy.
//
//   ClientPort port(config.port, config, requests, is_ready);
//   RETURN_IF_ERROR(port.Start(proxy));
//   ...
//   port.Stop();
//
// Threads:   Start and Stop from one thread; calls run on `requests`.
// Ownership: `config` and `requests` outlive it, the proxy its Stop.
// Errors:    Start: the port is in use.
#pragma once

#include <cstddef>
#include <functional>

#include "access/grpc/dispatch.h"
#include "access/grpc/gate.h"
#include "access/grpc/port.h"
#include "access/proxy.h"
#include "base/config.h"
#include "base/executor.h"
#include "base/status.h"
#include "role/rpc_server.h"

namespace elanus::server {

class ClientPort {
 public:
  // is_ready: what the health call says.
  ClientPort(int port, const base::Config& config, base::Executor& requests,
             std::function<bool()> is_ready);

  absl::Status Start(access::Proxy& proxy);
  // Takes no more calls and gives those under way some time to end.
  void Stop();

  int port() const { return port_.port(); }
  std::size_t connections() const { return port_.connections(); }

 private:
  access::OpenGate gate_;
  access::Dispatch dispatch_{gate_};
  role::RpcServer rpc_;
  access::Port port_;
};

}  // namespace elanus::server
