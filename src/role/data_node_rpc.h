// Calls of a data node over the wire: the client, and the paths under which a
// process serves it.
//
//   ServeDataNode(server, data_node);            // there
//   DataNodeClient client(*channel);   // here: a role::DataNode
//
// Threads:   any.
// Ownership: the channel outlives the client; see rpc_channel.h and
//            rpc_service.h for requests and replies.
// Errors:    those of the role, unchanged, and those of the channel.
#pragma once

#include "role/data_node.h"
#include "role/rpc_channel.h"
#include "role/rpc_server.h"

namespace elanus::role {

class DataNodeClient final : public DataNode {
 public:
  explicit DataNodeClient(RpcChannel& channel) : channel_(channel) {}

  void WatchChannel(const base::OpContext& ctx,
                    const internal::WatchChannelRequest& request,
                    internal::Empty* reply, base::Done done) override;
  void UnwatchChannel(const base::OpContext& ctx,
                      const internal::ShardRequest& request,
                      internal::Empty* reply, base::Done done) override;
  void GetChannelStates(const base::OpContext& ctx,
                        const internal::GetChannelStatesRequest& request,
                        internal::GetChannelStatesReply* reply,
                        base::Done done) override;
  void WaitApplied(const base::OpContext& ctx,
                   const internal::WaitAppliedRequest& request,
                   internal::WaitAppliedReply* reply, base::Done done) override;
  void Compact(const base::OpContext& ctx,
               const internal::CompactRequest& request,
               internal::CompactReply* reply, base::Done done) override;
  void MergeDeletes(const base::OpContext& ctx,
                    const internal::MergeDeletesRequest& request,
                    internal::MergeDeletesReply* reply,
                    base::Done done) override;

 private:
  RpcChannel& channel_;
};

// Before the server starts.
void ServeDataNode(RpcServer& server, DataNode& role);

}  // namespace elanus::role
