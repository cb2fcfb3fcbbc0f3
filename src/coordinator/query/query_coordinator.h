// Query coord: which query node serves which shard of what is loaded.
//
//   QueryCoordinator query(deps);
//   query.SetNodes({{.id = node_id, .node = &query_node}});
//   RETURN_IF_ERROR(query.Start());   // loads again what was loaded
//
// The wish to have a collection loaded is a record in the meta store; loading
// is whatever CollectionLoad has to do until nodes serve it, again after every
// start. Loads and releases of one collection run one after another.
//
// Threads:   any.
// Ownership: what QueryDeps and the nodes name outlives it. Executor and timer
//            are stopped before that is destroyed.
// Errors:    kServiceNotReady before Start; role/query_coord.h.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "coordinator/query/collection_load.h"
#include "role/query_coord.h"

namespace elanus::coordinator {

class QueryCore;

class QueryCoordinator final : public role::QueryCoord {
 public:
  explicit QueryCoordinator(const QueryDeps& deps);
  ~QueryCoordinator() override;

  // For loads that begin afterwards. Before Start.
  void SetNodes(std::vector<QueryNodeRef> nodes);
  // Blocks on storage. Data coord and the nodes may still be starting.
  absl::Status Start();

  void Load(const base::OpContext& ctx, const internal::LoadRequest& request,
            internal::Empty* reply, base::Done done) override;
  void Release(const base::OpContext& ctx,
               const internal::ReleaseRequest& request, internal::Empty* reply,
               base::Done done) override;
  void GetLoadState(const base::OpContext& ctx,
                    const internal::GetLoadStateRequest& request,
                    internal::GetLoadStateReply* reply,
                    base::Done done) override;
  void ListLoaded(const base::OpContext& ctx, const internal::Empty& request,
                  internal::ListLoadedReply* reply, base::Done done) override;
  void GetShardLeaders(const base::OpContext& ctx,
                       const internal::CollectionIdRequest& request,
                       internal::GetShardLeadersReply* reply,
                       base::Done done) override;
  void TargetChanged(const base::OpContext& ctx,
                     const internal::TargetChangedRequest& request,
                     internal::Empty* reply, base::Done done) override;
  void ServedSegments(const base::OpContext& ctx,
                      const internal::ServedSegmentsRequest& request,
                      internal::ServedSegmentsReply* reply,
                      base::Done done) override;
  void GetQuerySegmentInfo(const base::OpContext& ctx,
                           const internal::CollectionIdRequest& request,
                           internal::GetQuerySegmentInfoReply* reply,
                           base::Done done) override;

 private:
  absl::Status CheckStarted() const;

  const std::shared_ptr<QueryCore> core_;
  std::atomic<bool> started_{false};
};

}  // namespace elanus::coordinator
