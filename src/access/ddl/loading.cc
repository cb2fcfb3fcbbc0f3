// Loading: wished for, taken back, asked about.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "access/ddl/call.h"
#include "access/ddl/ddl.h"

namespace elanus::access {
namespace {

using base::ErrorCode;

// The ids of the fields that shall be loaded; none = all of them.
template <typename Request>
absl::StatusOr<std::vector<std::int64_t>> FieldIds(
    const Request& request, const types::Schema& schema) {
  std::vector<std::int64_t> ids;
  bool has_vector = false;
  const auto is_wanted = [&request](const types::FieldSchema& field) {
    if (field.is_dynamic) return !request.skip_load_dynamic_field();
    const auto& names = request.load_fields();
    return names.empty() ||
           std::find(names.begin(), names.end(), field.name) != names.end();
  };
  for (const std::string& name : request.load_fields()) {
    if (schema.Find(name) == nullptr) {
      return base::InvalidInput(ErrorCode::kFieldNotFound,
                                "field not found[field={}]", name);
    }
  }
  for (const types::FieldSchema& field : schema.fields) {
    if (!is_wanted(field)) continue;
    ids.push_back(base::ToInt(field.id));
    has_vector = has_vector || types::IsVector(field.type);
  }
  if (!is_wanted(schema.primary_key())) {
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "load field list does not contain primary key "
                              "field {}: invalid parameter",
                              schema.primary_key().name);
  }
  if (!has_vector) {
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "load field list does not contain vector field: "
                              "invalid parameter");
  }
  if (ids.size() == schema.fields.size()) ids.clear();
  return ids;
}

// The partitions that the request names; none where it is about a collection.
template <typename Request>
absl::StatusOr<std::vector<std::int64_t>> NamedPartitions(
    const Request& request, const CollectionEntry& entry) {
  if constexpr (requires { request.partition_names(); }) {
    if (request.partition_names().empty()) {
      return base::InvalidInput(ErrorCode::kParameterInvalid,
                                "due to no partition specified: invalid "
                                "parameter");
    }
    return PartitionIds(entry, request.partition_names());
  } else {
    return std::vector<std::int64_t>();
  }
}

template <typename Request>
absl::StatusOr<internal::LoadRequest> LoadOf(const Request& request,
                                             const CollectionEntry& entry) {
  ASSIGN_OR_RETURN(const std::vector<std::int64_t> fields,
                   FieldIds(request, *entry.schema));
  internal::LoadRequest load;
  *load.mutable_collection() = entry.meta;
  load.set_replica_number(std::max(request.replica_number(), 1));
  *load.mutable_resource_groups() = request.resource_groups();
  load.mutable_field_ids()->Assign(fields.begin(), fields.end());
  load.set_refresh(request.refresh());
  ASSIGN_OR_RETURN(const std::vector<std::int64_t> ids,
                   NamedPartitions(request, entry));
  load.mutable_partition_ids()->Assign(ids.begin(), ids.end());
  return load;
}

// LoadCollection and LoadPartitions.
template <typename Request>
void Load(Proxy& proxy, CallContext& ctx, const Request& request,
          common::Status*, base::Done done) {
  WithCollection(
      proxy, ctx, request.collection_name(), std::move(done),
      [&proxy, &ctx, &request](const EntryRef& entry, base::Done then) {
        auto load = LoadOf(request, *entry);
        if (!load.ok()) return then(load.status());
        TellRole(proxy.deps().query_coord, &role::QueryCoord::Load, ctx,
                 *std::move(load), std::move(then));
      });
}

// ReleaseCollection and ReleasePartitions.
template <typename Request>
void Release(Proxy& proxy, CallContext& ctx, const Request& request,
             common::Status*, base::Done done) {
  WithCollection(
      proxy, ctx, request.collection_name(), std::move(done),
      [&proxy, &ctx, &request](const EntryRef& entry, base::Done then) {
        internal::ReleaseRequest release;
        release.set_collection_id(entry->meta.id());
        const auto ids = NamedPartitions(request, *entry);
        if (!ids.ok()) return then(ids.status());
        release.mutable_partition_ids()->Assign(ids->begin(), ids->end());
        TellRole(proxy.deps().query_coord, &role::QueryCoord::Release, ctx,
                 std::move(release), std::move(then));
      });
}

// Asks how far the collection or the named partitions are; `then(reply, done)`.
template <typename Request, typename Then>
void AskLoadState(Proxy& proxy, const CallContext& ctx, const Request& request,
                  base::Done done, Then then) {
  WithCollection(
      proxy, ctx, request.collection_name(), std::move(done),
      [&proxy, &ctx, &request, then = std::move(then)](
          const EntryRef& entry, base::Done next) mutable {
        auto ids = PartitionIds(*entry, request.partition_names());
        if (!ids.ok()) return next(ids.status());
        internal::GetLoadStateRequest ask;
        ask.set_collection_id(entry->meta.id());
        ask.mutable_partition_ids()->Assign(ids->begin(), ids->end());
        AskRole(proxy.deps().query_coord, &role::QueryCoord::GetLoadState, ctx,
                std::move(ask), std::move(next), std::move(then));
      });
}

void GetLoadState(Proxy& proxy, CallContext& ctx,
                  const wire::GetLoadStateRequest& request,
                  wire::GetLoadStateResponse* reply, base::Done done) {
  base::Done answer = [reply,
                       done = std::move(done)](absl::Status status) mutable {
    if (base::CodeOf(status) == ErrorCode::kCollectionNotFound) {
      reply->set_state(common::LoadState::LoadStateNotExist);
      status = absl::OkStatus();
    }
    done(std::move(status));
  };
  AskLoadState(
      proxy, ctx, request, std::move(answer),
      [reply](const internal::GetLoadStateReply& found, base::Done then) {
        switch (found.state()) {
          case internal::GetLoadStateReply::LOADED:
            reply->set_state(common::LoadState::LoadStateLoaded);
            break;
          case internal::GetLoadStateReply::LOADING:
            reply->set_state(common::LoadState::LoadStateLoading);
            break;
          default:
            reply->set_state(common::LoadState::LoadStateNotLoad);
            break;
        }
        then(absl::OkStatus());
      });
}

absl::Status NotLoaded(const wire::GetLoadingProgressRequest& request) {
  if (request.partition_names().empty()) {
    return base::InvalidInput(ErrorCode::kCollectionNotLoaded,
                              "collection not loaded[collection={}]",
                              request.collection_name());
  }
  return base::InvalidInput(ErrorCode::kPartitionNotLoaded,
                            "partition not loaded[partition={}]",
                            request.partition_names(0));
}

void GetLoadingProgress(Proxy& proxy, CallContext& ctx,
                        const wire::GetLoadingProgressRequest& request,
                        wire::GetLoadingProgressResponse* reply,
                        base::Done done) {
  AskLoadState(proxy, ctx, request, std::move(done),
               [&request, reply](const internal::GetLoadStateReply& found,
                                 base::Done then) {
                 if (found.state() == internal::GetLoadStateReply::NOT_LOADED) {
                   return then(NotLoaded(request));
                 }
                 // Clients wait for the end as long as they get an answer.
                 if (!found.fail_reason().empty()) {
                   return then(base::Error(
                       ErrorCode::kCollectionNotFullyLoaded,
                       "collection not fully loaded[collection={}]: {}",
                       request.collection_name(), found.fail_reason()));
                 }
                 reply->set_progress(found.progress());
                 reply->set_refresh_progress(found.refresh_progress());
                 then(absl::OkStatus());
               });
}

void FillSegment(const internal::QuerySegmentInfo& segment,
                 wire::QuerySegmentInfo& out) {
  out.set_segmentid(segment.segment_id());
  out.set_collectionid(segment.collection_id());
  out.set_partitionid(segment.partition_id());
  out.set_mem_size(segment.memory_bytes());
  out.set_num_rows(segment.rows());
  out.set_index_name(segment.index_name());
  out.set_indexid(segment.index_id());
  if (segment.node_ids_size() > 0) out.set_nodeid(segment.node_ids(0));
  *out.mutable_nodeids() = segment.node_ids();
  out.set_state(segment.growing() ? common::SegmentState::Growing
                                  : common::SegmentState::Sealed);
  out.set_level(common::SegmentLevel::L1);
}

void GetQuerySegmentInfo(Proxy& proxy, CallContext& ctx,
                         const wire::GetQuerySegmentInfoRequest& request,
                         wire::GetQuerySegmentInfoResponse* reply,
                         base::Done done) {
  WithCollection(proxy, ctx, DatabaseOf(ctx, request.dbname()),
                 request.collectionname(), std::move(done),
                 [&proxy, &ctx, reply](const EntryRef& entry, base::Done then) {
                   internal::CollectionIdRequest which;
                   which.set_collection_id(entry->meta.id());
                   AskRole(
                       proxy.deps().query_coord,
                       &role::QueryCoord::GetQuerySegmentInfo, ctx,
                       std::move(which), std::move(then),
                       [reply](const internal::GetQuerySegmentInfoReply& found,
                               base::Done last) {
                         for (const auto& segment : found.segments()) {
                           FillSegment(segment, *reply->add_infos());
                         }
                         last(absl::OkStatus());
                       });
                 });
}

}  // namespace

void RegisterLoading(Proxy& proxy, Dispatch& dispatch) {
  AddCall(dispatch, "LoadCollection", proxy, Load<wire::LoadCollectionRequest>);
  AddCall(dispatch, "LoadPartitions", proxy, Load<wire::LoadPartitionsRequest>);
  AddCall(dispatch, "ReleaseCollection", proxy,
          Release<wire::ReleaseCollectionRequest>);
  AddCall(dispatch, "ReleasePartitions", proxy,
          Release<wire::ReleasePartitionsRequest>);
  AddCall(dispatch, "GetLoadState", proxy, GetLoadState);
  AddCall(dispatch, "GetLoadingProgress", proxy, GetLoadingProgress);
  AddCall(dispatch, "GetQuerySegmentInfo", proxy, GetQuerySegmentInfo);
}

}  // namespace elanus::access
