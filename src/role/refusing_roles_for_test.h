// Roles that refuse every call, for tests: a fake overrides those that its test
// needs.
#pragma once

#include "base/status.h"
#include "role/data_coord.h"
#include "role/query_coord.h"
#include "role/query_node.h"
#include "role/root_coord.h"

namespace elanus::role {

class RefusingDataCoord : public DataCoord {
 public:
#define ELANUS_REFUSE(Name, Request, Reply)                   \
  void Name(const base::OpContext&, const internal::Request&, \
            internal::Reply*, base::Done done) override {     \
    done(base::Error(base::ErrorCode::kServiceInternal,       \
                     #Name " not expected"));                 \
  }
  ELANUS_REFUSE(WatchCollection, WatchCollectionRequest, Empty)
  ELANUS_REFUSE(DropCollection, CollectionIdRequest, Empty)
  ELANUS_REFUSE(DropPartition, PartitionIdRequest, Empty)
  ELANUS_REFUSE(Flush, CollectionIdRequest, FlushReply)
  ELANUS_REFUSE(GetFlushState, GetFlushStateRequest, GetFlushStateReply)
  ELANUS_REFUSE(GetSegments, CollectionIdRequest, GetSegmentsReply)
  ELANUS_REFUSE(GetStatistics, GetStatisticsRequest, GetStatisticsReply)
  ELANUS_REFUSE(GetTarget, ShardRequest, GetTargetReply)
  ELANUS_REFUSE(ListAssignments, Empty, ListAssignmentsReply)
  ELANUS_REFUSE(GetAssignment, ShardRequest, ListAssignmentsReply)
  ELANUS_REFUSE(BeginAttempt, BeginAttemptRequest, BeginAttemptReply)
  ELANUS_REFUSE(EndAttempt, EndAttemptRequest, Empty)
  ELANUS_REFUSE(CommitSegment, CommitSegmentRequest, Empty)
  ELANUS_REFUSE(CommitCheckpoint, CommitCheckpointRequest, Empty)
  ELANUS_REFUSE(CommitIndex, CommitIndexRequest, Empty)
  ELANUS_REFUSE(CreateIndex, CreateIndexRequest, Empty)
  ELANUS_REFUSE(DropIndex, DropIndexRequest, Empty)
  ELANUS_REFUSE(DescribeIndex, DescribeIndexRequest, DescribeIndexReply)
  ELANUS_REFUSE(ManualCompaction, ManualCompactionRequest,
                ManualCompactionReply)
  ELANUS_REFUSE(GetCompactionState, CompactionIdRequest,
                GetCompactionStateReply)
};

class RefusingQueryCoord : public QueryCoord {
 public:
  ELANUS_REFUSE(Load, LoadRequest, Empty)
  ELANUS_REFUSE(Release, ReleaseRequest, Empty)
  ELANUS_REFUSE(GetLoadState, GetLoadStateRequest, GetLoadStateReply)
  ELANUS_REFUSE(ListLoaded, Empty, ListLoadedReply)
  ELANUS_REFUSE(GetShardLeaders, CollectionIdRequest, GetShardLeadersReply)
  ELANUS_REFUSE(TargetChanged, TargetChangedRequest, Empty)
  ELANUS_REFUSE(ServedSegments, ServedSegmentsRequest, ServedSegmentsReply)
  ELANUS_REFUSE(GetQuerySegmentInfo, CollectionIdRequest,
                GetQuerySegmentInfoReply)
};

class RefusingQueryNode : public QueryNode {
 public:
  ELANUS_REFUSE(LoadShard, LoadShardRequest, Empty)
  ELANUS_REFUSE(ReleaseShard, ReleaseShardRequest, Empty)
  ELANUS_REFUSE(RefreshShard, RefreshShardRequest, Empty)
  ELANUS_REFUSE(Search, SearchShardsRequest, SearchShardsReply)
  ELANUS_REFUSE(Query, QueryShardsRequest, QueryShardsReply)
  ELANUS_REFUSE(GetSegmentInfo, CollectionIdRequest, GetQuerySegmentInfoReply)
};

class RefusingRootCoord : public RootCoord {
 public:
  ELANUS_REFUSE(AllocTimestamp, AllocTimestampRequest, AllocTimestampReply)
  ELANUS_REFUSE(AllocId, AllocIdRequest, AllocIdReply)
  ELANUS_REFUSE(CreateCollection, CreateCollectionRequest,
                DescribeCollectionReply)
  ELANUS_REFUSE(DropCollection, CollectionRef, Empty)
  ELANUS_REFUSE(RenameCollection, RenameCollectionRequest, Empty)
  ELANUS_REFUSE(DescribeCollection, CollectionRef, DescribeCollectionReply)
  ELANUS_REFUSE(ListCollections, ListCollectionsRequest, ListCollectionsReply)
  ELANUS_REFUSE(CreatePartition, PartitionRequest, Empty)
  ELANUS_REFUSE(DropPartition, PartitionRequest, Empty)
  ELANUS_REFUSE(CreateAlias, AliasRequest, Empty)
  ELANUS_REFUSE(AlterAlias, AliasRequest, Empty)
  ELANUS_REFUSE(DropAlias, AliasRequest, Empty)
  ELANUS_REFUSE(DescribeAlias, AliasRequest, DescribeAliasReply)
  ELANUS_REFUSE(ListAliases, AliasRequest, ListAliasesReply)
  ELANUS_REFUSE(ListDatabases, Empty, ListDatabasesReply)
  ELANUS_REFUSE(DescribeDatabase, DescribeDatabaseRequest,
                DescribeDatabaseReply)
};
#undef ELANUS_REFUSE

}  // namespace elanus::role
