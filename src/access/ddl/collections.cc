// Collections: made, dropped, renamed, listed, counted.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "access/ddl/call.h"
#include "access/ddl/ddl.h"
#include "access/ddl/names_check.h"
#include "access/ddl/schema_check.h"
#include "base/hybrid_time.h"

namespace elanus::access {
namespace {

void CreateCollection(Proxy& proxy, CallContext& ctx,
                      const wire::CreateCollectionRequest& request,
                      common::Status*, base::Done done) {
  absl::Status status = CheckCreateCollection(request, proxy.config());
  if (!status.ok()) return done(std::move(status));
  internal::CreateCollectionRequest create;
  create.set_database_name(ctx.db_name);
  create.set_collection_name(request.collection_name());
  create.set_schema(request.schema());
  create.set_shards_num(std::max(request.shards_num(), 1));
  create.set_consistency_level(request.consistency_level());
  *create.mutable_properties() = request.properties();
  AskRole(proxy.deps().root_coord, &role::RootCoord::CreateCollection, ctx,
          std::move(create), std::move(done),
          [](const internal::DescribeCollectionReply&, base::Done then) {
            then(absl::OkStatus());
          });
}

void DropCollection(Proxy& proxy, CallContext& ctx,
                    const wire::DropCollectionRequest& request, common::Status*,
                    base::Done done) {
  absl::Status status = CheckCollectionName(request.collection_name(),
                                            proxy.config().max_name_length);
  if (!status.ok()) return done(std::move(status));
  internal::CollectionRef which;
  which.set_database_name(ctx.db_name);
  which.set_collection_name(request.collection_name());
  TellRole(proxy.deps().root_coord, &role::RootCoord::DropCollection, ctx,
           std::move(which), std::move(done));
}

void HasCollection(Proxy& proxy, CallContext& ctx,
                   const wire::HasCollectionRequest& request,
                   wire::BoolResponse* reply, base::Done done) {
  // Not there is an answer, not an error.
  base::Done answer = [reply,
                       done = std::move(done)](absl::Status status) mutable {
    const bool is_absent =
        base::CodeOf(status) == base::ErrorCode::kCollectionNotFound;
    reply->set_value(status.ok());
    done(is_absent ? absl::OkStatus() : std::move(status));
  };
  WithCollection(
      proxy, ctx, request.collection_name(), std::move(answer),
      [](const EntryRef&, base::Done then) { then(absl::OkStatus()); });
}

void RenameCollection(Proxy& proxy, CallContext& ctx,
                      const wire::RenameCollectionRequest& request,
                      common::Status*, base::Done done) {
  const std::int64_t max = proxy.config().max_name_length;
  absl::Status status = CheckCollectionName(request.oldname(), max);
  if (status.ok()) status = CheckCollectionName(request.newname(), max);
  if (status.ok() && !request.newdbname().empty()) {
    status = CheckDatabaseName(request.newdbname(), max);
  }
  if (!status.ok()) return done(std::move(status));
  internal::RenameCollectionRequest rename;
  rename.set_database_name(ctx.db_name);
  rename.set_old_name(request.oldname());
  rename.set_new_name(request.newname());
  rename.set_new_database_name(request.newdbname());
  TellRole(proxy.deps().root_coord, &role::RootCoord::RenameCollection, ctx,
           std::move(rename), std::move(done));
}

// How far each loaded collection is, in percent.
using Progress = std::map<std::int64_t, std::int64_t>;

void FillShown(const wire::ShowCollectionsRequest& request,
               const internal::ListCollectionsReply& listed,
               const Progress* loaded, wire::ShowCollectionsResponse* reply) {
  const std::set<std::string> wanted(request.collection_names().begin(),
                                     request.collection_names().end());
  for (const internal::CollectionMeta& collection : listed.collections()) {
    if (!wanted.empty() && !wanted.contains(collection.name())) continue;
    if (loaded != nullptr) {
      const auto found = loaded->find(collection.id());
      if (found == loaded->end()) continue;
      reply->add_inmemory_percentages(found->second);
      reply->add_query_service_available(found->second == 100);
    }
    const base::Timestamp created{collection.created_at()};
    reply->add_collection_names(collection.name());
    reply->add_collection_ids(collection.id());
    reply->add_created_timestamps(created.value);
    reply->add_created_utc_timestamps(static_cast<std::uint64_t>(created.ms()));
    reply->add_shards_num(collection.vchannels_size());
  }
}

void ShowCollections(Proxy& proxy, CallContext& ctx,
                     const wire::ShowCollectionsRequest& request,
                     wire::ShowCollectionsResponse* reply, base::Done done) {
  internal::ListCollectionsRequest list;
  list.set_database_name(ctx.db_name);
  AskRole(proxy.deps().root_coord, &role::RootCoord::ListCollections, ctx,
          std::move(list), std::move(done),
          [&proxy, &ctx, &request, reply](
              const internal::ListCollectionsReply& listed, base::Done then) {
            if (request.type() != wire::ShowType::InMemory) {
              FillShown(request, listed, nullptr, reply);
              return then(absl::OkStatus());
            }
            AskRole(
                proxy.deps().query_coord, &role::QueryCoord::ListLoaded, ctx,
                internal::Empty(), std::move(then),
                [&request, reply, listed](
                    const internal::ListLoadedReply& loaded, base::Done last) {
                  Progress progress;
                  for (const auto& entry : loaded.entries()) {
                    progress[entry.collection_id()] = entry.progress();
                  }
                  FillShown(request, listed, &progress, reply);
                  last(absl::OkStatus());
                });
          });
}

void GetCollectionStatistics(
    Proxy& proxy, CallContext& ctx,
    const wire::GetCollectionStatisticsRequest& request,
    wire::GetCollectionStatisticsResponse* reply, base::Done done) {
  WithCollection(proxy, ctx, request.collection_name(), std::move(done),
                 [&proxy, &ctx, reply](const EntryRef& entry, base::Done then) {
                   internal::GetStatisticsRequest ask;
                   ask.set_collection_id(entry->meta.id());
                   AskRole(proxy.deps().data_coord,
                           &role::DataCoord::GetStatistics, ctx, std::move(ask),
                           std::move(then),
                           [reply](const internal::GetStatisticsReply& found,
                                   base::Done last) {
                             common::KeyValuePair& rows = *reply->add_stats();
                             rows.set_key("row_count");
                             rows.set_value(std::to_string(found.rows()));
                             last(absl::OkStatus());
                           });
                 });
}

}  // namespace

void RegisterCollections(Proxy& proxy, Dispatch& dispatch) {
  AddCall(dispatch, "CreateCollection", proxy, CreateCollection);
  AddCall(dispatch, "DropCollection", proxy, DropCollection);
  AddCall(dispatch, "HasCollection", proxy, HasCollection);
  AddCall(dispatch, "RenameCollection", proxy, RenameCollection);
  AddCall(dispatch, "ShowCollections", proxy, ShowCollections);
  AddCall(dispatch, "GetCollectionStatistics", proxy, GetCollectionStatistics);
}

}  // namespace elanus::access
