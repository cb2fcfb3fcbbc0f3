#include "model/process.h"

#include <google/protobuf/message_lite.h>

namespace elanus::model {
namespace {

constexpr std::int64_t kStartPatienceMs = 60'000;
constexpr std::int64_t kCallDeadlineNs = 20'000'000'000;

// A call that came from the test itself.
class LocalCall final : public role::RpcCall {
 public:
  using Answered = std::function<void(absl::Status, std::string)>;

  LocalCall(const base::Clock& clock, std::string method, std::string request,
            Answered answered)
      : method_("/milvus.proto.milvus.MilvusService/" + std::move(method)),
        request_(base::Buffer::FromString(std::move(request))),
        context_(clock, clock.MonotonicNs() + kCallDeadlineNs, "model"),
        answered_(std::move(answered)) {}

  const std::string& method() const override { return method_; }
  std::string peer() const override { return "model"; }
  const base::Buffer& request() const override { return request_; }
  const base::OpContext& context() const override { return context_; }
  std::optional<std::string_view> Metadata(std::string_view) const override {
    return std::nullopt;
  }

  void Finish(const base::Buffer& reply) override {
    answered_(absl::OkStatus(), std::string(reply.view()));
  }
  void Finish(const google::protobuf::MessageLite& reply) override {
    answered_(absl::OkStatus(), reply.SerializeAsString());
  }
  void Fail(absl::StatusCode code, std::string_view text) override {
    answered_(absl::Status(code, {text.data(), text.size()}), "");
  }
  void Fail(const absl::Status& error) override { answered_(error, ""); }

 private:
  const std::string method_;
  const base::Buffer request_;
  const base::OpContext context_;
  const Answered answered_;
};

}  // namespace

Process::Process(Disk& disk, Faults& faults, Scheduler& scheduler,
                 const base::Config& config)
    : faults_(faults),
      scheduler_(scheduler),
      meta_(disk, faults),
      objects_(disk, faults),
      log_(disk, faults, scheduler) {
  faults_.Revive();
  scheduler_.Open();
  roles_.emplace(server::RoleServices{.meta = meta_,
                                      .meta_copier = meta_copier_,
                                      .log = log_,
                                      .objects = objects_,
                                      .config = config,
                                      .clock = scheduler_,
                                      .timer = scheduler_,
                                      .requests = scheduler_,
                                      .background = scheduler_,
                                      .budget = budget_,
                                      .metrics = metrics_});
}

Process::~Process() {
  faults_.Die();
  log_.LosePower();
  objects_.LosePower();
  scheduler_.Close();
  dispatch_.reset();
  roles_.reset();
}

absl::Status Process::Start() {
  std::optional<absl::Status> started;
  roles_->Start([&](absl::Status status) { started = std::move(status); });
  scheduler_.RunUntil([&] { return started.has_value() || faults_.is_dead(); },
                      kStartPatienceMs);
  if (!started.has_value()) {
    // Nobody may answer into a variable that is gone.
    scheduler_.Close();
    return absl::DeadlineExceededError("the start does not end");
  }
  RETURN_IF_ERROR(*started);
  dispatch_.emplace(gate_);
  roles_->proxy().Register(*dispatch_);
  return absl::OkStatus();
}

absl::Status Process::OutcomeOf(const milvus::proto::common::Status& status) {
  if (status.code() == 0) return absl::OkStatus();
  return absl::UnknownError(
      fmt::format("code {}: {}", status.code(), status.reason()));
}

void Process::Send(const std::string& method, std::string request,
                   Answered answered) {
  scheduler_.Submit([this, call = std::make_unique<LocalCall>(
                               scheduler_, method, std::move(request),
                               std::move(answered))]() mutable {
    dispatch_->Serve(std::move(call));
  });
}

}  // namespace elanus::model
