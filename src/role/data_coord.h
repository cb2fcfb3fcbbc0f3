// Data coord: vchannels, segments and their life, index tasks, compaction,
// garbage. Everything it knows is in the meta store.
//
// Asynchronous: see root_coord.h.
#pragma once

#include "base/executor.h"
#include "base/op_context.h"
#include "proto/internal/data_coord.pb.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::role {

class DataCoord {
 public:
  virtual ~DataCoord() = default;

  // Part of creating a collection: makes the channel records and has a data
  // node follow them. Idempotent.
  virtual void WatchCollection(const base::OpContext& ctx,
                               const internal::WatchCollectionRequest& request,
                               internal::Empty* reply, base::Done done) = 0;

  // Part of dropping: segments, indexes, channels. Idempotent.
  virtual void DropCollection(const base::OpContext& ctx,
                              const internal::CollectionIdRequest& request,
                              internal::Empty* reply, base::Done done) = 0;

  // Idempotent.
  virtual void DropPartition(const base::OpContext& ctx,
                             const internal::PartitionIdRequest& request,
                             internal::Empty* reply, base::Done done) = 0;

  // Closes the open segments; answers when they are closed, not yet written.
  virtual void Flush(const base::OpContext& ctx,
                     const internal::CollectionIdRequest& request,
                     internal::FlushReply* reply, base::Done done) = 0;

  virtual void GetFlushState(const base::OpContext& ctx,
                             const internal::GetFlushStateRequest& request,
                             internal::GetFlushStateReply* reply,
                             base::Done done) = 0;

  virtual void GetSegments(const base::OpContext& ctx,
                           const internal::CollectionIdRequest& request,
                           internal::GetSegmentsReply* reply,
                           base::Done done) = 0;

  virtual void GetStatistics(const base::OpContext& ctx,
                             const internal::GetStatisticsRequest& request,
                             internal::GetStatisticsReply* reply,
                             base::Done done) = 0;

  // At one revision of the meta store.
  virtual void GetTarget(const base::OpContext& ctx,
                         const internal::ShardRequest& request,
                         internal::GetTargetReply* reply, base::Done done) = 0;

  // For a data node that starts: what it has to follow.
  virtual void ListAssignments(const base::OpContext& ctx,
                               const internal::Empty& request,
                               internal::ListAssignmentsReply* reply,
                               base::Done done) = 0;

  // One of them.
  virtual void GetAssignment(const base::OpContext& ctx,
                             const internal::ShardRequest& request,
                             internal::ListAssignmentsReply* reply,
                             base::Done done) = 0;

  // Before the first byte of a file is written.
  virtual void BeginAttempt(const base::OpContext& ctx,
                            const internal::BeginAttemptRequest& request,
                            internal::BeginAttemptReply* reply,
                            base::Done done) = 0;

  // Gives up: what was written is garbage, a late commit fails.
  virtual void EndAttempt(const base::OpContext& ctx,
                          const internal::EndAttemptRequest& request,
                          internal::Empty* reply, base::Done done) = 0;

  // kUnexpected if the attempt was ended meanwhile.
  virtual void CommitSegment(const base::OpContext& ctx,
                             const internal::CommitSegmentRequest& request,
                             internal::Empty* reply, base::Done done) = 0;

  virtual void CommitCheckpoint(
      const base::OpContext& ctx,
      const internal::CommitCheckpointRequest& request, internal::Empty* reply,
      base::Done done) = 0;

  // Compare-and-set: only the attempt that the task names may commit.
  virtual void CommitIndex(const base::OpContext& ctx,
                           const internal::CommitIndexRequest& request,
                           internal::Empty* reply, base::Done done) = 0;

  virtual void CreateIndex(const base::OpContext& ctx,
                           const internal::CreateIndexRequest& request,
                           internal::Empty* reply, base::Done done) = 0;

  virtual void DropIndex(const base::OpContext& ctx,
                         const internal::DropIndexRequest& request,
                         internal::Empty* reply, base::Done done) = 0;

  // kIndexNotFound if there is none.
  virtual void DescribeIndex(const base::OpContext& ctx,
                             const internal::DescribeIndexRequest& request,
                             internal::DescribeIndexReply* reply,
                             base::Done done) = 0;

  virtual void ManualCompaction(
      const base::OpContext& ctx,
      const internal::ManualCompactionRequest& request,
      internal::ManualCompactionReply* reply, base::Done done) = 0;

  virtual void GetCompactionState(const base::OpContext& ctx,
                                  const internal::CompactionIdRequest& request,
                                  internal::GetCompactionStateReply* reply,
                                  base::Done done) = 0;
};

}  // namespace elanus::role
