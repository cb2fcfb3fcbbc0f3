// Calls of an index node over the wire: the client, and the paths under which a
// process serves it.
//
//   ServeIndexNode(server, index_node);            // there
//   IndexNodeClient client(*channel);   // here: a role::IndexNode
//
// Threads:   any.
// Ownership: the channel outlives the client; see rpc_channel.h and
//            rpc_service.h for requests and replies.
// Errors:    those of the role, unchanged, and those of the channel.
#pragma once

#include "role/index_node.h"
#include "role/rpc_channel.h"
#include "role/rpc_server.h"

namespace elanus::role {

class IndexNodeClient final : public IndexNode {
 public:
  explicit IndexNodeClient(RpcChannel& channel) : channel_(channel) {}

  void BuildIndex(const base::OpContext& ctx,
                  const internal::BuildIndexRequest& request,
                  internal::Empty* reply, base::Done done) override;

 private:
  RpcChannel& channel_;
};

// Before the server starts.
void ServeIndexNode(RpcServer& server, IndexNode& role);

}  // namespace elanus::role
