// Flush of named collections, and the segments that came of it.
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "access/ddl/call.h"
#include "access/ddl/ddl.h"
#include "base/join.h"

namespace elanus::access {
namespace {

// One slot a collection, each once: the parts finish in any order.
using FlushReplies = std::map<std::string, internal::FlushReply>;

void FillFlushed(const FlushReplies& parts, wire::FlushResponse* reply) {
  for (const auto& [name, part] : parts) {
    *(*reply->mutable_coll_segids())[name].mutable_data() = part.segment_ids();
    *(*reply->mutable_flush_coll_segids())[name].mutable_data() =
        part.flushing_ids();
    (*reply->mutable_coll_seal_times())[name] = part.seal_time_s();
    (*reply->mutable_coll_flush_ts())[name] = part.flush_ts();
  }
}

void Flush(Proxy& proxy, CallContext& ctx, const wire::FlushRequest& request,
           wire::FlushResponse* reply, base::Done done) {
  if (request.collection_names().empty()) {
    return done(base::InvalidInput(base::ErrorCode::kParameterMissing,
                                   "missing parameter[missing_param="
                                   "collection_names]"));
  }
  auto parts = std::make_shared<FlushReplies>();
  for (const std::string& name : request.collection_names()) (*parts)[name];
  auto join = base::Join::Make(
      parts->size(), [&ctx, reply, parts,
                      done = std::move(done)](absl::Status status) mutable {
        if (status.ok()) {
          reply->set_db_name(ctx.db_name);
          FillFlushed(*parts, reply);
        }
        done(std::move(status));
      });
  for (auto& [name, part] : *parts) {
    WithCollection(proxy, ctx, name, base::Join::Part(join),
                   [&proxy, &ctx, parts, &part = part](const EntryRef& entry,
                                                       base::Done then) {
                     internal::CollectionIdRequest which;
                     which.set_collection_id(entry->meta.id());
                     AskRole(proxy.deps().data_coord, &role::DataCoord::Flush,
                             ctx, std::move(which), std::move(then),
                             [parts, &part](const internal::FlushReply& flushed,
                                            base::Done last) {
                               part = flushed;
                               last(absl::OkStatus());
                             });
                   });
  }
}

void GetFlushState(Proxy& proxy, CallContext& ctx,
                   const wire::GetFlushStateRequest& request,
                   wire::GetFlushStateResponse* reply, base::Done done) {
  auto ask = [&proxy, &ctx, &request, reply](std::int64_t collection_id,
                                             base::Done then) {
    internal::GetFlushStateRequest state;
    state.set_collection_id(collection_id);
    *state.mutable_segment_ids() = request.segmentids();
    state.set_flush_ts(request.flush_ts());
    AskRole(
        proxy.deps().data_coord, &role::DataCoord::GetFlushState, ctx,
        std::move(state), std::move(then),
        [reply](const internal::GetFlushStateReply& found, base::Done last) {
          reply->set_flushed(found.flushed());
          last(absl::OkStatus());
        });
  };
  // Older clients name segments only.
  if (request.collection_name().empty()) return ask(0, std::move(done));
  WithCollectionId(proxy, ctx, request.collection_name(), 0, std::move(done),
                   std::move(ask));
}

void FillSegment(const internal::SegmentInfo& segment,
                 wire::PersistentSegmentInfo& out) {
  const internal::SegmentMeta& meta = segment.meta();
  out.set_segmentid(meta.id());
  out.set_collectionid(meta.collection_id());
  out.set_partitionid(meta.partition_id());
  out.set_num_rows(meta.rows());
  out.set_level(common::SegmentLevel::L1);
  out.set_is_sorted(meta.sorted_by_key());
  if (!segment.growing()) {
    out.set_state(common::SegmentState::Flushed);
  } else {
    out.set_state(segment.closed() ? common::SegmentState::Sealed
                                   : common::SegmentState::Growing);
  }
}

void GetPersistentSegmentInfo(
    Proxy& proxy, CallContext& ctx,
    const wire::GetPersistentSegmentInfoRequest& request,
    wire::GetPersistentSegmentInfoResponse* reply, base::Done done) {
  WithCollection(
      proxy, ctx, DatabaseOf(ctx, request.dbname()), request.collectionname(),
      std::move(done),
      [&proxy, &ctx, reply](const EntryRef& entry, base::Done then) {
        internal::CollectionIdRequest which;
        which.set_collection_id(entry->meta.id());
        AskRole(
            proxy.deps().data_coord, &role::DataCoord::GetSegments, ctx,
            std::move(which), std::move(then),
            [reply](const internal::GetSegmentsReply& found, base::Done last) {
              for (const auto& segment : found.segments()) {
                if (segment.growing() && segment.meta().rows() == 0) {
                  continue;  // opened, not yet written to
                }
                FillSegment(segment, *reply->add_infos());
              }
              last(absl::OkStatus());
            });
      });
}

}  // namespace

void RegisterFlushing(Proxy& proxy, Dispatch& dispatch) {
  AddCall(dispatch, "Flush", proxy, Flush);
  AddCall(dispatch, "GetFlushState", proxy, GetFlushState);
  AddCall(dispatch, "GetPersistentSegmentInfo", proxy,
          GetPersistentSegmentInfo);
}

}  // namespace elanus::access
