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
      config_(config),
      meta_(disk, faults),
      objects_(disk, faults),
      log_(disk, faults, scheduler),
      pair_([&faults] { return faults.OnRead() != Fault::kNone; }) {
  faults_.Revive();
  scheduler_.Open();
  roles_.emplace(Services(), [this](const server::Roles& roles) {
    return pair_.Join(roles);
  });
}

Process::~Process() {
  faults_.Die();
  objects_.LosePower();
  scheduler_.Close();
  for (auto& dispatch : dispatches_) dispatch.reset();
  roles_.reset();
  log_.LosePower();
}

absl::Status Process::Start() {
  RETURN_IF_ERROR(log_.Open());
  RETURN_IF_ERROR(
      Await([this](base::Done done) { roles_->Start(std::move(done)); }));
  RETURN_IF_ERROR(Await([this](base::Done done) {
    pair_.AddSecond(Services(), metrics_[1], std::move(done));
  }));
  for (auto& dispatch : dispatches_) dispatch.emplace(gate_);
  roles_->proxy().Register(*dispatches_[0]);
  pair_.second().Register(*dispatches_[1]);
  return absl::OkStatus();
}

server::RoleServices Process::Services() {
  return {.meta = meta_,
          .meta_copier = meta_copier_,
          .log = log_,
          .objects = objects_,
          .config = config_,
          .clock = scheduler_,
          .timer = scheduler_,
          .requests = scheduler_,
          .background = scheduler_,
          .builds = scheduler_,
          .budget = budget_,
          .metrics = metrics_[0],
          .traffic = read_traffic_};
}

absl::Status Process::Await(const std::function<void(base::Done)>& step) {
  const auto outcome = std::make_shared<std::optional<absl::Status>>();
  step([outcome](absl::Status status) { *outcome = std::move(status); });
  scheduler_.RunUntil([&] { return outcome->has_value() || faults_.is_dead(); },
                      kStartPatienceMs);
  if (!outcome->has_value()) {
    return absl::DeadlineExceededError("the start does not end");
  }
  return **outcome;
}

absl::Status Process::OutcomeOf(const milvus::proto::common::Status& status) {
  if (status.code() == 0) return absl::OkStatus();
  return absl::UnknownError(
      fmt::format("code {}: {}", status.code(), status.reason()));
}

void Process::Send(std::size_t proxy, const std::string& method,
                   std::string request, Answered answered) {
  scheduler_.Submit([this, proxy,
                     call = std::make_unique<LocalCall>(
                         scheduler_, method, std::move(request),
                         std::move(answered))]() mutable {
    dispatches_[proxy]->Serve(std::move(call));
  });
}

}  // namespace elanus::model
