// The roles, named before they are there. In one process they refer to each
// other in circles, and what a role is called by (directly, or over the wire)
// is decided after all have been made; this is where the circles are closed.
//
//   LateRoles late;
//   worker::DataNode node({.data_coord = late.data_coord, ...});
//   coordinator::DataCoordinator coord({.data_node = late.data_node, ...});
//   late.Set({.data_coord = &coord, .data_node = &node, ...});
//
// Threads:   Set before any call; then any.
// Ownership: borrows what it was given.
#pragma once

#include <utility>

#include "base/log.h"
#include "server/role_links.h"

namespace elanus::server {

// What every late role has: the one that it stands for.
template <typename Role>
class LateRole : public Role {
 public:
  void Set(Role* target) { target_ = target; }

 protected:
  Role& target() {
    CHECK(target_ != nullptr);
    return *target_;
  }

 private:
  Role* target_ = nullptr;
};

class LateRootCoord final : public LateRole<role::RootCoord> {
 public:
  void AllocTimestamp(const base::OpContext& ctx,
                      const internal::AllocTimestampRequest& request,
                      internal::AllocTimestampReply* reply,
                      base::Done done) override {
    target().AllocTimestamp(ctx, request, reply, std::move(done));
  }
  void AllocId(const base::OpContext& ctx,
               const internal::AllocIdRequest& request,
               internal::AllocIdReply* reply, base::Done done) override {
    target().AllocId(ctx, request, reply, std::move(done));
  }
  void CreateCollection(const base::OpContext& ctx,
                        const internal::CreateCollectionRequest& request,
                        internal::DescribeCollectionReply* reply,
                        base::Done done) override {
    target().CreateCollection(ctx, request, reply, std::move(done));
  }
  void DropCollection(const base::OpContext& ctx,
                      const internal::CollectionRef& request,
                      internal::Empty* reply, base::Done done) override {
    target().DropCollection(ctx, request, reply, std::move(done));
  }
  void RenameCollection(const base::OpContext& ctx,
                        const internal::RenameCollectionRequest& request,
                        internal::Empty* reply, base::Done done) override {
    target().RenameCollection(ctx, request, reply, std::move(done));
  }
  void DescribeCollection(const base::OpContext& ctx,
                          const internal::CollectionRef& request,
                          internal::DescribeCollectionReply* reply,
                          base::Done done) override {
    target().DescribeCollection(ctx, request, reply, std::move(done));
  }
  void ListCollections(const base::OpContext& ctx,
                       const internal::ListCollectionsRequest& request,
                       internal::ListCollectionsReply* reply,
                       base::Done done) override {
    target().ListCollections(ctx, request, reply, std::move(done));
  }
  void CreatePartition(const base::OpContext& ctx,
                       const internal::PartitionRequest& request,
                       internal::Empty* reply, base::Done done) override {
    target().CreatePartition(ctx, request, reply, std::move(done));
  }
  void DropPartition(const base::OpContext& ctx,
                     const internal::PartitionRequest& request,
                     internal::Empty* reply, base::Done done) override {
    target().DropPartition(ctx, request, reply, std::move(done));
  }
  void CreateAlias(const base::OpContext& ctx,
                   const internal::AliasRequest& request,
                   internal::Empty* reply, base::Done done) override {
    target().CreateAlias(ctx, request, reply, std::move(done));
  }
  void AlterAlias(const base::OpContext& ctx,
                  const internal::AliasRequest& request, internal::Empty* reply,
                  base::Done done) override {
    target().AlterAlias(ctx, request, reply, std::move(done));
  }
  void DropAlias(const base::OpContext& ctx,
                 const internal::AliasRequest& request, internal::Empty* reply,
                 base::Done done) override {
    target().DropAlias(ctx, request, reply, std::move(done));
  }
  void DescribeAlias(const base::OpContext& ctx,
                     const internal::AliasRequest& request,
                     internal::DescribeAliasReply* reply,
                     base::Done done) override {
    target().DescribeAlias(ctx, request, reply, std::move(done));
  }
  void ListAliases(const base::OpContext& ctx,
                   const internal::AliasRequest& request,
                   internal::ListAliasesReply* reply,
                   base::Done done) override {
    target().ListAliases(ctx, request, reply, std::move(done));
  }
  void ListDatabases(const base::OpContext& ctx, const internal::Empty& request,
                     internal::ListDatabasesReply* reply,
                     base::Done done) override {
    target().ListDatabases(ctx, request, reply, std::move(done));
  }
  void DescribeDatabase(const base::OpContext& ctx,
                        const internal::DescribeDatabaseRequest& request,
                        internal::DescribeDatabaseReply* reply,
                        base::Done done) override {
    target().DescribeDatabase(ctx, request, reply, std::move(done));
  }
};

class LateDataCoord final : public LateRole<role::DataCoord> {
 public:
  void WatchCollection(const base::OpContext& ctx,
                       const internal::WatchCollectionRequest& request,
                       internal::Empty* reply, base::Done done) override {
    target().WatchCollection(ctx, request, reply, std::move(done));
  }
  void DropCollection(const base::OpContext& ctx,
                      const internal::CollectionIdRequest& request,
                      internal::Empty* reply, base::Done done) override {
    target().DropCollection(ctx, request, reply, std::move(done));
  }
  void DropPartition(const base::OpContext& ctx,
                     const internal::PartitionIdRequest& request,
                     internal::Empty* reply, base::Done done) override {
    target().DropPartition(ctx, request, reply, std::move(done));
  }
  void Flush(const base::OpContext& ctx,
             const internal::CollectionIdRequest& request,
             internal::FlushReply* reply, base::Done done) override {
    target().Flush(ctx, request, reply, std::move(done));
  }
  void GetFlushState(const base::OpContext& ctx,
                     const internal::GetFlushStateRequest& request,
                     internal::GetFlushStateReply* reply,
                     base::Done done) override {
    target().GetFlushState(ctx, request, reply, std::move(done));
  }
  void GetSegments(const base::OpContext& ctx,
                   const internal::CollectionIdRequest& request,
                   internal::GetSegmentsReply* reply,
                   base::Done done) override {
    target().GetSegments(ctx, request, reply, std::move(done));
  }
  void GetStatistics(const base::OpContext& ctx,
                     const internal::GetStatisticsRequest& request,
                     internal::GetStatisticsReply* reply,
                     base::Done done) override {
    target().GetStatistics(ctx, request, reply, std::move(done));
  }
  void GetTarget(const base::OpContext& ctx,
                 const internal::ShardRequest& request,
                 internal::GetTargetReply* reply, base::Done done) override {
    target().GetTarget(ctx, request, reply, std::move(done));
  }
  void ListAssignments(const base::OpContext& ctx,
                       const internal::Empty& request,
                       internal::ListAssignmentsReply* reply,
                       base::Done done) override {
    target().ListAssignments(ctx, request, reply, std::move(done));
  }
  void GetAssignment(const base::OpContext& ctx,
                     const internal::ShardRequest& request,
                     internal::ListAssignmentsReply* reply,
                     base::Done done) override {
    target().GetAssignment(ctx, request, reply, std::move(done));
  }
  void BeginAttempt(const base::OpContext& ctx,
                    const internal::BeginAttemptRequest& request,
                    internal::BeginAttemptReply* reply,
                    base::Done done) override {
    target().BeginAttempt(ctx, request, reply, std::move(done));
  }
  void EndAttempt(const base::OpContext& ctx,
                  const internal::EndAttemptRequest& request,
                  internal::Empty* reply, base::Done done) override {
    target().EndAttempt(ctx, request, reply, std::move(done));
  }
  void CommitSegment(const base::OpContext& ctx,
                     const internal::CommitSegmentRequest& request,
                     internal::Empty* reply, base::Done done) override {
    target().CommitSegment(ctx, request, reply, std::move(done));
  }
  void CommitCheckpoint(const base::OpContext& ctx,
                        const internal::CommitCheckpointRequest& request,
                        internal::Empty* reply, base::Done done) override {
    target().CommitCheckpoint(ctx, request, reply, std::move(done));
  }
  void CommitIndex(const base::OpContext& ctx,
                   const internal::CommitIndexRequest& request,
                   internal::Empty* reply, base::Done done) override {
    target().CommitIndex(ctx, request, reply, std::move(done));
  }
  void CreateIndex(const base::OpContext& ctx,
                   const internal::CreateIndexRequest& request,
                   internal::Empty* reply, base::Done done) override {
    target().CreateIndex(ctx, request, reply, std::move(done));
  }
  void DropIndex(const base::OpContext& ctx,
                 const internal::DropIndexRequest& request,
                 internal::Empty* reply, base::Done done) override {
    target().DropIndex(ctx, request, reply, std::move(done));
  }
  void DescribeIndex(const base::OpContext& ctx,
                     const internal::DescribeIndexRequest& request,
                     internal::DescribeIndexReply* reply,
                     base::Done done) override {
    target().DescribeIndex(ctx, request, reply, std::move(done));
  }
  void ManualCompaction(const base::OpContext& ctx,
                        const internal::ManualCompactionRequest& request,
                        internal::ManualCompactionReply* reply,
                        base::Done done) override {
    target().ManualCompaction(ctx, request, reply, std::move(done));
  }
  void GetCompactionState(const base::OpContext& ctx,
                          const internal::CompactionIdRequest& request,
                          internal::GetCompactionStateReply* reply,
                          base::Done done) override {
    target().GetCompactionState(ctx, request, reply, std::move(done));
  }
};

class LateQueryCoord final : public LateRole<role::QueryCoord> {
 public:
  void Load(const base::OpContext& ctx, const internal::LoadRequest& request,
            internal::Empty* reply, base::Done done) override {
    target().Load(ctx, request, reply, std::move(done));
  }
  void Release(const base::OpContext& ctx,
               const internal::ReleaseRequest& request, internal::Empty* reply,
               base::Done done) override {
    target().Release(ctx, request, reply, std::move(done));
  }
  void GetLoadState(const base::OpContext& ctx,
                    const internal::GetLoadStateRequest& request,
                    internal::GetLoadStateReply* reply,
                    base::Done done) override {
    target().GetLoadState(ctx, request, reply, std::move(done));
  }
  void ListLoaded(const base::OpContext& ctx, const internal::Empty& request,
                  internal::ListLoadedReply* reply, base::Done done) override {
    target().ListLoaded(ctx, request, reply, std::move(done));
  }
  void GetShardLeaders(const base::OpContext& ctx,
                       const internal::CollectionIdRequest& request,
                       internal::GetShardLeadersReply* reply,
                       base::Done done) override {
    target().GetShardLeaders(ctx, request, reply, std::move(done));
  }
  void TargetChanged(const base::OpContext& ctx,
                     const internal::TargetChangedRequest& request,
                     internal::Empty* reply, base::Done done) override {
    target().TargetChanged(ctx, request, reply, std::move(done));
  }
  void ServedSegments(const base::OpContext& ctx,
                      const internal::ServedSegmentsRequest& request,
                      internal::ServedSegmentsReply* reply,
                      base::Done done) override {
    target().ServedSegments(ctx, request, reply, std::move(done));
  }
  void GetQuerySegmentInfo(const base::OpContext& ctx,
                           const internal::CollectionIdRequest& request,
                           internal::GetQuerySegmentInfoReply* reply,
                           base::Done done) override {
    target().GetQuerySegmentInfo(ctx, request, reply, std::move(done));
  }
};

class LateQueryNode final : public LateRole<role::QueryNode> {
 public:
  void LoadShard(const base::OpContext& ctx,
                 const internal::LoadShardRequest& request,
                 internal::Empty* reply, base::Done done) override {
    target().LoadShard(ctx, request, reply, std::move(done));
  }
  void ReleaseShard(const base::OpContext& ctx,
                    const internal::ReleaseShardRequest& request,
                    internal::Empty* reply, base::Done done) override {
    target().ReleaseShard(ctx, request, reply, std::move(done));
  }
  void RefreshShard(const base::OpContext& ctx,
                    const internal::RefreshShardRequest& request,
                    internal::Empty* reply, base::Done done) override {
    target().RefreshShard(ctx, request, reply, std::move(done));
  }
  void Search(const base::OpContext& ctx,
              const internal::SearchShardsRequest& request,
              internal::SearchShardsReply* reply, base::Done done) override {
    target().Search(ctx, request, reply, std::move(done));
  }
  void Query(const base::OpContext& ctx,
             const internal::QueryShardsRequest& request,
             internal::QueryShardsReply* reply, base::Done done) override {
    target().Query(ctx, request, reply, std::move(done));
  }
  void GetSegmentInfo(const base::OpContext& ctx,
                      const internal::CollectionIdRequest& request,
                      internal::GetQuerySegmentInfoReply* reply,
                      base::Done done) override {
    target().GetSegmentInfo(ctx, request, reply, std::move(done));
  }
};

class LateDataNode final : public LateRole<role::DataNode> {
 public:
  void WatchChannel(const base::OpContext& ctx,
                    const internal::WatchChannelRequest& request,
                    internal::Empty* reply, base::Done done) override {
    target().WatchChannel(ctx, request, reply, std::move(done));
  }
  void UnwatchChannel(const base::OpContext& ctx,
                      const internal::ShardRequest& request,
                      internal::Empty* reply, base::Done done) override {
    target().UnwatchChannel(ctx, request, reply, std::move(done));
  }
  void GetChannelStates(const base::OpContext& ctx,
                        const internal::GetChannelStatesRequest& request,
                        internal::GetChannelStatesReply* reply,
                        base::Done done) override {
    target().GetChannelStates(ctx, request, reply, std::move(done));
  }
  void WaitApplied(const base::OpContext& ctx,
                   const internal::WaitAppliedRequest& request,
                   internal::WaitAppliedReply* reply,
                   base::Done done) override {
    target().WaitApplied(ctx, request, reply, std::move(done));
  }
  void Compact(const base::OpContext& ctx,
               const internal::CompactRequest& request,
               internal::CompactReply* reply, base::Done done) override {
    target().Compact(ctx, request, reply, std::move(done));
  }
  void MergeDeletes(const base::OpContext& ctx,
                    const internal::MergeDeletesRequest& request,
                    internal::MergeDeletesReply* reply,
                    base::Done done) override {
    target().MergeDeletes(ctx, request, reply, std::move(done));
  }
};

class LateIndexNode final : public LateRole<role::IndexNode> {
 public:
  void BuildIndex(const base::OpContext& ctx,
                  const internal::BuildIndexRequest& request,
                  internal::Empty* reply, base::Done done) override {
    target().BuildIndex(ctx, request, reply, std::move(done));
  }
};

class LateProxy final : public LateRole<role::Proxy> {
 public:
  void InvalidateCache(const base::OpContext& ctx,
                       const internal::InvalidateCacheRequest& request,
                       internal::Empty* reply, base::Done done) override {
    target().InvalidateCache(ctx, request, reply, std::move(done));
  }
};

struct LateRoles {
  LateRootCoord root_coord;
  LateDataCoord data_coord;
  LateQueryCoord query_coord;
  LateQueryNode query_node;
  LateDataNode data_node;
  LateIndexNode index_node;
  LateProxy proxy;

  void Set(const Roles& roles) {
    root_coord.Set(roles.root_coord);
    data_coord.Set(roles.data_coord);
    query_coord.Set(roles.query_coord);
    query_node.Set(roles.query_node);
    data_node.Set(roles.data_node);
    index_node.Set(roles.index_node);
    proxy.Set(roles.proxy);
  }
};

}  // namespace elanus::server
