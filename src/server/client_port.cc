#include "server/client_port.h"

#include <chrono>
#include <utility>

#include "access/grpc/health.h"

namespace elanus::server {
namespace {

constexpr std::chrono::milliseconds kStopPatience{2000};

}  // namespace

ClientPort::ClientPort(int port, const base::Config& config,
                       base::Executor& requests, std::function<bool()> is_ready)
    : rpc_({.adopts_connections = true,
            .request_bytes_max =
                static_cast<std::size_t>(config.max_receive_bytes),
            .reply_bytes_max = static_cast<std::size_t>(config.max_send_bytes)},
           requests),
      port_({.host = config.bind_address, .port = port}, rpc_) {
  access::RegisterHealth(dispatch_, std::move(is_ready));
}

absl::Status ClientPort::Start(access::Proxy& proxy) {
  proxy.Register(dispatch_);
  dispatch_.Install(rpc_);
  RETURN_IF_ERROR(rpc_.Start());
  return port_.Start();
}

void ClientPort::Stop() {
  port_.Stop();
  rpc_.Stop(kStopPatience);
}

}  // namespace elanus::server
