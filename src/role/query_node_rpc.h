// Calls of a query node over the wire: the client, and the paths under which a
// process serves it.
//
//   ServeQueryNode(server, query_node);            // there
//   QueryNodeClient client(*channel);   // here: a role::QueryNode
//
// Threads:   any.
// Ownership: the channel outlives the client; see rpc_channel.h and
//            rpc_service.h for requests and replies.
// Errors:    those of the role, unchanged, and those of the channel.
#pragma once

#include "role/query_node.h"
#include "role/rpc_channel.h"
#include "role/rpc_server.h"

namespace elanus::role {

class QueryNodeClient final : public QueryNode {
 public:
  explicit QueryNodeClient(RpcChannel& channel) : channel_(channel) {}

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
  RpcChannel& channel_;
};

// Before the server starts.
void ServeQueryNode(RpcServer& server, QueryNode& role);

}  // namespace elanus::role
