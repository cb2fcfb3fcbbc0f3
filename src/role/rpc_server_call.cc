#include "role/rpc_server_call.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/idle_thread.h"
#include "base/log.h"
#include "role/rpc_bytes.h"
#include "role/rpc_wire_error.h"

namespace elanus::role {
namespace {

constexpr std::size_t kRequestIdBytesMax = 64;
// A larger request takes its handler long.
constexpr std::size_t kBriefRequestBytesMax = 64 << 10;

// `deadline` on the scale of the monotonic clock.
std::int64_t MonotonicDeadline(std::chrono::system_clock::time_point deadline,
                               const base::Clock& clock) {
  using std::chrono::system_clock;
  if (deadline == system_clock::time_point::max()) {
    return base::OpContext::kNoDeadline;
  }
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
      deadline - system_clock::now());
  return clock.MonotonicNs() + left.count();
}

// False at the end.
bool WaitForEvent(grpc::CompletionQueue& queue, void** tag, bool* ok) {
  using Queue = grpc::CompletionQueue;
  const auto due = std::chrono::system_clock::now() + base::kIdlePatience;
  const Queue::NextStatus got = queue.AsyncNext(tag, ok, due);
  if (got != Queue::TIMEOUT) return got == Queue::GOT_EVENT;
  base::GiveBackMemory();
  return queue.Next(tag, ok);
}

}  // namespace

bool StartGate::Enter() {
  if (inside_.fetch_add(1, std::memory_order_acquire) & kClosed) {
    Leave();
    return false;
  }
  return true;
}

void StartGate::Close() {
  inside_.fetch_or(kClosed, std::memory_order_acq_rel);
  while (inside_.load(std::memory_order_acquire) != kClosed) {
    std::this_thread::yield();
  }
}

void RpcServer::State::RequestCall() {
  (new ServerCall(shared_from_this()))->Start();
}

bool RpcServer::State::Poll(base::Relay::Turn& turn) {
  void* tag = nullptr;
  bool ok = false;
  if (!WaitForEvent(*queue, &tag, &ok)) return false;
  MarkReceived();
  const auto* step = static_cast<ServerCall::Tag*>(tag);
  step->call->Proceed(step->step, ok, turn);
  return true;
}

ServerCall::~ServerCall() {
  state_->request_bytes.fetch_sub(counted_bytes_, std::memory_order_relaxed);
}

void ServerCall::Release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

template <typename Operation>
void ServerCall::StartOperation(Operation operation) {
  if (!state_->gate.Enter()) return;
  references_.fetch_add(1, std::memory_order_relaxed);
  MarkSent();
  operation();
  state_->gate.Leave();
}

void ServerCall::Start() {
  StartOperation([this] {
    context_.AsyncNotifyWhenDone(&leave_);
    state_->service.RequestCall(&context_, &stream_, state_->queue.get(),
                                state_->queue.get(), &arrive_);
  });
  Release();  // the constructor's; the operation holds its own
}

void ServerCall::Proceed(Step step, bool ok, base::Relay::Turn& turn) {
  switch (step) {
    case Step::kArrive:
      // Without a call gRPC never gives the tag of its end back.
      if (ok) Arrived();
      break;
    case Step::kRead:
      HaveRead(ok, turn);
      break;
    case Step::kLeave:
      if (context_.IsCancelled()) op_context_.Cancel();
      break;
    case Step::kAnswer:
      break;
  }
  Release();
}

void ServerCall::Arrived() {
  references_.fetch_add(1, std::memory_order_relaxed);  // for kLeave
  state_->RequestCall();
  const std::size_t calls =
      state_->calls.fetch_add(1, std::memory_order_relaxed) + 1;
  if (calls > state_->options.calls_max) {
    Fail(ToGrpc(
        base::Error(base::ErrorCode::kTooManyRequests,
                    "too many concurrent requests, queue is full[limit={}]",
                    state_->options.calls_max)));
    return;
  }
  const auto found = state_->methods.find(context_.method());
  if (found == state_->methods.end()) {
    Fail(grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "unknown method " + context_.method()));
    return;
  }
  method_ = &found->second;
  if (!method_->handler) {
    Fail(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, method_->refusal));
    return;
  }
  std::string request_id(
      Metadata(kRequestIdKey).value_or("").substr(0, kRequestIdBytesMax));
  if (request_id.empty()) {
    request_id = fmt::format("{:x}", state_->next_request_id.fetch_add(
                                         1, std::memory_order_relaxed));
  }
  op_context_ = base::OpContext(
      base::SystemClock(),
      MonotonicDeadline(context_.deadline(), base::SystemClock()),
      std::move(request_id));
  StartOperation([this] { stream_.Read(&bytes_, &read_); });
}

void ServerCall::HaveRead(bool ok, base::Relay::Turn& turn) {
  if (!ok) {
    // gRPC has answered already if the message was too large or the client is
    // gone; this answer is for a stream that ended without a message.
    Fail(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                      "the call carries no request"));
    return;
  }
  counted_bytes_ = bytes_.Length();
  const std::size_t sum = state_->request_bytes.fetch_add(
                              counted_bytes_, std::memory_order_relaxed) +
                          counted_bytes_;
  if (sum > state_->options.requests_bytes_max) {
    bytes_.Clear();
    Fail(ToGrpc(base::Error(
        base::ErrorCode::kTooManyRequests,
        "too many concurrent requests: they hold {} bytes[limit={}]", sum,
        state_->options.requests_bytes_max)));
    return;
  }
  references_.fetch_add(1, std::memory_order_relaxed);
  auto call = std::make_unique<GrpcCall>(this);
  if (RunsHere(turn)) {
    turn.Run([&] { Run(std::move(call)); });
    return;
  }
  state_->executor.Submit(
      [call = std::move(call), this]() mutable { Run(std::move(call)); });
}

bool ServerCall::RunsHere(const base::Relay::Turn& turn) {
  const bool comes_alone =
      state_->alone.Note(state_->calls.load(std::memory_order_relaxed) == 1);
  return comes_alone && method_->options.is_brief &&
         counted_bytes_ <= kBriefRequestBytesMax && turn.MayRun();
}

void ServerCall::Run(std::unique_ptr<RpcCall> call) {
  request_ = TakeBytes(bytes_);
  method_->handler(std::move(call));
}

std::optional<std::string_view> ServerCall::Metadata(
    std::string_view key) const {
  const auto& metadata = context_.client_metadata();
  const auto found = metadata.find(grpc::string_ref(key.data(), key.size()));
  if (found == metadata.end()) return std::nullopt;
  return std::string_view(found->second.data(), found->second.size());
}

bool ServerCall::TakeAnswer() {
  if (answered_.exchange(true)) return false;
  state_->calls.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

bool ServerCall::IsReplySizeAllowed(std::size_t size) {
  const std::size_t limit =
      std::min(state_->options.reply_bytes_max,
               static_cast<std::size_t>(std::numeric_limits<int>::max()));
  if (size <= limit) return true;
  Fail(grpc::Status(
      grpc::StatusCode::RESOURCE_EXHAUSTED,
      fmt::format("the reply has {} bytes: limit {}", size, limit)));
  return false;
}

void ServerCall::Finish(const base::Buffer& reply) {
  if (IsReplySizeAllowed(reply.size())) Write(WrapBytes(reply));
}

void ServerCall::Finish(const google::protobuf::MessageLite& reply) {
  const std::size_t size = reply.ByteSizeLong();
  if (IsReplySizeAllowed(size)) Write(SerialiseBytes(reply, size));
}

void ServerCall::Write(const grpc::ByteBuffer& reply) {
  if (!TakeAnswer()) return;
  StartOperation([this, &reply] {
    stream_.WriteAndFinish(reply, grpc::WriteOptions(), grpc::Status::OK,
                           &answer_);
  });
}

void ServerCall::Fail(const grpc::Status& status) {
  if (!TakeAnswer()) return;
  StartOperation([this, &status] { stream_.Finish(status, &answer_); });
}

GrpcCall::~GrpcCall() {
  if (!call_->answered()) {
    call_->Fail(grpc::Status(grpc::StatusCode::INTERNAL,
                             "the server dropped the call"));
  }
  call_->Release();
}

void GrpcCall::Finish(const base::Buffer& reply) {
  DCHECK(!call_->answered());
  call_->Finish(reply);
}

void GrpcCall::Finish(const google::protobuf::MessageLite& reply) {
  DCHECK(!call_->answered());
  call_->Finish(reply);
}

void GrpcCall::Fail(absl::StatusCode code, std::string_view text) {
  DCHECK(!call_->answered());
  call_->Fail(
      grpc::Status(static_cast<grpc::StatusCode>(code), std::string(text)));
}

void GrpcCall::Fail(const absl::Status& error) {
  DCHECK(!call_->answered());
  call_->Fail(ToGrpc(error));
}

}  // namespace elanus::role
