// Indexes: made, described, dropped.
#include <string>
#include <utility>

#include "access/ddl/call.h"
#include "access/ddl/ddl.h"
#include "access/ddl/index_params.h"
#include "access/ddl/names_check.h"

namespace elanus::access {
namespace {

absl::StatusOr<internal::CreateIndexRequest> CheckIndex(
    const wire::CreateIndexRequest& request, const CollectionEntry& entry,
    std::int64_t max_name_length) {
  const types::FieldSchema* field = entry.schema->Find(request.field_name());
  if (field == nullptr) {
    return base::InvalidInput(base::ErrorCode::kFieldNotFound,
                              "cannot create index on non-exist field: {}: "
                              "field not found[field={}]",
                              request.field_name(), request.field_name());
  }
  const std::string& name = request.index_name().empty() ? request.field_name()
                                                         : request.index_name();
  if (!request.index_name().empty()) {
    RETURN_IF_ERROR(CheckIndexName(name, max_name_length));
  }
  ASSIGN_OR_RETURN(const IndexParams params,
                   ReadIndexParams(request.extra_params()));
  internal::CreateIndexRequest create;
  create.set_collection_id(entry.meta.id());
  ASSIGN_OR_RETURN(*create.mutable_index(), MakeIndex(*field, params));
  create.mutable_index()->set_name(name);
  return create;
}

void CreateIndex(Proxy& proxy, CallContext& ctx,
                 const wire::CreateIndexRequest& request, common::Status*,
                 base::Done done) {
  WithCollection(
      proxy, ctx, request.collection_name(), std::move(done),
      [&proxy, &ctx, &request](const EntryRef& entry, base::Done then) {
        auto create =
            CheckIndex(request, *entry, proxy.config().max_name_length);
        if (!create.ok()) return then(create.status());
        TellRole(proxy.deps().data_coord, &role::DataCoord::CreateIndex, ctx,
                 *std::move(create), std::move(then));
      });
}

// Asks for the indexes that a request names; `then(reply, done)`.
template <typename Then>
void AskIndexes(Proxy& proxy, const CallContext& ctx,
                const std::string& collection,
                internal::DescribeIndexRequest which, base::Done done,
                Then then) {
  WithCollection(
      proxy, ctx, collection, std::move(done),
      [&proxy, &ctx, which = std::move(which), then = std::move(then)](
          const EntryRef& entry, base::Done next) mutable {
        which.set_collection_id(entry->meta.id());
        AskRole(proxy.deps().data_coord, &role::DataCoord::DescribeIndex, ctx,
                std::move(which), std::move(next), std::move(then));
      });
}

template <typename Request>
internal::DescribeIndexRequest Which(const Request& request) {
  internal::DescribeIndexRequest which;
  which.set_index_name(request.index_name());
  if constexpr (requires { request.field_name(); }) {
    which.set_field_name(request.field_name());
  }
  if constexpr (requires { request.timestamp(); }) {
    which.set_timestamp(request.timestamp());
  }
  return which;
}

common::IndexState StateOf(internal::IndexTaskState state) {
  switch (state) {
    case internal::INDEX_UNISSUED:
      return common::IndexState::Unissued;
    case internal::INDEX_IN_PROGRESS:
      return common::IndexState::InProgress;
    case internal::INDEX_FINISHED:
      return common::IndexState::Finished;
    case internal::INDEX_FAILED:
      return common::IndexState::Failed;
    default:
      return common::IndexState::IndexStateNone;
  }
}

void AddParam(const std::string& key, const std::string& value,
              wire::IndexDescription& out) {
  common::KeyValuePair& pair = *out.add_params();
  pair.set_key(key);
  pair.set_value(value);
}

void FillDescription(const internal::IndexProgress& progress,
                     wire::IndexDescription& out) {
  const internal::IndexMeta& index = progress.index();
  out.set_index_name(index.name());
  out.set_indexid(index.id());
  out.set_field_name(index.field_name());
  AddParam("index_type", index.index_type(), out);
  if (!index.metric_type().empty()) {
    AddParam("metric_type", index.metric_type(), out);
  }
  for (const auto& pair : index.user_params()) {
    AddParam(pair.key(), pair.value(), out);
  }
  out.set_indexed_rows(progress.indexed_rows());
  out.set_total_rows(progress.total_rows());
  out.set_pending_index_rows(progress.pending_rows());
  out.set_state(StateOf(progress.state()));
  out.set_index_state_fail_reason(progress.fail_reason());
}

// DescribeIndex and GetIndexStatistics answer alike.
template <typename Request, typename Reply>
void DescribeIndex(Proxy& proxy, CallContext& ctx, const Request& request,
                   Reply* reply, base::Done done) {
  AskIndexes(
      proxy, ctx, request.collection_name(), Which(request), std::move(done),
      [reply](const internal::DescribeIndexReply& found, base::Done then) {
        for (const auto& progress : found.indexes()) {
          FillDescription(progress, *reply->add_index_descriptions());
        }
        then(absl::OkStatus());
      });
}

// Of several indexes the one that is farthest from being finished.
void GetIndexState(Proxy& proxy, CallContext& ctx,
                   const wire::GetIndexStateRequest& request,
                   wire::GetIndexStateResponse* reply, base::Done done) {
  AskIndexes(
      proxy, ctx, request.collection_name(), Which(request), std::move(done),
      [reply](const internal::DescribeIndexReply& found, base::Done then) {
        reply->set_state(common::IndexState::Finished);
        for (const auto& progress : found.indexes()) {
          if (progress.state() == internal::INDEX_FINISHED) continue;
          reply->set_state(StateOf(progress.state()));
          reply->set_fail_reason(progress.fail_reason());
          if (progress.state() == internal::INDEX_FAILED) break;
        }
        then(absl::OkStatus());
      });
}

void GetIndexBuildProgress(Proxy& proxy, CallContext& ctx,
                           const wire::GetIndexBuildProgressRequest& request,
                           wire::GetIndexBuildProgressResponse* reply,
                           base::Done done) {
  AskIndexes(
      proxy, ctx, request.collection_name(), Which(request), std::move(done),
      [reply](const internal::DescribeIndexReply& found, base::Done then) {
        for (const auto& progress : found.indexes()) {
          reply->set_indexed_rows(reply->indexed_rows() +
                                  progress.indexed_rows());
          reply->set_total_rows(reply->total_rows() + progress.total_rows());
        }
        then(absl::OkStatus());
      });
}

void DropIndex(Proxy& proxy, CallContext& ctx,
               const wire::DropIndexRequest& request, common::Status*,
               base::Done done) {
  WithCollection(
      proxy, ctx, request.collection_name(), std::move(done),
      [&proxy, &ctx, &request](const EntryRef& entry, base::Done then) {
        internal::DropIndexRequest drop;
        drop.set_collection_id(entry->meta.id());
        drop.set_field_name(request.field_name());
        drop.set_index_name(request.index_name());
        TellRole(proxy.deps().data_coord, &role::DataCoord::DropIndex, ctx,
                 std::move(drop), std::move(then));
      });
}

}  // namespace

void RegisterIndexes(Proxy& proxy, Dispatch& dispatch) {
  AddCall(dispatch, "CreateIndex", proxy, CreateIndex);
  AddCall(
      dispatch, "DescribeIndex", proxy,
      DescribeIndex<wire::DescribeIndexRequest, wire::DescribeIndexResponse>);
  AddCall(dispatch, "GetIndexStatistics", proxy,
          DescribeIndex<wire::GetIndexStatisticsRequest,
                        wire::GetIndexStatisticsResponse>);
  AddCall(dispatch, "GetIndexState", proxy, GetIndexState);
  AddCall(dispatch, "GetIndexBuildProgress", proxy, GetIndexBuildProgress);
  AddCall(dispatch, "DropIndex", proxy, DropIndex);
}

}  // namespace elanus::access
