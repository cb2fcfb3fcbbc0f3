#include "role/index_node_rpc.h"

#include <utility>

#include "role/rpc_service.h"

namespace elanus::role {
namespace {

constexpr char kBuildIndex[] = "/elanus.internal.IndexNode/BuildIndex";

}  // namespace

void IndexNodeClient::BuildIndex(const base::OpContext& ctx,
                                 const internal::BuildIndexRequest& request,
                                 internal::Empty* reply, base::Done done) {
  channel_.Call(kBuildIndex, request, reply, ctx, std::move(done));
}

void ServeIndexNode(RpcServer& server, IndexNode& role) {
  BindMethod(server, kBuildIndex, role, &IndexNode::BuildIndex);
}

}  // namespace elanus::role
