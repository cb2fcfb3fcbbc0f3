// Calls of query coord over the wire: the client, and the paths under which a
// process serves it.
//
//   ServeQueryCoord(server, query_coord);            // there
//   QueryCoordClient client(*channel);   // here: a role::QueryCoord
//
// Threads:   any.
// Ownership: the channel outlives the client; see rpc_channel.h and
//            rpc_service.h for requests and replies.
// Errors:    those of the role, unchanged, and those of the channel.
#pragma once

#include "role/query_coord.h"
#include "role/rpc_channel.h"
#include "role/rpc_server.h"

namespace elanus::role {

class QueryCoordClient final : public QueryCoord {
 public:
  explicit QueryCoordClient(RpcChannel& channel) : channel_(channel) {}

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
  RpcChannel& channel_;
};

// Before the server starts.
void ServeQueryCoord(RpcServer& server, QueryCoord& role);

}  // namespace elanus::role
