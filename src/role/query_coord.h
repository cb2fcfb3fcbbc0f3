// Query coord: which query node serves which vchannel and segment.
//
// Asynchronous: see root_coord.h.
#pragma once

#include "base/executor.h"
#include "base/op_context.h"
#include "proto/internal/data_coord.pb.h"
#include "proto/internal/query_coord.pb.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::role {

class QueryCoord {
 public:
  virtual ~QueryCoord() = default;

  // Answers once the wish is durable; loading goes on (GetLoadState).
  virtual void Load(const base::OpContext& ctx,
                    const internal::LoadRequest& request,
                    internal::Empty* reply, base::Done done) = 0;

  // Of what is not loaded succeeds.
  virtual void Release(const base::OpContext& ctx,
                       const internal::ReleaseRequest& request,
                       internal::Empty* reply, base::Done done) = 0;

  virtual void GetLoadState(const base::OpContext& ctx,
                            const internal::GetLoadStateRequest& request,
                            internal::GetLoadStateReply* reply,
                            base::Done done) = 0;

  virtual void ListLoaded(const base::OpContext& ctx,
                          const internal::Empty& request,
                          internal::ListLoadedReply* reply,
                          base::Done done) = 0;

  // kCollectionNotLoaded, kCollectionNotFullyLoaded.
  virtual void GetShardLeaders(const base::OpContext& ctx,
                               const internal::CollectionIdRequest& request,
                               internal::GetShardLeadersReply* reply,
                               base::Done done) = 0;

  // Answers once the new view serves.
  virtual void TargetChanged(const base::OpContext& ctx,
                             const internal::TargetChangedRequest& request,
                             internal::Empty* reply, base::Done done) = 0;

  virtual void ServedSegments(const base::OpContext& ctx,
                              const internal::ServedSegmentsRequest& request,
                              internal::ServedSegmentsReply* reply,
                              base::Done done) = 0;

  virtual void GetQuerySegmentInfo(const base::OpContext& ctx,
                                   const internal::CollectionIdRequest& request,
                                   internal::GetQuerySegmentInfoReply* reply,
                                   base::Done done) = 0;
};

}  // namespace elanus::role
