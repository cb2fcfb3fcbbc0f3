#include "worker/query_node/query_node.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "expr/template_values.h"
#include "worker/channel_spec.h"

namespace elanus::worker {
namespace {

absl::Status NotLoaded(std::int64_t collection_id) {
  return base::InvalidInput(base::ErrorCode::kCollectionNotLoaded,
                            "collection not loaded[collection={}]",
                            collection_id);
}

}  // namespace

QueryNode::QueryNode(const Dependencies& dependencies)
    : deps_(dependencies),
      gate_(dependencies.broker, dependencies.clock, dependencies.reads),
      scans_(dependencies.reads,
             {.searches = dependencies.metrics.AddCounter(
                  "elanus_query_node_flat_searches_total",
                  "Searches without a graph or lists that may share a scan"),
              .scans = dependencies.metrics.AddCounter(
                  "elanus_query_node_flat_scans_total",
                  "Scans that answered those searches")},
             [this](std::span<PassedSearch> searches) {
               SearchTogether(searches);
             }),
      interims_(std::make_shared<InterimTender>(dependencies.background)) {}

void QueryNode::Stop() {
  interims_->Stop();
  std::map<segment::VchannelKey, std::shared_ptr<Shard>> shards;
  {
    base::MutexLock lock(mutex_);
    shards.swap(shards_);
  }
  for (const auto& [key, shard] : shards) {
    shard->Leave();
    deps_.tails.Unwatch(key);
  }
}

void QueryNode::LoadShard(const base::OpContext&,
                          const internal::LoadShardRequest& request,
                          internal::Empty*, base::Done done) {
  deps_.background.Submit([this, &request, done = std::move(done)]() mutable {
    auto shard = FindOrMake(request);
    if (!shard.ok()) return done(shard.status());
    LoadedPartitions partitions{.all = request.whole_collection()};
    for (const std::int64_t id : request.partition_ids()) {
      partitions.ids.insert(base::PartitionId{id});
    }
    (*shard)->SetPartitions(std::move(partitions));
    (*shard)->Refresh(std::move(done));
  });
}

absl::StatusOr<std::shared_ptr<Shard>> QueryNode::FindOrMake(
    const internal::LoadShardRequest& request) {
  const segment::VchannelKey key =
      KeyOf(request.collection().id(), request.shard());
  {
    base::MutexLock lock(mutex_);
    const auto it = shards_.find(key);
    if (it != shards_.end()) return it->second;
  }
  ASSIGN_OR_RETURN(segment::VchannelSpec spec, SpecOf(request.assignment()));
  ASSIGN_OR_RETURN(std::shared_ptr<segment::VchannelTail> tail,
                   deps_.tails.Watch(std::move(spec)));
  auto shard = std::make_shared<Shard>(
      Shard::Dependencies{.data_coord = deps_.data_coord,
                          .objects = deps_.objects,
                          .budget = deps_.budget,
                          .background = deps_.background,
                          .timer = deps_.timer,
                          .use_mmap = deps_.use_mmap},
      tail, tail->schema());
  {
    base::MutexLock lock(mutex_);
    const auto [it, is_new] = shards_.emplace(key, shard);
    if (!is_new) {
      // Another load of the same shard was faster.
      shard = it->second;
    }
  }
  if (!shard->Join()) deps_.tails.Unwatch(key);
  return shard;
}

void QueryNode::ReleaseShard(const base::OpContext&,
                             const internal::ReleaseShardRequest& request,
                             internal::Empty*, base::Done done) {
  const segment::VchannelKey key =
      KeyOf(request.collection_id(), request.shard());
  std::shared_ptr<Shard> shard;
  {
    base::MutexLock lock(mutex_);
    const auto it = shards_.find(key);
    if (it != shards_.end()) {
      shard = it->second;
      shards_.erase(it);
    }
  }
  if (shard == nullptr) return done(absl::OkStatus());
  deps_.background.Submit([this, key, shard, done = std::move(done)]() mutable {
    shard->Leave();
    deps_.tails.Unwatch(key);
    done(absl::OkStatus());
  });
}

void QueryNode::RefreshShard(const base::OpContext&,
                             const internal::RefreshShardRequest& request,
                             internal::Empty*, base::Done done) {
  std::shared_ptr<Shard> shard;
  {
    base::MutexLock lock(mutex_);
    const auto it =
        shards_.find(KeyOf(request.collection_id(), request.shard()));
    if (it != shards_.end()) shard = it->second;
  }
  // Released meanwhile: nothing to hand over.
  if (shard == nullptr) return done(absl::OkStatus());
  shard->Refresh(std::move(done));
}

void QueryNode::GetSegmentInfo(const base::OpContext&,
                               const internal::CollectionIdRequest& request,
                               internal::GetQuerySegmentInfoReply* reply,
                               base::Done done) {
  Shards shards;
  {
    base::MutexLock lock(mutex_);
    for (const auto& [key, shard] : shards_) {
      if (base::ToInt(key.collection) == request.collection_id()) {
        shards.push_back(shard);
      }
    }
  }
  for (const auto& shard : shards) shard->DescribeSegments(reply);
  done(absl::OkStatus());
}

absl::StatusOr<Shards> QueryNode::FindShards(
    const internal::ReadScope& scope) const {
  Shards found;
  base::MutexLock lock(mutex_);
  for (const std::int32_t shard : scope.shards()) {
    const auto it = shards_.find(KeyOf(scope.collection_id(), shard));
    if (it == shards_.end() || !it->second->is_serving()) {
      return NotLoaded(scope.collection_id());
    }
    found.push_back(it->second);
  }
  return found;
}

// The time first, then the view: a view that comes later has at least the rows
// of that time.
absl::StatusOr<QueryNode::Snapshot> QueryNode::TakeSnapshot(
    const internal::ReadScope& scope, const Shards& shards) {
  absl::flat_hash_set<base::PartitionId> wanted;
  for (const std::int64_t id : scope.partition_ids()) {
    wanted.insert(base::PartitionId{id});
  }
  Snapshot snapshot;
  for (const std::shared_ptr<Shard>& shard : shards) {
    Snapshot::ShardPart part{.shard = shard};
    part.read_ts = shard->tail().clock();
    if (scope.guarantee().kind() == internal::ReadGuarantee::PINNED) {
      // Beyond the clock nothing is closed yet.
      part.read_ts =
          std::min(part.read_ts, base::Timestamp{scope.guarantee().read_at()});
    }
    part.view = shard->view();
    part.first = snapshot.segments.size();
    const LoadedPartitions loaded = shard->partitions();
    const auto add = [&](const auto& segment) {
      if (loaded.Contains(segment->partition()) &&
          (wanted.empty() || wanted.contains(segment->partition()))) {
        snapshot.segments.push_back(segment);
      }
    };
    for (const auto& sealed : part.view->sealed) add(sealed);
    for (const auto& unindexed : part.view->unindexed) add(unindexed);
    if (!scope.ignore_growing()) {
      for (const auto& growing : part.view->growing) add(growing);
    }
    part.count = snapshot.segments.size() - part.first;
    snapshot.schema = shard->tail().schema();
    snapshot.parts.push_back(std::move(part));
  }
  ASSIGN_OR_RETURN(const expr::TemplateValues values,
                   expr::ReadTemplateValues(scope.template_values()));
  ASSIGN_OR_RETURN(snapshot.filter,
                   plans_.Get(base::CollectionId{scope.collection_id()},
                              *snapshot.schema, scope.filter(), values));
  return snapshot;
}

base::Timestamp QueryNode::Snapshot::ReadTsOf(std::size_t segment) const {
  for (const ShardPart& part : parts) {
    if (segment < part.first + part.count) return part.read_ts;
  }
  return {};
}

void QueryNode::FillStates(
    const Snapshot& snapshot,
    google::protobuf::RepeatedPtrField<internal::ShardState>* states) {
  for (const Snapshot::ShardPart& part : snapshot.parts) {
    internal::ShardState* state = states->Add();
    state->set_shard(static_cast<std::int32_t>(part.shard->tail().key().shard));
    state->set_position(part.shard->tail().applied().Encode());
    state->set_clock(part.read_ts.value);
  }
}

}  // namespace elanus::worker
