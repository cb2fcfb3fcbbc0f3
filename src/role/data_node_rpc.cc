#include "role/data_node_rpc.h"

#include <utility>

#include "role/rpc_service.h"

namespace elanus::role {
namespace {

constexpr char kWatchChannel[] = "/elanus.internal.DataNode/WatchChannel";
constexpr char kUnwatchChannel[] = "/elanus.internal.DataNode/UnwatchChannel";
constexpr char kGetChannelStates[] =
    "/elanus.internal.DataNode/GetChannelStates";
constexpr char kWaitApplied[] = "/elanus.internal.DataNode/WaitApplied";
constexpr char kCompact[] = "/elanus.internal.DataNode/Compact";
constexpr char kMergeDeletes[] = "/elanus.internal.DataNode/MergeDeletes";

}  // namespace

void DataNodeClient::WatchChannel(const base::OpContext& ctx,
                                  const internal::WatchChannelRequest& request,
                                  internal::Empty* reply, base::Done done) {
  channel_.Call(kWatchChannel, request, reply, ctx, std::move(done));
}

void DataNodeClient::UnwatchChannel(const base::OpContext& ctx,
                                    const internal::ShardRequest& request,
                                    internal::Empty* reply, base::Done done) {
  channel_.Call(kUnwatchChannel, request, reply, ctx, std::move(done));
}

void DataNodeClient::GetChannelStates(
    const base::OpContext& ctx,
    const internal::GetChannelStatesRequest& request,
    internal::GetChannelStatesReply* reply, base::Done done) {
  channel_.Call(kGetChannelStates, request, reply, ctx, std::move(done));
}

void DataNodeClient::WaitApplied(const base::OpContext& ctx,
                                 const internal::WaitAppliedRequest& request,
                                 internal::WaitAppliedReply* reply,
                                 base::Done done) {
  channel_.Call(kWaitApplied, request, reply, ctx, std::move(done));
}

void DataNodeClient::Compact(const base::OpContext& ctx,
                             const internal::CompactRequest& request,
                             internal::CompactReply* reply, base::Done done) {
  channel_.Call(kCompact, request, reply, ctx, std::move(done));
}

void DataNodeClient::MergeDeletes(const base::OpContext& ctx,
                                  const internal::MergeDeletesRequest& request,
                                  internal::MergeDeletesReply* reply,
                                  base::Done done) {
  channel_.Call(kMergeDeletes, request, reply, ctx, std::move(done));
}

void ServeDataNode(RpcServer& server, DataNode& role) {
  BindMethod(server, kWatchChannel, role, &DataNode::WatchChannel);
  BindMethod(server, kUnwatchChannel, role, &DataNode::UnwatchChannel);
  BindMethod(server, kGetChannelStates, role, &DataNode::GetChannelStates);
  BindMethod(server, kWaitApplied, role, &DataNode::WaitApplied);
  BindMethod(server, kCompact, role, &DataNode::Compact);
  BindMethod(server, kMergeDeletes, role, &DataNode::MergeDeletes);
}

}  // namespace elanus::role
