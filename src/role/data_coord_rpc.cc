#include "role/data_coord_rpc.h"

#include <utility>

#include "role/rpc_service.h"

namespace elanus::role {
namespace {

constexpr char kWatchCollection[] =
    "/elanus.internal.DataCoord/WatchCollection";
constexpr char kDropCollection[] = "/elanus.internal.DataCoord/DropCollection";
constexpr char kDropPartition[] = "/elanus.internal.DataCoord/DropPartition";
constexpr char kFlush[] = "/elanus.internal.DataCoord/Flush";
constexpr char kGetFlushState[] = "/elanus.internal.DataCoord/GetFlushState";
constexpr char kGetSegments[] = "/elanus.internal.DataCoord/GetSegments";
constexpr char kGetStatistics[] = "/elanus.internal.DataCoord/GetStatistics";
constexpr char kGetTarget[] = "/elanus.internal.DataCoord/GetTarget";
constexpr char kListAssignments[] =
    "/elanus.internal.DataCoord/ListAssignments";
constexpr char kGetAssignment[] = "/elanus.internal.DataCoord/GetAssignment";
constexpr char kBeginAttempt[] = "/elanus.internal.DataCoord/BeginAttempt";
constexpr char kEndAttempt[] = "/elanus.internal.DataCoord/EndAttempt";
constexpr char kCommitSegment[] = "/elanus.internal.DataCoord/CommitSegment";
constexpr char kCommitCheckpoint[] =
    "/elanus.internal.DataCoord/CommitCheckpoint";
constexpr char kCommitIndex[] = "/elanus.internal.DataCoord/CommitIndex";
constexpr char kCreateIndex[] = "/elanus.internal.DataCoord/CreateIndex";
constexpr char kDropIndex[] = "/elanus.internal.DataCoord/DropIndex";
constexpr char kDescribeIndex[] = "/elanus.internal.DataCoord/DescribeIndex";
constexpr char kManualCompaction[] =
    "/elanus.internal.DataCoord/ManualCompaction";
constexpr char kGetCompactionState[] =
    "/elanus.internal.DataCoord/GetCompactionState";

}  // namespace

void DataCoordClient::WatchCollection(
    const base::OpContext& ctx, const internal::WatchCollectionRequest& request,
    internal::Empty* reply, base::Done done) {
  channel_.Call(kWatchCollection, request, reply, ctx, std::move(done));
}

void DataCoordClient::DropCollection(
    const base::OpContext& ctx, const internal::CollectionIdRequest& request,
    internal::Empty* reply, base::Done done) {
  channel_.Call(kDropCollection, request, reply, ctx, std::move(done));
}

void DataCoordClient::DropPartition(const base::OpContext& ctx,
                                    const internal::PartitionIdRequest& request,
                                    internal::Empty* reply, base::Done done) {
  channel_.Call(kDropPartition, request, reply, ctx, std::move(done));
}

void DataCoordClient::Flush(const base::OpContext& ctx,
                            const internal::CollectionIdRequest& request,
                            internal::FlushReply* reply, base::Done done) {
  channel_.Call(kFlush, request, reply, ctx, std::move(done));
}

void DataCoordClient::GetFlushState(
    const base::OpContext& ctx, const internal::GetFlushStateRequest& request,
    internal::GetFlushStateReply* reply, base::Done done) {
  channel_.Call(kGetFlushState, request, reply, ctx, std::move(done));
}

void DataCoordClient::GetSegments(const base::OpContext& ctx,
                                  const internal::CollectionIdRequest& request,
                                  internal::GetSegmentsReply* reply,
                                  base::Done done) {
  channel_.Call(kGetSegments, request, reply, ctx, std::move(done));
}

void DataCoordClient::GetStatistics(
    const base::OpContext& ctx, const internal::GetStatisticsRequest& request,
    internal::GetStatisticsReply* reply, base::Done done) {
  channel_.Call(kGetStatistics, request, reply, ctx, std::move(done));
}

void DataCoordClient::GetTarget(const base::OpContext& ctx,
                                const internal::ShardRequest& request,
                                internal::GetTargetReply* reply,
                                base::Done done) {
  channel_.Call(kGetTarget, request, reply, ctx, std::move(done));
}

void DataCoordClient::ListAssignments(const base::OpContext& ctx,
                                      const internal::Empty& request,
                                      internal::ListAssignmentsReply* reply,
                                      base::Done done) {
  channel_.Call(kListAssignments, request, reply, ctx, std::move(done));
}

void DataCoordClient::GetAssignment(const base::OpContext& ctx,
                                    const internal::ShardRequest& request,
                                    internal::ListAssignmentsReply* reply,
                                    base::Done done) {
  channel_.Call(kGetAssignment, request, reply, ctx, std::move(done));
}

void DataCoordClient::BeginAttempt(const base::OpContext& ctx,
                                   const internal::BeginAttemptRequest& request,
                                   internal::BeginAttemptReply* reply,
                                   base::Done done) {
  channel_.Call(kBeginAttempt, request, reply, ctx, std::move(done));
}

void DataCoordClient::EndAttempt(const base::OpContext& ctx,
                                 const internal::EndAttemptRequest& request,
                                 internal::Empty* reply, base::Done done) {
  channel_.Call(kEndAttempt, request, reply, ctx, std::move(done));
}

void DataCoordClient::CommitSegment(
    const base::OpContext& ctx, const internal::CommitSegmentRequest& request,
    internal::Empty* reply, base::Done done) {
  channel_.Call(kCommitSegment, request, reply, ctx, std::move(done));
}

void DataCoordClient::CommitCheckpoint(
    const base::OpContext& ctx,
    const internal::CommitCheckpointRequest& request, internal::Empty* reply,
    base::Done done) {
  channel_.Call(kCommitCheckpoint, request, reply, ctx, std::move(done));
}

void DataCoordClient::CommitIndex(const base::OpContext& ctx,
                                  const internal::CommitIndexRequest& request,
                                  internal::Empty* reply, base::Done done) {
  channel_.Call(kCommitIndex, request, reply, ctx, std::move(done));
}

void DataCoordClient::CreateIndex(const base::OpContext& ctx,
                                  const internal::CreateIndexRequest& request,
                                  internal::Empty* reply, base::Done done) {
  channel_.Call(kCreateIndex, request, reply, ctx, std::move(done));
}

void DataCoordClient::DropIndex(const base::OpContext& ctx,
                                const internal::DropIndexRequest& request,
                                internal::Empty* reply, base::Done done) {
  channel_.Call(kDropIndex, request, reply, ctx, std::move(done));
}

void DataCoordClient::DescribeIndex(
    const base::OpContext& ctx, const internal::DescribeIndexRequest& request,
    internal::DescribeIndexReply* reply, base::Done done) {
  channel_.Call(kDescribeIndex, request, reply, ctx, std::move(done));
}

void DataCoordClient::ManualCompaction(
    const base::OpContext& ctx,
    const internal::ManualCompactionRequest& request,
    internal::ManualCompactionReply* reply, base::Done done) {
  channel_.Call(kManualCompaction, request, reply, ctx, std::move(done));
}

void DataCoordClient::GetCompactionState(
    const base::OpContext& ctx, const internal::CompactionIdRequest& request,
    internal::GetCompactionStateReply* reply, base::Done done) {
  channel_.Call(kGetCompactionState, request, reply, ctx, std::move(done));
}

void ServeDataCoord(RpcServer& server, DataCoord& role) {
  BindMethod(server, kWatchCollection, role, &DataCoord::WatchCollection);
  BindMethod(server, kDropCollection, role, &DataCoord::DropCollection);
  BindMethod(server, kDropPartition, role, &DataCoord::DropPartition);
  BindMethod(server, kFlush, role, &DataCoord::Flush);
  BindMethod(server, kGetFlushState, role, &DataCoord::GetFlushState);
  BindMethod(server, kGetSegments, role, &DataCoord::GetSegments);
  BindMethod(server, kGetStatistics, role, &DataCoord::GetStatistics);
  BindMethod(server, kGetTarget, role, &DataCoord::GetTarget);
  BindMethod(server, kListAssignments, role, &DataCoord::ListAssignments);
  BindMethod(server, kGetAssignment, role, &DataCoord::GetAssignment);
  BindMethod(server, kBeginAttempt, role, &DataCoord::BeginAttempt);
  BindMethod(server, kEndAttempt, role, &DataCoord::EndAttempt);
  BindMethod(server, kCommitSegment, role, &DataCoord::CommitSegment);
  BindMethod(server, kCommitCheckpoint, role, &DataCoord::CommitCheckpoint);
  BindMethod(server, kCommitIndex, role, &DataCoord::CommitIndex);
  BindMethod(server, kCreateIndex, role, &DataCoord::CreateIndex);
  BindMethod(server, kDropIndex, role, &DataCoord::DropIndex);
  BindMethod(server, kDescribeIndex, role, &DataCoord::DescribeIndex);
  BindMethod(server, kManualCompaction, role, &DataCoord::ManualCompaction);
  BindMethod(server, kGetCompactionState, role, &DataCoord::GetCompactionState);
}

}  // namespace elanus::role
