// Compaction on demand.
#include <utility>

#include "access/ddl/call.h"
#include "access/ddl/ddl.h"

namespace elanus::access {
namespace {

// The whole partition or collection is compacted, also where a request names a
// channel or segments: more than was asked for, and no answer changes.
void ManualCompaction(Proxy& proxy, CallContext& ctx,
                      const wire::ManualCompactionRequest& request,
                      wire::ManualCompactionResponse* reply, base::Done done) {
  WithCollectionId(
      proxy, ctx, request.collection_name(), request.collectionid(),
      std::move(done),
      [&proxy, &ctx, &request, reply](std::int64_t id, base::Done then) {
        internal::ManualCompactionRequest compact;
        compact.set_collection_id(id);
        compact.set_partition_id(request.partition_id());
        compact.set_major(request.majorcompaction());
        compact.set_fold_only(request.l0compaction());
        compact.set_target_bytes(request.target_size());
        AskRole(proxy.deps().data_coord, &role::DataCoord::ManualCompaction,
                ctx, std::move(compact), std::move(then),
                [reply](const internal::ManualCompactionReply& started,
                        base::Done last) {
                  reply->set_compactionid(started.compaction_id());
                  reply->set_compactionplancount(started.plan_count());
                  last(absl::OkStatus());
                });
      });
}

// `then(state, done)`; an error if nobody knows the compaction.
template <typename Then>
void AskState(Proxy& proxy, const CallContext& ctx, std::int64_t id,
              base::Done done, Then then) {
  internal::CompactionIdRequest which;
  which.set_compaction_id(id);
  AskRole(proxy.deps().data_coord, &role::DataCoord::GetCompactionState, ctx,
          which, std::move(done),
          [id, then = std::move(then)](
              const internal::GetCompactionStateReply& state,
              base::Done next) mutable {
            if (!state.known()) {
              return next(base::InvalidInput(base::ErrorCode::kUnexpected,
                                             "compaction {} not found", id));
            }
            then(state, std::move(next));
          });
}

common::CompactionState StateOf(
    const internal::GetCompactionStateReply& state) {
  return state.completed() ? common::CompactionState::Completed
                           : common::CompactionState::Executing;
}

void GetCompactionState(Proxy& proxy, CallContext& ctx,
                        const wire::GetCompactionStateRequest& request,
                        wire::GetCompactionStateResponse* reply,
                        base::Done done) {
  AskState(
      proxy, ctx, request.compactionid(), std::move(done),
      [reply](const internal::GetCompactionStateReply& state, base::Done then) {
        reply->set_state(StateOf(state));
        reply->set_executingplanno(state.executing_plans());
        reply->set_timeoutplanno(state.timeout_plans());
        reply->set_completedplanno(state.completed_plans());
        reply->set_failedplanno(state.failed_plans());
        then(absl::OkStatus());
      });
}

void GetCompactionStateWithPlans(Proxy& proxy, CallContext& ctx,
                                 const wire::GetCompactionPlansRequest& request,
                                 wire::GetCompactionPlansResponse* reply,
                                 base::Done done) {
  AskState(
      proxy, ctx, request.compactionid(), std::move(done),
      [reply](const internal::GetCompactionStateReply& state, base::Done then) {
        reply->set_state(StateOf(state));
        for (const internal::CompactionMerge& merge : state.merges()) {
          wire::CompactionMergeInfo& info = *reply->add_mergeinfos();
          *info.mutable_sources() = merge.sources();
          info.set_target(merge.target());
        }
        then(absl::OkStatus());
      });
}

}  // namespace

void RegisterCompaction(Proxy& proxy, Dispatch& dispatch) {
  AddCall(dispatch, "ManualCompaction", proxy, ManualCompaction);
  AddCall(dispatch, "GetCompactionState", proxy, GetCompactionState);
  AddCall(dispatch, "GetCompactionStateWithPlans", proxy,
          GetCompactionStateWithPlans);
}

}  // namespace elanus::access
