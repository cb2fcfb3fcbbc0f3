#include "coordinator/query/query_coordinator.h"

#include <set>
#include <utility>

#include "coordinator/query/load.h"
#include "coordinator/query/query_core.h"
#include "coordinator/query/served.h"

namespace elanus::coordinator {
namespace {

using base::CollectionId;

absl::Status NotLoaded(std::int64_t id) {
  return base::Error(base::ErrorCode::kCollectionNotLoaded,
                     "collection not loaded[collection={}]", id);
}

bool Refuse(absl::Status status, base::Done& done) {
  if (status.ok()) return false;
  done(std::move(status));
  return true;
}

}  // namespace

QueryCoordinator::QueryCoordinator(const QueryDeps& deps)
    : core_(std::make_shared<QueryCore>(deps)) {}

QueryCoordinator::~QueryCoordinator() = default;

void QueryCoordinator::SetNodes(std::vector<QueryNodeRef> nodes) {
  core_->SetNodes(std::move(nodes));
}

absl::Status QueryCoordinator::Start() {
  RETURN_IF_ERROR(core_->LoadAll());
  started_.store(true);
  return absl::OkStatus();
}

absl::Status QueryCoordinator::CheckStarted() const {
  if (started_.load()) return absl::OkStatus();
  return base::Error(base::ErrorCode::kServiceNotReady,
                     "service not ready: query coord is starting");
}

void QueryCoordinator::Load(const base::OpContext&,
                            const internal::LoadRequest& request,
                            internal::Empty*, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  coordinator::Load(core_, request, std::move(done));
}

void QueryCoordinator::Release(const base::OpContext&,
                               const internal::ReleaseRequest& request,
                               internal::Empty*, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  coordinator::Release(core_, request, std::move(done));
}

void QueryCoordinator::GetLoadState(
    const base::OpContext&, const internal::GetLoadStateRequest& request,
    internal::GetLoadStateReply* reply, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  reply->set_state(internal::GetLoadStateReply::NOT_LOADED);
  if (const auto load = core_->Find(CollectionId{request.collection_id()})) {
    load->Describe(
        {request.partition_ids().begin(), request.partition_ids().end()},
        reply);
  }
  done(absl::OkStatus());
}

void QueryCoordinator::ListLoaded(const base::OpContext&,
                                  const internal::Empty&,
                                  internal::ListLoadedReply* reply,
                                  base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  for (const auto& [id, load] : core_->All()) {
    internal::GetLoadStateReply state;
    load->Describe({}, &state);
    if (state.state() == internal::GetLoadStateReply::NOT_LOADED) continue;
    auto& entry = *reply->add_entries();
    entry.set_collection_id(base::ToInt(id));
    entry.set_progress(state.progress());
    entry.set_whole_collection(state.whole_collection());
    *entry.mutable_partition_ids() = state.partition_ids();
  }
  done(absl::OkStatus());
}

void QueryCoordinator::GetShardLeaders(
    const base::OpContext&, const internal::CollectionIdRequest& request,
    internal::GetShardLeadersReply* reply, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  const auto load = core_->Find(CollectionId{request.collection_id()});
  done(load == nullptr ? NotLoaded(request.collection_id())
                       : load->Leaders(reply));
}

void QueryCoordinator::TargetChanged(
    const base::OpContext&, const internal::TargetChangedRequest& request,
    internal::Empty*, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  const auto load = core_->Find(CollectionId{request.collection_id()});
  if (load == nullptr) {
    done(absl::OkStatus());
  } else {
    load->Refresh(request.shard(), std::move(done));
  }
}

void QueryCoordinator::ServedSegments(
    const base::OpContext&, const internal::ServedSegmentsRequest& request,
    internal::ServedSegmentsReply* reply, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  auto served = std::make_unique<internal::GetQuerySegmentInfoReply>();
  internal::GetQuerySegmentInfoReply* served_to = served.get();
  CollectSegments(*core_, CollectionId{request.collection_id()}, served_to,
                  [&request, reply, served = std::move(served),
                   done = std::move(done)](absl::Status status) mutable {
                    const std::set<std::int64_t> asked(
                        request.segment_ids().begin(),
                        request.segment_ids().end());
                    for (const auto& segment : served->segments()) {
                      if (!asked.contains(segment.segment_id())) continue;
                      reply->add_segment_ids(segment.segment_id());
                    }
                    done(std::move(status));
                  });
}

void QueryCoordinator::GetQuerySegmentInfo(
    const base::OpContext&, const internal::CollectionIdRequest& request,
    internal::GetQuerySegmentInfoReply* reply, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  const CollectionId id{request.collection_id()};
  const auto load = core_->Find(id);
  if (load == nullptr || !load->wish().has_value()) {
    done(NotLoaded(request.collection_id()));
    return;
  }
  CollectSegments(*core_, id, reply, std::move(done));
}

}  // namespace elanus::coordinator
