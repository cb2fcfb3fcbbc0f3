#include "role/rpc_server.h"

#include <grpcpp/security/server_credentials.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/log.h"
#include "role/rpc_server_call.h"
#include "role/rpc_wire_error.h"

namespace elanus::role {
namespace {

int ToInt(std::size_t bytes) {
  return static_cast<int>(std::min(
      bytes, static_cast<std::size_t>(std::numeric_limits<int>::max())));
}

void SetLimits(const RpcServerOptions& options, grpc::ServerBuilder& builder) {
  const auto ms = [](std::chrono::milliseconds duration) {
    return static_cast<int>(duration.count());
  };
  builder.SetMaxReceiveMessageSize(ToInt(options.request_bytes_max));
  builder.SetMaxSendMessageSize(ToInt(options.reply_bytes_max));
  // One more than are served, so that a client is told, not kept waiting.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             ToInt(options.calls_max) + 1);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      ms(options.ping_interval_min));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, ms(options.keepalive));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             ms(options.keepalive_timeout));
  // Two servers on one port would share its connections by chance.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A client that connects and says nothing holds no slot for long.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10000);
}

}  // namespace

RpcServer::RpcServer(RpcServerOptions options, base::Executor& executor)
    : state_(std::make_shared<State>(std::move(options), executor)) {}

RpcServer::~RpcServer() { Stop(std::chrono::milliseconds(0)); }

void RpcServer::Register(std::string path, RpcHandler handler,
                         MethodOptions options) {
  CHECK(state_->server == nullptr && handler != nullptr);
  const bool is_new =
      state_->methods
          .try_emplace(std::move(path),
                       State::Method{.handler = std::move(handler),
                                     .refusal = "",
                                     .options = options})
          .second;
  CHECK(is_new);
}

void RpcServer::Refuse(std::string path, std::string text) {
  CHECK(state_->server == nullptr);
  const bool is_new = state_->methods
                          .try_emplace(std::move(path),
                                       State::Method{.handler = nullptr,
                                                     .refusal = std::move(text),
                                                     .options = {}})
                          .second;
  CHECK(is_new);
}

absl::Status RpcServer::Start() {
  State& state = *state_;
  CHECK(state.server == nullptr);
  grpc::ServerBuilder builder;
  SetLimits(state.options, builder);
  builder.RegisterAsyncGenericService(&state.service);
  if (!state.options.address.empty()) {
    builder.AddListeningPort(state.options.address,
                             grpc::InsecureServerCredentials(), &state.port);
  }
  if (state.options.adopts_connections) {
    state.acceptor = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
  }
  state.queue = builder.AddCompletionQueue();
  state.server = builder.BuildAndStart();
  if (state.server == nullptr) {
    return base::Error(base::ErrorCode::kServiceInternal,
                       "cannot listen on '{}': address in use or not ours",
                       state.options.address);
  }
  // One request is always outstanding; each arrival asks for the next.
  state.RequestCall();
  state.polling.emplace(base::RelayOptions{.name = "rpc-server"},
                        [state = state_.get()](base::Relay::Turn& turn) {
                          return state->Poll(turn);
                        });
  return absl::OkStatus();
}

int RpcServer::port() const { return state_->port; }

void RpcServer::Adopt(int fd) {
  CHECK(state_->acceptor != nullptr);
  if (state_->is_stopping.load(std::memory_order_acquire)) {
    // gRPC would close it without a word to other holders of the socket.
    shutdown(fd, SHUT_RDWR);
    close(fd);
    return;
  }
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters
      connection;
  connection.fd = fd;
  state_->acceptor->HandleNewConnection(&connection);
}

void RpcServer::Stop(std::chrono::milliseconds patience) {
  State& state = *state_;
  if (state.server == nullptr) return;
  std::call_once(state.stop, [&state, patience] {
    state.is_stopping.store(true, std::memory_order_release);
    state.server->Shutdown(std::chrono::system_clock::now() + patience);
    state.gate.Close();
    state.queue->Shutdown();
    state.polling->Join();
  });
}

std::size_t RpcServer::calls_in_flight() const {
  return state_->calls.load(std::memory_order_relaxed);
}

}  // namespace elanus::role
