#include "server/role_set.h"

#include <string>
#include <utility>

namespace elanus::server {
namespace {

// Open segments may take a third of the memory before they are closed.
constexpr std::int64_t kOpenShare = 3;

}  // namespace

access::Proxy::Dependencies ProxyDependencies(const RoleServices& services,
                                              const Roles& links,
                                              base::Metrics& metrics,
                                              base::WriterId writer) {
  return {
      .root_coord = *links.root_coord,
      .data_coord = *links.data_coord,
      .query_coord = *links.query_coord,
      .find_query_node = [node = links.query_node](
                             std::int64_t, const std::string&) { return node; },
      .broker = services.log,
      .budget = services.budget,
      .clock = services.clock,
      .timer = services.timer,
      .requests = services.requests,
      .config = services.config,
      .metrics = metrics,
      .writer = writer};
}

void RoleSet::Start(base::Done done) {
  root_coord_.emplace(coordinator::RootDeps{.store = services_.meta,
                                            .broker = services_.log,
                                            .data_coord = late_.data_coord,
                                            .query_coord = late_.query_coord,
                                            .clock = services_.clock,
                                            .executor = services_.background,
                                            .timer = services_.timer},
                      coordinator::RootOptionsOf(services_.config));
  if (absl::Status status = root_coord_->Start(); !status.ok()) {
    return done(std::move(status));
  }
  // Ids that no run used before: this run's epoch and its proxy's writer id.
  id_request_.set_count(2);
  root_coord_->AllocId(
      base::OpContext(), id_request_, &ids_,
      [this, done = std::move(done)](absl::Status status) mutable {
        if (status.ok()) status = Recover();
        if (!status.ok()) return done(std::move(status));
        data_coord_->Start(
            [this, done = std::move(done)](absl::Status followed) mutable {
              if (followed.ok()) followed = query_coord_->Start();
              if (followed.ok()) root_coord_->ResumeIntents();
              done(std::move(followed));
            });
      });
}

absl::Status RoleSet::Recover() {
  MakeWorkers();
  MakeCoordinators(base::NodeId{ids_.first()});
  MakeProxy(base::WriterId{static_cast<std::uint64_t>(ids_.first() + 1)});
  RETURN_IF_ERROR(Link());
  root_coord_->SetProxies({&late_.proxy});
  return data_coord_->Recover();
}

void RoleSet::MakeWorkers() {
  const RoleServices& s = services_;
  tails_.emplace(s.log, segment::TailServices{.budget = s.budget,
                                              .clock = s.clock,
                                              .timer = s.timer,
                                              .executor = s.requests});
  data_node_.emplace(
      worker::DataNode::Dependencies{.data_coord = late_.data_coord,
                                     .objects = s.objects,
                                     .tails = *tails_,
                                     .budget = s.budget,
                                     .background = s.background,
                                     .compactions = s.builds,
                                     .timer = s.timer});
  query_node_.emplace(worker::QueryNode::Dependencies{
      .data_coord = late_.data_coord,
      .objects = s.objects,
      .broker = s.log,
      .tails = *tails_,
      .budget = s.budget,
      .reads = s.requests,
      .background = s.background,
      .timer = s.timer,
      .clock = s.clock,
      .metrics = s.metrics,
      .traffic = s.traffic,
      .output_bytes_max = static_cast<std::size_t>(s.config.max_output_bytes),
      .use_mmap = s.config.mmap_enabled});
  if (s.config.index_node_enabled) {
    index_node_.emplace(
        worker::IndexNode::Dependencies{.data_coord = late_.data_coord,
                                        .objects = s.objects,
                                        .budget = s.budget,
                                        .executor = s.builds,
                                        .threads = s.requests.width()});
  }
}

void RoleSet::MakeCoordinators(base::NodeId epoch) {
  const RoleServices& s = services_;
  query_coord_.emplace(coordinator::QueryDeps{.store = s.meta,
                                              .data_coord = late_.data_coord,
                                              .executor = s.background,
                                              .timer = s.timer});
  query_coord_->SetNodes({{.id = epoch, .node = &late_.query_node}});
  data_coord_.emplace(coordinator::DataCoordinator::Dependencies{
      .meta_store = s.meta,
      .meta_copier = s.meta_copier,
      .objects = s.objects,
      .broker = s.log,
      .root_coord = late_.root_coord,
      .query_coord = late_.query_coord,
      .data_node = late_.data_node,
      .index_node = index_node_.has_value() ? &late_.index_node : nullptr,
      .clock = s.clock,
      .timer = s.timer,
      .background = s.background,
      .config = s.config,
      .open_bytes_max = s.budget.limit() / kOpenShare,
      .epoch = epoch});
}

void RoleSet::MakeProxy(base::WriterId writer) {
  proxy_.emplace(ProxyDependencies(services_,
                                   {.root_coord = &late_.root_coord,
                                    .data_coord = &late_.data_coord,
                                    .query_coord = &late_.query_coord,
                                    .query_node = &late_.query_node},
                                   services_.metrics, writer));
}

absl::Status RoleSet::Link() {
  const Roles roles{
      .root_coord = &*root_coord_,
      .data_coord = &*data_coord_,
      .query_coord = &*query_coord_,
      .query_node = &*query_node_,
      .data_node = &*data_node_,
      .index_node = index_node_.has_value() ? &*index_node_ : nullptr,
      .proxy = &*proxy_};
  late_.Set(roles);
  if (connect_ == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Roles connected, connect_(roles));
  late_.Set(connected);
  return absl::OkStatus();
}

void RoleSet::Stop(base::Done done) {
  if (!data_coord_.has_value()) return done(absl::OkStatus());
  data_coord_->Stop();
  if (index_node_.has_value()) index_node_->Stop();
  query_node_->Stop();
  data_node_->Stop(std::move(done));
}

void RoleSet::StopFollowing() {
  if (tails_.has_value()) tails_->Stop();
}

}  // namespace elanus::server
