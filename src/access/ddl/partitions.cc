// Partitions of a collection.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "access/ddl/call.h"
#include "access/ddl/ddl.h"
#include "access/ddl/names_check.h"
#include "base/hybrid_time.h"

namespace elanus::access {
namespace {

template <typename Request>
absl::Status CheckNames(const Proxy& proxy, const Request& request) {
  const std::int64_t max = proxy.config().max_name_length;
  RETURN_IF_ERROR(CheckCollectionName(request.collection_name(), max));
  return CheckPartitionName(request.partition_name(), max);
}

template <typename Request>
internal::PartitionRequest PartitionOf(const CallContext& ctx,
                                       const Request& request) {
  internal::PartitionRequest which;
  which.set_database_name(ctx.db_name);
  which.set_collection_name(request.collection_name());
  which.set_partition_name(request.partition_name());
  return which;
}

void CreatePartition(Proxy& proxy, CallContext& ctx,
                     const wire::CreatePartitionRequest& request,
                     common::Status*, base::Done done) {
  absl::Status status = CheckNames(proxy, request);
  if (!status.ok()) return done(std::move(status));
  TellRole(proxy.deps().root_coord, &role::RootCoord::CreatePartition, ctx,
           PartitionOf(ctx, request), std::move(done));
}

// Root coord refuses the default partition and one that is loaded: it can do
// so without another operation in between.
void DropPartition(Proxy& proxy, CallContext& ctx,
                   const wire::DropPartitionRequest& request, common::Status*,
                   base::Done done) {
  absl::Status status = CheckNames(proxy, request);
  if (!status.ok()) return done(std::move(status));
  TellRole(proxy.deps().root_coord, &role::RootCoord::DropPartition, ctx,
           PartitionOf(ctx, request), std::move(done));
}

void HasPartition(Proxy& proxy, CallContext& ctx,
                  const wire::HasPartitionRequest& request,
                  wire::BoolResponse* reply, base::Done done) {
  absl::Status status = CheckNames(proxy, request);
  if (!status.ok()) return done(std::move(status));
  WithCollection(proxy, ctx, request.collection_name(), std::move(done),
                 [&request, reply](const EntryRef& entry, base::Done then) {
                   reply->set_value(entry->FindPartition(
                                        request.partition_name()) != nullptr);
                   then(absl::OkStatus());
                 });
}

// `loaded`: the load state of the collection, null if nobody asked for it.
absl::Status FillShown(const wire::ShowPartitionsRequest& request,
                       const internal::CollectionMeta& meta,
                       const internal::GetLoadStateReply* loaded,
                       wire::ShowPartitionsResponse* reply) {
  std::set<std::string> wanted(request.partition_names().begin(),
                               request.partition_names().end());
  const bool is_limited = !wanted.empty();
  for (const internal::PartitionMeta& partition : meta.partitions()) {
    if (partition.state() != internal::CREATED) continue;
    if (is_limited && wanted.erase(partition.name()) == 0) continue;
    if (loaded != nullptr) {
      const auto& ids = loaded->partition_ids();
      const bool is_wished =
          loaded->state() != internal::GetLoadStateReply::NOT_LOADED &&
          (loaded->whole_collection() ||
           std::find(ids.begin(), ids.end(), partition.id()) != ids.end());
      if (!is_wished) continue;
      reply->add_inmemory_percentages(loaded->progress());
    }
    const base::Timestamp created{partition.created_at()};
    reply->add_partition_names(partition.name());
    reply->add_partitionids(partition.id());
    reply->add_created_timestamps(created.value);
    reply->add_created_utc_timestamps(static_cast<std::uint64_t>(created.ms()));
  }
  if (wanted.empty()) return absl::OkStatus();
  return base::InvalidInput(base::ErrorCode::kPartitionNotFound,
                            "partition not found[partition={}]",
                            *wanted.begin());
}

void ShowPartitionsOf(Proxy& proxy, const CallContext& ctx,
                      const wire::ShowPartitionsRequest& request,
                      const internal::CollectionMeta& meta,
                      wire::ShowPartitionsResponse* reply, base::Done done) {
  if (request.type() != wire::ShowType::InMemory) {
    return done(FillShown(request, meta, nullptr, reply));
  }
  internal::GetLoadStateRequest ask;
  ask.set_collection_id(meta.id());
  AskRole(proxy.deps().query_coord, &role::QueryCoord::GetLoadState, ctx,
          std::move(ask), std::move(done),
          [&request, reply, meta](const internal::GetLoadStateReply& loaded,
                                  base::Done then) {
            then(FillShown(request, meta, &loaded, reply));
          });
}

void ShowPartitions(Proxy& proxy, CallContext& ctx,
                    const wire::ShowPartitionsRequest& request,
                    wire::ShowPartitionsResponse* reply, base::Done done) {
  if (!request.collection_name().empty() || request.collectionid() == 0) {
    return WithCollection(proxy, ctx, request.collection_name(),
                          std::move(done),
                          [&proxy, &ctx, &request, reply](const EntryRef& entry,
                                                          base::Done then) {
                            ShowPartitionsOf(proxy, ctx, request, entry->meta,
                                             reply, std::move(then));
                          });
  }
  internal::CollectionRef which;
  which.set_database_name(ctx.db_name);
  which.set_collection_id(request.collectionid());
  AskRole(proxy.deps().root_coord, &role::RootCoord::DescribeCollection, ctx,
          std::move(which), std::move(done),
          [&proxy, &ctx, &request, reply](
              const internal::DescribeCollectionReply& found, base::Done then) {
            ShowPartitionsOf(proxy, ctx, request, found.collection(), reply,
                             std::move(then));
          });
}

void GetPartitionStatistics(Proxy& proxy, CallContext& ctx,
                            const wire::GetPartitionStatisticsRequest& request,
                            wire::GetPartitionStatisticsResponse* reply,
                            base::Done done) {
  absl::Status status = CheckNames(proxy, request);
  if (!status.ok()) return done(std::move(status));
  WithCollection(
      proxy, ctx, request.collection_name(), std::move(done),
      [&proxy, &ctx, &request, reply](const EntryRef& entry, base::Done then) {
        const internal::PartitionMeta* partition =
            entry->FindPartition(request.partition_name());
        if (partition == nullptr) {
          return then(base::InvalidInput(base::ErrorCode::kPartitionNotFound,
                                         "partition not found[partition={}]",
                                         request.partition_name()));
        }
        internal::GetStatisticsRequest ask;
        ask.set_collection_id(entry->meta.id());
        ask.add_partition_ids(partition->id());
        AskRole(proxy.deps().data_coord, &role::DataCoord::GetStatistics, ctx,
                std::move(ask), std::move(then),
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

void RegisterPartitions(Proxy& proxy, Dispatch& dispatch) {
  AddCall(dispatch, "CreatePartition", proxy, CreatePartition);
  AddCall(dispatch, "DropPartition", proxy, DropPartition);
  AddCall(dispatch, "HasPartition", proxy, HasPartition);
  AddCall(dispatch, "ShowPartitions", proxy, ShowPartitions);
  AddCall(dispatch, "GetPartitionStatistics", proxy, GetPartitionStatistics);
}

}  // namespace elanus::access
