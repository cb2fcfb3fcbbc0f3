// The query node: the shards that it serves, and reads of them.
//
//   QueryNode node({...});
//   ... role::QueryNode calls ...
//   node.Stop();
//
// A read: find the shards (query_node.cc) → wait until they are new enough
// (read_gate.cc) → search.cc or query.cc. Searches that wait for a scan of the
// same rows share one (scan_gathering.cc).
//
// Threads:   any. A read runs on the thread that brings it, or, if it had to
//            wait, on the tail's executor or `reads`; loads run in the
//            background.
// Ownership: everything in Dependencies is borrowed.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/give_way.h"
#include "base/memory_budget.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/timer.h"
#include "expr/plan.h"
#include "role/data_coord.h"
#include "role/query_node.h"
#include "segment/merge.h"
#include "segment/search.h"
#include "segment/tail/tail_set.h"
#include "storage/log_broker.h"
#include "storage/object_store.h"
#include "worker/query_node/hit_limits.h"
#include "worker/query_node/interim_tender.h"
#include "worker/query_node/output.h"
#include "worker/query_node/passed_search.h"
#include "worker/query_node/plan_cache.h"
#include "worker/query_node/read_gate.h"
#include "worker/query_node/scan_gathering.h"
#include "worker/query_node/shard.h"

namespace elanus::worker {

class QueryNode final : public role::QueryNode {
 public:
  struct Dependencies {
    role::DataCoord& data_coord;
    storage::ObjectStore& objects;
    storage::LogBroker& broker;
    segment::TailSet& tails;  // shared with the data node of the process
    base::MemoryBudget& budget;
    base::Executor& reads;  // shared scans; helps with many segments
    base::Executor& background;
    base::Timer& timer;
    const base::Clock& clock;
    base::Metrics& metrics;
    base::ReadTraffic& traffic;
    std::size_t output_bytes_max;  // of the values in one reply
    bool use_mmap = true;
  };

  explicit QueryNode(const Dependencies& dependencies);

  // Serves nothing any more. Idempotent.
  void Stop();

  void LoadShard(const base::OpContext& ctx,
                 const internal::LoadShardRequest& request,
                 internal::Empty* reply, base::Done done) override;
  void ReleaseShard(const base::OpContext& ctx,
                    const internal::ReleaseShardRequest& request,
                    internal::Empty* reply, base::Done done) override;
  void RefreshShard(const base::OpContext& ctx,
                    const internal::RefreshShardRequest& request,
                    internal::Empty* reply, base::Done done) override;
  void Search(const base::OpContext& ctx,
              const internal::SearchShardsRequest& request,
              internal::SearchShardsReply* reply, base::Done done) override;
  void Query(const base::OpContext& ctx,
             const internal::QueryShardsRequest& request,
             internal::QueryShardsReply* reply, base::Done done) override;
  void GetSegmentInfo(const base::OpContext& ctx,
                      const internal::CollectionIdRequest& request,
                      internal::GetQuerySegmentInfoReply* reply,
                      base::Done done) override;

 private:
  // Of one query.
  using QueryHits = std::vector<segment::MergedHit>;
  using MergedHits = std::vector<QueryHits>;

  // What a read sees: fixed once its shards are new enough.
  struct Snapshot {
    struct ShardPart {
      std::shared_ptr<Shard> shard;
      std::shared_ptr<const View> view;
      base::Timestamp read_ts;
      std::size_t first = 0;  // its segments in `segments`
      std::size_t count = 0;
    };
    std::vector<ShardPart> parts;
    Segments segments;
    std::shared_ptr<const types::Schema> schema;
    std::shared_ptr<const expr::Plan> filter;

    base::Timestamp ReadTsOf(std::size_t segment) const;
  };

  absl::StatusOr<Shards> FindShards(const internal::ReadScope& scope) const;
  absl::StatusOr<Snapshot> TakeSnapshot(const internal::ReadScope& scope,
                                        const Shards& shards);
  static void FillStates(
      const Snapshot& snapshot,
      google::protobuf::RepeatedPtrField<internal::ShardState>* states);

  // search.cc
  void DoSearch(PassedSearch search);
  // One, or several of equal keys: fills replies and outcomes.
  void SearchTogether(std::span<PassedSearch> searches);
  // Fails where all of them would.
  absl::Status TrySearchTogether(std::span<PassedSearch> searches);
  // The nearest of all segments; `limits` learns from each of them.
  absl::StatusOr<MergedHits> SearchSegments(
      const base::OpContext& ctx, const Snapshot& snapshot,
      const segment::SearchPlan& plan, std::span<const PassedSearch> searches,
      HitLimits& limits) const;
  void FillReplies(const Snapshot& snapshot, types::MetricType metric,
                   const MergedHits& merged,
                   std::span<PassedSearch> searches) const;
  absl::Status FillReply(const Snapshot& snapshot, types::MetricType metric,
                         std::span<const QueryHits> queries,
                         const PassedSearch& search) const;
  // query.cc
  absl::Status DoQuery(const base::OpContext& ctx,
                       const internal::QueryShardsRequest& request,
                       const Shards& shards, internal::QueryShardsReply* reply);

  absl::StatusOr<std::shared_ptr<Shard>> FindOrMake(
      const internal::LoadShardRequest& request);

  const Dependencies deps_;
  ReadGate gate_;
  PlanCache plans_;
  ScanGathering scans_;
  const std::shared_ptr<InterimTender> interims_;
  mutable base::Mutex mutex_;
  std::map<segment::VchannelKey, std::shared_ptr<Shard>> shards_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::worker
