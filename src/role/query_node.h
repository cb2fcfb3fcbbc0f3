// Query node: follows vchannels (growing data), maps sealed segments and
// indexes, answers search and query.
//
// Asynchronous: see root_coord.h.
#pragma once

#include "base/executor.h"
#include "base/op_context.h"
#include "proto/internal/data_coord.pb.h"
#include "proto/internal/query_coord.pb.h"
#include "proto/internal/query_node.pb.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::role {

class QueryNode {
 public:
  virtual ~QueryNode() = default;

  virtual void LoadShard(const base::OpContext& ctx,
                         const internal::LoadShardRequest& request,
                         internal::Empty* reply, base::Done done) = 0;

  // Idempotent.
  virtual void ReleaseShard(const base::OpContext& ctx,
                            const internal::ReleaseShardRequest& request,
                            internal::Empty* reply, base::Done done) = 0;

  virtual void RefreshShard(const base::OpContext& ctx,
                            const internal::RefreshShardRequest& request,
                            internal::Empty* reply, base::Done done) = 0;

  // kCollectionNotLoaded when a shard is not served here.
  virtual void Search(const base::OpContext& ctx,
                      const internal::SearchShardsRequest& request,
                      internal::SearchShardsReply* reply, base::Done done) = 0;

  // kCollectionNotLoaded when a shard is not served here.
  virtual void Query(const base::OpContext& ctx,
                     const internal::QueryShardsRequest& request,
                     internal::QueryShardsReply* reply, base::Done done) = 0;

  virtual void GetSegmentInfo(const base::OpContext& ctx,
                              const internal::CollectionIdRequest& request,
                              internal::GetQuerySegmentInfoReply* reply,
                              base::Done done) = 0;
};

}  // namespace elanus::role
