// Calls of data coord over the wire: the client, and the paths under which a
// process serves it.
//
//   ServeDataCoord(server, data_coord);            // there
//   DataCoordClient client(*channel);   // here: a role::DataCoord
//
// Threads:   any.
// Ownership: the channel outlives the client; see rpc_channel.h and
//            rpc_service.h for requests and replies.
// Errors:    those of the role, unchanged, and those of the channel.
#pragma once

#include "role/data_coord.h"
#include "role/rpc_channel.h"
#include "role/rpc_server.h"

namespace elanus::role {

class DataCoordClient final : public DataCoord {
 public:
  explicit DataCoordClient(RpcChannel& channel) : channel_(channel) {}

  void WatchCollection(const base::OpContext& ctx,
                       const internal::WatchCollectionRequest& request,
                       internal::Empty* reply, base::Done done) override;
  void DropCollection(const base::OpContext& ctx,
                      const internal::CollectionIdRequest& request,
                      internal::Empty* reply, base::Done done) override;
  void DropPartition(const base::OpContext& ctx,
                     const internal::PartitionIdRequest& request,
                     internal::Empty* reply, base::Done done) override;
  void Flush(const base::OpContext& ctx,
             const internal::CollectionIdRequest& request,
             internal::FlushReply* reply, base::Done done) override;
  void GetFlushState(const base::OpContext& ctx,
                     const internal::GetFlushStateRequest& request,
                     internal::GetFlushStateReply* reply,
                     base::Done done) override;
  void GetSegments(const base::OpContext& ctx,
                   const internal::CollectionIdRequest& request,
                   internal::GetSegmentsReply* reply, base::Done done) override;
  void GetStatistics(const base::OpContext& ctx,
                     const internal::GetStatisticsRequest& request,
                     internal::GetStatisticsReply* reply,
                     base::Done done) override;
  void GetTarget(const base::OpContext& ctx,
                 const internal::ShardRequest& request,
                 internal::GetTargetReply* reply, base::Done done) override;
  void ListAssignments(const base::OpContext& ctx,
                       const internal::Empty& request,
                       internal::ListAssignmentsReply* reply,
                       base::Done done) override;
  void GetAssignment(const base::OpContext& ctx,
                     const internal::ShardRequest& request,
                     internal::ListAssignmentsReply* reply,
                     base::Done done) override;
  void BeginAttempt(const base::OpContext& ctx,
                    const internal::BeginAttemptRequest& request,
                    internal::BeginAttemptReply* reply,
                    base::Done done) override;
  void EndAttempt(const base::OpContext& ctx,
                  const internal::EndAttemptRequest& request,
                  internal::Empty* reply, base::Done done) override;
  void CommitSegment(const base::OpContext& ctx,
                     const internal::CommitSegmentRequest& request,
                     internal::Empty* reply, base::Done done) override;
  void CommitCheckpoint(const base::OpContext& ctx,
                        const internal::CommitCheckpointRequest& request,
                        internal::Empty* reply, base::Done done) override;
  void CommitIndex(const base::OpContext& ctx,
                   const internal::CommitIndexRequest& request,
                   internal::Empty* reply, base::Done done) override;
  void CreateIndex(const base::OpContext& ctx,
                   const internal::CreateIndexRequest& request,
                   internal::Empty* reply, base::Done done) override;
  void DropIndex(const base::OpContext& ctx,
                 const internal::DropIndexRequest& request,
                 internal::Empty* reply, base::Done done) override;
  void DescribeIndex(const base::OpContext& ctx,
                     const internal::DescribeIndexRequest& request,
                     internal::DescribeIndexReply* reply,
                     base::Done done) override;
  void ManualCompaction(const base::OpContext& ctx,
                        const internal::ManualCompactionRequest& request,
                        internal::ManualCompactionReply* reply,
                        base::Done done) override;
  void GetCompactionState(const base::OpContext& ctx,
                          const internal::CompactionIdRequest& request,
                          internal::GetCompactionStateReply* reply,
                          base::Done done) override;

 private:
  RpcChannel& channel_;
};

// Before the server starts.
void ServeDataCoord(RpcServer& server, DataCoord& role);

}  // namespace elanus::role
