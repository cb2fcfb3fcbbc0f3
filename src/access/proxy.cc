#include "access/proxy.h"

#include <utility>
#include <vector>

#include "access/data_verbs.h"
#include "access/ddl/ddl.h"

namespace elanus::access {
namespace {

std::vector<double> LatencyBounds() {
  std::vector<double> bounds;
  for (double bound = 0.0001; bound < 20; bound *= 2) bounds.push_back(bound);
  return bounds;
}

}  // namespace

Proxy::Proxy(const Dependencies& dependencies)
    : deps_(dependencies),
      cache_(dependencies.root_coord),
      times_(dependencies.root_coord, dependencies.clock),
      ids_(dependencies.root_coord),
      log_(dependencies.broker, dependencies.writer),
      counters_{
          .inserted = deps_.metrics.AddCounter(
              "elanus_proxy_inserted_rows_total",
              "Rows of acknowledged inserts and upserts"),
          .deleted = deps_.metrics.AddCounter("elanus_proxy_deleted_rows_total",
                                              "Keys of acknowledged deletes"),
          .search_seconds = deps_.metrics.AddHistogram(
              "elanus_proxy_search_seconds", "Duration of Search calls",
              LatencyBounds()),
          .query_seconds = deps_.metrics.AddHistogram(
              "elanus_proxy_query_seconds", "Duration of Query calls",
              LatencyBounds())} {}

void Proxy::Register(Dispatch& dispatch) {
  RegisterDataVerbs(*this, dispatch);
  RegisterDdl(*this, dispatch);
}

double Proxy::SecondsSince(std::int64_t start_ns) const {
  constexpr double kNsPerSecond = 1'000'000'000;
  return static_cast<double>(deps_.clock.MonotonicNs() - start_ns) /
         kNsPerSecond;
}

void Proxy::InvalidateCache(const base::OpContext&,
                            const internal::InvalidateCacheRequest& request,
                            internal::Empty*, base::Done done) {
  for (const std::int64_t id : request.collection_ids()) {
    cache_.InvalidateId(id);
  }
  for (const auto& name : request.names()) {
    cache_.InvalidateName(name.database_name(), name.name());
  }
  for (const auto& dropped : request.dropped()) {
    for (std::int32_t shard = 0; shard < dropped.shards(); ++shard) {
      const segment::VchannelKey vchannel{
          .collection = base::CollectionId{dropped.collection_id()},
          .shard = static_cast<std::uint32_t>(shard)};
      positions_.Forget(vchannel);
      log_.Forget(vchannel);
    }
  }
  done(absl::OkStatus());
}

}  // namespace elanus::access
