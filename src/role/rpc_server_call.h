// Inside of RpcServer: one call on its way through gRPC's completion queue.
// For rpc_server*.cc only: brings in gRPC's headers.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "base/relay.h"
#include "role/rpc_server.h"

namespace elanus::role {

// Lets operations start until it is closed; Close waits for those that are
// being started. Why: nothing may be started on a completion queue that is
// shut down, and handlers answer from any thread at any time.
class StartGate {
 public:
  // True: start the operation, then call Leave.
  bool Enter();
  void Leave() { inside_.fetch_sub(1, std::memory_order_release); }
  void Close();

 private:
  static constexpr std::uint64_t kClosed = std::uint64_t{1} << 63;
  std::atomic<std::uint64_t> inside_{0};
};

// Tells whether calls come one after another, by what it is told of each as it
// comes. While a call runs on the polling thread no other is seen to come, so
// now and then some are handed over just to look.
class AloneCalls {
 public:
  static constexpr int kLooked = 8;
  static constexpr int kTrusted = 120;

  // A call came, perhaps while others were under way. True if it may be taken
  // for one that nobody comes beside.
  bool Note(bool is_alone) {
    if (!is_alone) {
      looked_ = 0;
      trusted_ = 0;
      return false;
    }
    if (trusted_ > 0) {
      --trusted_;
      return true;
    }
    if (++looked_ == kLooked) {
      looked_ = 0;
      trusted_ = kTrusted;
    }
    return false;
  }

 private:
  int looked_ = 0;   // that came alone, in a row
  int trusted_ = 0;  // that are to come
};

// What the calls of a server share; lives until the last of them is gone.
class RpcServer::State : public std::enable_shared_from_this<State> {
 public:
  State(RpcServerOptions server_options, base::Executor& server_executor)
      : options(std::move(server_options)), executor(server_executor) {}

  struct Method {
    RpcHandler handler;   // empty: refused
    std::string refusal;  // why
    MethodOptions options;
  };

  // Asks gRPC for one more call.
  void RequestCall();
  // Waits for an event and deals with it. False at the end.
  bool Poll(base::Relay::Turn& turn);

  const RpcServerOptions options;
  base::Executor& executor;
  absl::flat_hash_map<std::string, Method> methods;  // fixed at Start
  grpc::AsyncGenericService service;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
  std::unique_ptr<grpc::Server> server;  // goes before queue and service
  std::optional<base::Relay> polling;
  AloneCalls alone;  // of the polling thread
  int port = 0;
  StartGate gate;
  std::atomic<std::size_t> calls{0};
  std::atomic<std::size_t> request_bytes{0};
  std::atomic<std::uint64_t> next_request_id{1};
  std::atomic<bool> is_stopping{false};
  std::once_flag stop;
};

// Counted by the operations under way and by its RpcCall.
class ServerCall final {
 public:
  // A tag of the completion queue: which of its call's operations is done.
  enum class Step { kArrive, kRead, kLeave, kAnswer };
  struct Tag {
    ServerCall* call;
    Step step;
  };

  explicit ServerCall(std::shared_ptr<RpcServer::State> state)
      : state_(std::move(state)), stream_(&context_) {}

  // Asks for a call to arrive; frees itself if the server has stopped.
  void Start();
  // Polling thread: an operation is done, `ok` says how.
  void Proceed(Step step, bool ok, base::Relay::Turn& turn);

  const std::string& method() const { return context_.method(); }
  std::string peer() const { return context_.peer(); }
  const base::Buffer& request() const { return request_; }
  const base::OpContext& op_context() const { return op_context_; }
  std::optional<std::string_view> Metadata(std::string_view key) const;

  void Finish(const base::Buffer& reply);
  void Finish(const google::protobuf::MessageLite& reply);
  void Fail(const grpc::Status& status);
  bool answered() const { return answered_.load(std::memory_order_relaxed); }
  void Release();

 private:
  ~ServerCall();
  void Arrived();
  void HaveRead(bool ok, base::Relay::Turn& turn);
  // May it run on the polling thread?
  bool RunsHere(const base::Relay::Turn& turn);
  void Run(std::unique_ptr<RpcCall> call);
  // True for the first answer of the call, which ends it for the limit.
  bool TakeAnswer();
  bool IsReplySizeAllowed(std::size_t size);
  void Write(const grpc::ByteBuffer& reply);
  // Starts an operation, or does nothing after Stop.
  template <typename Operation>
  void StartOperation(Operation operation);

  const std::shared_ptr<RpcServer::State> state_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  Tag arrive_{this, Step::kArrive};
  Tag read_{this, Step::kRead};
  Tag leave_{this, Step::kLeave};
  Tag answer_{this, Step::kAnswer};
  std::atomic<int> references_{1};
  std::atomic<bool> answered_{false};
  const RpcServer::State::Method* method_ = nullptr;
  std::size_t counted_bytes_ = 0;
  grpc::ByteBuffer bytes_;
  base::Buffer request_;
  base::OpContext op_context_;
};

// What a handler holds of a ServerCall.
class GrpcCall final : public RpcCall {
 public:
  explicit GrpcCall(ServerCall* call) : call_(call) {}
  ~GrpcCall() override;  // Fail(INTERNAL) if nobody answered

  const std::string& method() const override { return call_->method(); }
  std::string peer() const override { return call_->peer(); }
  const base::Buffer& request() const override { return call_->request(); }
  const base::OpContext& context() const override {
    return call_->op_context();
  }
  std::optional<std::string_view> Metadata(
      std::string_view key) const override {
    return call_->Metadata(key);
  }
  void Finish(const base::Buffer& reply) override;
  void Finish(const google::protobuf::MessageLite& reply) override;
  void Fail(absl::StatusCode code, std::string_view text) override;
  void Fail(const absl::Status& error) override;

 private:
  ServerCall* const call_;
};

}  // namespace elanus::role
