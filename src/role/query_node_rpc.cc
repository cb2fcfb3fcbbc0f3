#include "role/query_node_rpc.h"

#include <utility>

#include "role/rpc_service.h"

namespace elanus::role {
namespace {

constexpr char kLoadShard[] = "/elanus.internal.QueryNode/LoadShard";
constexpr char kReleaseShard[] = "/elanus.internal.QueryNode/ReleaseShard";
constexpr char kRefreshShard[] = "/elanus.internal.QueryNode/RefreshShard";
constexpr char kSearch[] = "/elanus.internal.QueryNode/Search";
constexpr char kQuery[] = "/elanus.internal.QueryNode/Query";
constexpr char kGetSegmentInfo[] = "/elanus.internal.QueryNode/GetSegmentInfo";

}  // namespace

void QueryNodeClient::LoadShard(const base::OpContext& ctx,
                                const internal::LoadShardRequest& request,
                                internal::Empty* reply, base::Done done) {
  channel_.Call(kLoadShard, request, reply, ctx, std::move(done));
}

void QueryNodeClient::ReleaseShard(const base::OpContext& ctx,
                                   const internal::ReleaseShardRequest& request,
                                   internal::Empty* reply, base::Done done) {
  channel_.Call(kReleaseShard, request, reply, ctx, std::move(done));
}

void QueryNodeClient::RefreshShard(const base::OpContext& ctx,
                                   const internal::RefreshShardRequest& request,
                                   internal::Empty* reply, base::Done done) {
  channel_.Call(kRefreshShard, request, reply, ctx, std::move(done));
}

void QueryNodeClient::Search(const base::OpContext& ctx,
                             const internal::SearchShardsRequest& request,
                             internal::SearchShardsReply* reply,
                             base::Done done) {
  channel_.Call(kSearch, request, reply, ctx, std::move(done));
}

void QueryNodeClient::Query(const base::OpContext& ctx,
                            const internal::QueryShardsRequest& request,
                            internal::QueryShardsReply* reply,
                            base::Done done) {
  channel_.Call(kQuery, request, reply, ctx, std::move(done));
}

void QueryNodeClient::GetSegmentInfo(
    const base::OpContext& ctx, const internal::CollectionIdRequest& request,
    internal::GetQuerySegmentInfoReply* reply, base::Done done) {
  channel_.Call(kGetSegmentInfo, request, reply, ctx, std::move(done));
}

void ServeQueryNode(RpcServer& server, QueryNode& role) {
  BindMethod(server, kLoadShard, role, &QueryNode::LoadShard);
  BindMethod(server, kReleaseShard, role, &QueryNode::ReleaseShard);
  BindMethod(server, kRefreshShard, role, &QueryNode::RefreshShard);
  BindMethod(server, kSearch, role, &QueryNode::Search);
  BindMethod(server, kQuery, role, &QueryNode::Query);
  BindMethod(server, kGetSegmentInfo, role, &QueryNode::GetSegmentInfo);
}

}  // namespace elanus::role
