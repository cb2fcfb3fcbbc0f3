#include "access/grpc/port.h"

#include <utility>

#include "access/grpc/port_loop.h"
#include "base/log.h"

namespace elanus::access {

Port::Port(PortOptions options, role::RpcServer& grpc,
           HttpConnectionHandler* http)
    : options_(std::move(options)),
      grpc_(grpc),
      http_(http),
      open_(std::make_shared<std::atomic<std::size_t>>(0)) {}

Port::~Port() { Stop(); }

absl::Status Port::Start() {
  CHECK(loop_ == nullptr);
  ASSIGN_OR_RETURN(Fd listener, Listen(options_.host, options_.port));
  port_ = LocalPort(listener.get());
  loop_ = std::make_unique<Loop>(*this, std::move(listener));
  return loop_->Start();
}

void Port::Stop() { loop_.reset(); }

}  // namespace elanus::access
