// Data node: follows vchannels and turns the log into segment files and delete
// files; runs compactions. Holds no durable state.
//
// Asynchronous: see root_coord.h.
#pragma once

#include "base/executor.h"
#include "base/op_context.h"
#include "proto/internal/data_coord.pb.h"
#include "proto/internal/data_node.pb.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::role {

class DataNode {
 public:
  virtual ~DataNode() = default;

  // Idempotent.
  virtual void WatchChannel(const base::OpContext& ctx,
                            const internal::WatchChannelRequest& request,
                            internal::Empty* reply, base::Done done) = 0;

  // Idempotent.
  virtual void UnwatchChannel(const base::OpContext& ctx,
                              const internal::ShardRequest& request,
                              internal::Empty* reply, base::Done done) = 0;

  virtual void GetChannelStates(
      const base::OpContext& ctx,
      const internal::GetChannelStatesRequest& request,
      internal::GetChannelStatesReply* reply, base::Done done) = 0;

  virtual void WaitApplied(const base::OpContext& ctx,
                           const internal::WaitAppliedRequest& request,
                           internal::WaitAppliedReply* reply,
                           base::Done done) = 0;

  // Writes the output segment; data coord commits the swap.
  virtual void Compact(const base::OpContext& ctx,
                       const internal::CompactRequest& request,
                       internal::CompactReply* reply, base::Done done) = 0;

  // Writes the merged file; data coord commits the swap.
  virtual void MergeDeletes(const base::OpContext& ctx,
                            const internal::MergeDeletesRequest& request,
                            internal::MergeDeletesReply* reply,
                            base::Done done) = 0;
};

}  // namespace elanus::role
