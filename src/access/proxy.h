// The proxy: ends the public calls, checks them against the cached schema,
// stamps time and ids, routes writes by primary key, fans reads out and merges
// their answers. Holds no state but caches.
//
//   Proxy proxy({...});
//   proxy.Register(dispatch);
//
// One file a verb: insert.cc, upsert.cc, delete.cc, search.cc, query.cc; the
// calls about collections, indexes, loading and so on are in ddl/.
//
// Threads:   any; no method blocks its caller.
// Ownership: everything in Dependencies is borrowed and outlives the proxy.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "access/grpc/dispatch.h"
#include "access/iterator_pins.h"
#include "access/meta_cache.h"
#include "access/session_positions.h"
#include "access/time_blocks.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/executor.h"
#include "base/ids.h"
#include "base/memory_budget.h"
#include "base/metrics.h"
#include "base/timer.h"
#include "role/data_coord.h"
#include "role/proxy.h"
#include "role/query_coord.h"
#include "role/query_node.h"
#include "role/root_coord.h"
#include "segment/record/log_writer.h"
#include "storage/log_broker.h"

namespace elanus::access {

class Proxy final : public role::Proxy {
 public:
  // The query node of that id; null if it cannot be reached.
  using FindQueryNode = std::function<role::QueryNode*(
      std::int64_t node_id, const std::string& address)>;

  struct Dependencies {
    role::RootCoord& root_coord;
    role::DataCoord& data_coord;
    role::QueryCoord& query_coord;
    FindQueryNode find_query_node;
    storage::LogBroker& broker;
    base::MemoryBudget& budget;
    const base::Clock& clock;
    base::Timer& timer;
    base::Executor& requests;
    const base::Config& config;
    base::Metrics& metrics;
    base::WriterId writer;  // never used before
  };

  explicit Proxy(const Dependencies& dependencies);

  // Puts every call that the proxy knows into the table.
  void Register(Dispatch& dispatch);

  void InvalidateCache(const base::OpContext& ctx,
                       const internal::InvalidateCacheRequest& request,
                       internal::Empty* reply, base::Done done) override;

  // For the verbs' files.
  const Dependencies& deps() const { return deps_; }
  const base::Config& config() const { return deps_.config; }
  MetaCache& cache() { return cache_; }
  TimeBlocks& times() { return times_; }
  IdBlocks& ids() { return ids_; }
  SessionPositions& positions() { return positions_; }
  IteratorPins& pins() { return pins_; }
  segment::LogWriter& log() { return log_; }

  struct Counters {
    base::Counter& inserted;
    base::Counter& deleted;
    base::Histogram& search_seconds;
    base::Histogram& query_seconds;
  };
  Counters& counters() { return counters_; }
  // Since `start_ns` of the monotonic clock.
  double SecondsSince(std::int64_t start_ns) const;

 private:
  const Dependencies deps_;
  MetaCache cache_;
  TimeBlocks times_;
  IdBlocks ids_;
  SessionPositions positions_;
  IteratorPins pins_;
  segment::LogWriter log_;
  Counters counters_;
};

}  // namespace elanus::access
