#include "model/process.h"

#include <google/protobuf/message_lite.h>

#include "base/join.h"

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
      both_proxies_(faults) {
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
                                      .builds = scheduler_,
                                      .budget = budget_,
                                      .metrics = metrics_[0]},
                 [this](const server::Roles& roles) { return Connect(roles); });
}

Process::~Process() {
  faults_.Die();
  objects_.LosePower();
  scheduler_.Close();
  for (auto& dispatch : dispatches_) dispatch.reset();
  second_proxy_.reset();
  roles_.reset();
  log_.LosePower();
}

absl::Status Process::Start() {
  RETURN_IF_ERROR(log_.Open());
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
  both_proxies_.Add(roles_->proxy());
  RETURN_IF_ERROR(AddSecondProxy());
  for (auto& dispatch : dispatches_) dispatch.emplace(gate_);
  roles_->proxy().Register(*dispatches_[0]);
  second_proxy_->Register(*dispatches_[1]);
  return absl::OkStatus();
}

absl::StatusOr<server::Roles> Process::Connect(const server::Roles& roles) {
  links_ = roles;
  links_.proxy = &both_proxies_;
  return links_;
}

absl::Status Process::AddSecondProxy() {
  struct Call {
    internal::AllocIdRequest request;
    internal::AllocIdReply reply;
    std::optional<absl::Status> status;
  };
  auto call = std::make_shared<Call>();
  call->request.set_count(1);
  links_.root_coord->AllocId(
      base::OpContext(), call->request, &call->reply,
      [call](absl::Status status) { call->status = std::move(status); });
  scheduler_.RunUntil(
      [&] { return call->status.has_value() || faults_.is_dead(); },
      kStartPatienceMs);
  if (!call->status.has_value()) {
    return absl::DeadlineExceededError("no id for the second proxy");
  }
  RETURN_IF_ERROR(*call->status);
  second_proxy_.emplace(access::Proxy::Dependencies{
      .root_coord = *links_.root_coord,
      .data_coord = *links_.data_coord,
      .query_coord = *links_.query_coord,
      .find_query_node = [this](std::int64_t, const std::string&)
          -> role::QueryNode* { return links_.query_node; },
      .broker = log_,
      .budget = budget_,
      .clock = scheduler_,
      .timer = scheduler_,
      .requests = scheduler_,
      .config = config_,
      .metrics = metrics_[1],
      .writer =
          base::WriterId{static_cast<std::uint64_t>(call->reply.first())}});
  both_proxies_.Add(*second_proxy_);
  return absl::OkStatus();
}

void Process::BothProxies::InvalidateCache(
    const base::OpContext& ctx, const internal::InvalidateCacheRequest& request,
    internal::Empty* reply, base::Done done) {
  const auto join = base::Join::Make(proxies_.size(), std::move(done));
  for (role::Proxy* proxy : proxies_) {
    if (faults_.OnRead() != Fault::kNone) {
      join->Finish(base::MakeRetriable(base::ErrorCode::kServiceUnavailable,
                                       "a proxy is away (injected)"));
    } else {
      proxy->InvalidateCache(ctx, request, reply, base::Join::Part(join));
    }
  }
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
