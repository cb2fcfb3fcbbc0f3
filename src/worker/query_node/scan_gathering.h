// Lets searches that come at the same time share a scan: going over all rows
// for four queries costs little more than for one.
//
//   ScanGathering scans(executor, counters,
//                       [](std::span<PassedSearch> searches) {
//                         ... fills replies and outcomes ...
//                       });
//   scans.Run(key, std::move(search));
//
// A search starts at once, on its own thread, if no scan of its key is under
// way. Otherwise it waits for a task, submitted behind all that is queued, so
// that whatever waits in the queue can join. The task takes no more than its
// share, if all threads scanned: the others would stand idle beside a scan for
// everyone. For the same reason there is no task for less than a share. Those
// few wait for the scan that is under way, whose searches come back.
//
// Threads:   any. Scans run on the executor or on the caller's thread, several
//            at once; no lock is held meanwhile.
// Ownership: executor and counters are borrowed. Searches that still wait when
//            this is destroyed are never finished.
// Errors:    a search that was cancelled, or whose deadline passed, before its
//            scan began has that outcome. All others have the scan's.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/executor.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "worker/query_node/passed_search.h"

namespace elanus::worker {

class ScanGathering {
 public:
  // What the kernels compare with a row at a time; a scan for fewer is hardly
  // cheaper.
  static constexpr std::size_t kShareMin = 4;
  // Of one scan.
  static constexpr std::size_t kQueriesMax = 256;
  static constexpr std::size_t kHitsMax = std::size_t{1} << 16;

  struct Counters {
    base::Counter& searches;
    base::Counter& scans;
  };
  using Scan = std::function<void(std::span<PassedSearch> searches)>;

  ScanGathering(base::Executor& executor, const Counters& counters, Scan scan)
      : executor_(executor), counters_(counters), scan_(std::move(scan)) {}

  void Run(const std::string& key, PassedSearch search);

 private:
  using Searches = std::vector<PassedSearch>;
  // Of one key.
  struct Gathered {
    std::size_t scans = 0;  // under way
    std::size_t scanned_for = 0;
    bool has_task = false;  // submitted, and has not begun
    std::deque<PassedSearch> waiting;
  };

  // Whether the caller has to submit a task, now that something has changed.
  bool ClaimTask(Gathered& gathered) const;
  void Submit(const std::string& key);
  void RunTask(const std::string& key);
  Searches TakeShare(Gathered& gathered) const;
  // Of searches that are counted as under way.
  void Answer(const std::string& key, Searches searches);
  void End(const std::string& key, std::size_t searches);

  base::Executor& executor_;
  const Counters counters_;
  const Scan scan_;
  base::Mutex mutex_;
  absl::flat_hash_map<std::string, Gathered> by_key_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::worker
