#include "role/rpc_channel.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <pthread.h>

#include <limits>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/mutex.h"
#include "role/rpc_bytes.h"
#include "role/rpc_server.h"
#include "role/rpc_wire_error.h"

namespace elanus::role {
namespace {

constexpr std::size_t kProtobufBytesMax = std::numeric_limits<int>::max();

std::chrono::system_clock::time_point WallDeadline(std::int64_t left_ns) {
  return std::chrono::system_clock::now() + std::chrono::nanoseconds(left_ns);
}

// One call under way. Tells `done` exactly once: at the latest when it is
// destroyed, for an executor that has stopped drops its tasks.
struct ClientCall {
  ~ClientCall() {
    if (done) {
      done(base::Error(base::ErrorCode::kServiceUnavailable,
                       "the process is stopping"));
    }
  }

  void Complete(absl::Status outcome) {
    base::Done callback = std::move(done);
    done = nullptr;
    callback(std::move(outcome));
  }

  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  grpc::ByteBuffer bytes;
  grpc::Status status;
  google::protobuf::MessageLite* reply = nullptr;
  base::OpContext op_context;
  base::Done done;
  std::string target;  // "address path", for messages
};

absl::Status ReadReply(ClientCall& call) {
  if (!call.status.ok()) {
    absl::Status error = FromGrpc(call.status);
    // Only what the other side did not word itself needs our words.
    if (call.status.error_details().empty()) {
      return base::AnnotateWith(std::move(error), call.target);
    }
    return error;
  }
  const base::Buffer bytes = TakeBytes(call.bytes);
  if (bytes.size() > kProtobufBytesMax ||
      !call.reply->ParseFromArray(bytes.bytes().data(),
                                  static_cast<int>(bytes.size()))) {
    return base::Error(base::ErrorCode::kServiceInternal,
                       "{}: the reply is not a {}", call.target,
                       call.reply->GetTypeName());
  }
  return absl::OkStatus();
}

}  // namespace

class RpcClient::State {
 public:
  State(RpcClientOptions client_options, base::Executor& client_executor)
      : options(client_options), executor(client_executor) {
    thread = std::thread([this] { Poll(); });
  }

  void Stop() {
    std::call_once(stop, [this] {
      {
        base::MutexLock lock(mutex);
        stopping = true;
        for (ClientCall* call : calls) call->context.TryCancel();
      }
      // Calls are started under the mutex, so none is started from here on.
      queue.Shutdown();
      thread.join();
    });
  }

  void Poll() {
    pthread_setname_np(pthread_self(), "rpc-client");
    auto next_check = std::chrono::system_clock::now();
    while (true) {
      void* tag = nullptr;
      bool ok = false;
      const auto got = queue.AsyncNext(&tag, &ok, next_check);
      if (got == grpc::CompletionQueue::SHUTDOWN) return;
      if (got == grpc::CompletionQueue::GOT_EVENT) {
        MarkReceived();
        HandOver(static_cast<ClientCall*>(tag));
      }
      const auto now = std::chrono::system_clock::now();
      if (now < next_check) continue;
      next_check = now + CancelAbandoned();
    }
  }

  // gRPC always ends a unary call with a status, so `ok` says nothing.
  void HandOver(ClientCall* finished) {
    {
      base::MutexLock lock(mutex);
      calls.erase(finished);
    }
    executor.Submit([call = std::unique_ptr<ClientCall>(finished)] {
      call->Complete(ReadReply(*call));
    });
  }

  // Returns when to look again; less often while there is nothing to look at.
  std::chrono::milliseconds CancelAbandoned() {
    base::MutexLock lock(mutex);
    for (ClientCall* call : calls) {
      if (call->op_context.is_cancelled()) call->context.TryCancel();
    }
    return options.cancel_check * (calls.empty() ? 10 : 1);
  }

  const RpcClientOptions options;
  base::Executor& executor;
  grpc::CompletionQueue queue;
  base::Mutex mutex;
  absl::flat_hash_set<ClientCall*> calls ABSL_GUARDED_BY(mutex);
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::once_flag stop;
  std::thread thread;
};

class RpcChannel::Stub {
 public:
  Stub(std::string stub_address, std::shared_ptr<grpc::Channel> channel)
      : address(std::move(stub_address)), stub(std::move(channel)) {}

  const std::string address;
  grpc::GenericStub stub;
};

RpcClient::RpcClient(RpcClientOptions options, base::Executor& executor)
    : state_(std::make_shared<State>(options, executor)) {}

RpcClient::~RpcClient() { Stop(); }

void RpcClient::Stop() { state_->Stop(); }

std::unique_ptr<RpcChannel> RpcClient::Connect(const std::string& address) {
  const RpcClientOptions& options = state_->options;
  grpc::ChannelArguments arguments;
  const int bytes_max =
      static_cast<int>(std::min(options.message_bytes_max, kProtobufBytesMax));
  arguments.SetMaxReceiveMessageSize(bytes_max);
  arguments.SetMaxSendMessageSize(bytes_max);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   static_cast<int>(options.keepalive.count()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(options.keepalive_timeout.count()));
  // A node that comes back is found within a second.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  auto stub = std::make_unique<RpcChannel::Stub>(
      address, grpc::CreateCustomChannel(
                   address, grpc::InsecureChannelCredentials(), arguments));
  return std::unique_ptr<RpcChannel>(new RpcChannel(state_, std::move(stub)));
}

RpcChannel::RpcChannel(std::shared_ptr<RpcClient::State> client,
                       std::unique_ptr<Stub> stub)
    : client_(std::move(client)), stub_(std::move(stub)) {}

RpcChannel::~RpcChannel() = default;

const std::string& RpcChannel::address() const { return stub_->address; }

void RpcChannel::Call(const std::string& path,
                      const google::protobuf::MessageLite& request,
                      google::protobuf::MessageLite* reply,
                      const base::OpContext& ctx, base::Done done) {
  const std::size_t size = request.ByteSizeLong();
  if (size > client_->options.message_bytes_max || size > kProtobufBytesMax) {
    done(base::Error(base::ErrorCode::kParameterTooLarge,
                     "{}: the request has {} bytes, limit {}", path, size,
                     client_->options.message_bytes_max));
    return;
  }
  auto call = std::make_unique<ClientCall>();
  call->reply = reply;
  call->op_context = ctx;
  call->done = std::move(done);
  call->target = stub_->address + " " + path;
  const std::int64_t left_ns = ctx.RemainingNs();
  if (left_ns != base::OpContext::kNoDeadline) {
    call->context.set_deadline(WallDeadline(left_ns));
  }
  if (!ctx.request_id().empty()) {
    call->context.AddMetadata(std::string(kRequestIdKey), ctx.request_id());
  }
  const grpc::ByteBuffer bytes = SerialiseBytes(request, size);
  base::MutexLock lock(client_->mutex);
  if (!client_->stopping) {
    call->reader = stub_->stub.PrepareUnaryCall(&call->context, path, bytes,
                                                &client_->queue);
    MarkSent();
    call->reader->StartCall();
    call->reader->Finish(&call->bytes, &call->status, call.get());
    client_->calls.insert(call.release());
  }
}

}  // namespace elanus::role
