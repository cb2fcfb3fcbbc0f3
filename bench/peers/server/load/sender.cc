#include "load/sender.h"

#include <algorithm>
#include <utility>

namespace elanus::bench {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr int kUnlimited = -1;

double Ms(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return {};
  std::string bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

struct Call {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  grpc::ByteBuffer reply;
  grpc::Status status;
  std::size_t request = 0;
  SteadyTime due;
};

}  // namespace

// One run: its queue and what is under way.
class Sender::Session {
 public:
  Session(Sender& sender, const Work& work)
      : sender_(sender),
        work_(work),
        count_(work.count > 0 ? work.count : work.requests.size()) {
    for (const std::string& request : work.requests) {
      // Borrowed bytes: a request is sent many times and never copied here.
      slices_.emplace_back(request.data(), request.size(),
                           grpc::Slice::STATIC_SLICE);
    }
    if (work.keeps_replies) outcome_.replies.resize(work.requests.size());
  }

  Outcome Run() {
    started_ = std::chrono::steady_clock::now();
    while (true) {
      SendWhatIsDue();
      if (under_way_ == 0 && IsOver()) break;
      TakeAnswer();
    }
    outcome_.seconds = Ms(std::chrono::steady_clock::now() - started_) / 1000;
    return std::move(outcome_);
  }

 private:
  bool IsOver() const {
    if (sent_ >= count_) return true;
    return work_.seconds > 0 && Ms(std::chrono::steady_clock::now() -
                                   started_) >= work_.seconds * 1000;
  }

  SteadyTime DueTime() const {
    if (work_.rate <= 0) return std::chrono::steady_clock::now();
    return started_ +
           std::chrono::duration_cast<std::chrono::steady_clock::duration>(
               std::chrono::duration<double>(static_cast<double>(sent_) /
                                             work_.rate));
  }

  void SendWhatIsDue() {
    while (under_way_ < work_.in_flight && !IsOver()) {
      const SteadyTime due = DueTime();
      if (due > std::chrono::steady_clock::now()) return;
      Send(due);
    }
  }

  void Send(SteadyTime due) {
    auto call = std::make_unique<Call>();
    call->request = sent_ % work_.requests.size();
    call->due = due;
    const grpc::ByteBuffer bytes(&slices_[call->request], 1);
    grpc::GenericStub& stub = *sender_.stubs_[sent_ % sender_.stubs_.size()];
    call->reader =
        stub.PrepareUnaryCall(&call->context, work_.path, bytes, &queue_);
    call->reader->StartCall();
    Call* const started = call.release();
    started->reader->Finish(&started->reply, &started->status, started);
    ++sent_;
    ++under_way_;
  }

  // Waits for an answer, or until the next request is due.
  void TakeAnswer() {
    void* tag = nullptr;
    bool ok = false;
    if (work_.rate > 0 && under_way_ < work_.in_flight && !IsOver()) {
      const auto wait = DueTime() - std::chrono::steady_clock::now();
      if (queue_.AsyncNext(&tag, &ok,
                           std::chrono::system_clock::now() + wait) !=
          grpc::CompletionQueue::GOT_EVENT) {
        return;
      }
    } else if (!queue_.Next(&tag, &ok)) {
      return;
    }
    --under_way_;
    Note(*std::unique_ptr<Call>(static_cast<Call*>(tag)));
  }

  void Note(const Call& call) {
    if (!call.status.ok()) {
      if (outcome_.failed++ == 0) {
        outcome_.first_error = call.status.error_message();
      }
      return;
    }
    ++outcome_.answered;
    outcome_.latencies_ms.push_back(
        Ms(std::chrono::steady_clock::now() - call.due));
    if (work_.keeps_replies && outcome_.replies[call.request].empty()) {
      outcome_.replies[call.request] = BytesOf(call.reply);
    }
  }

  Sender& sender_;
  const Work& work_;
  const std::size_t count_;
  grpc::CompletionQueue queue_;
  std::vector<grpc::Slice> slices_;
  SteadyTime started_;
  std::size_t sent_ = 0;
  std::size_t under_way_ = 0;
  Outcome outcome_;
};

Sender::Sender(const std::string& address, const SenderOptions& options) {
  for (int i = 0; i < options.connections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kUnlimited);
    arguments.SetMaxSendMessageSize(kUnlimited);
    // Otherwise channels to one address share one connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channels_.push_back(grpc::CreateCustomChannel(
        address, grpc::InsecureChannelCredentials(), arguments));
    stubs_.push_back(std::make_unique<grpc::GenericStub>(channels_.back()));
  }
}

Sender::~Sender() = default;

absl::Status Sender::Connect(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::system_clock::now() + patience;
  for (const auto& channel : channels_) {
    if (!channel->WaitForConnected(deadline)) {
      return base::Error(base::ErrorCode::kServiceUnavailable,
                         "nobody listens there");
    }
  }
  return absl::OkStatus();
}

Outcome Sender::Run(const Work& work) {
  if (work.requests.empty()) return {};
  return Session(*this, work).Run();
}

}  // namespace elanus::bench
