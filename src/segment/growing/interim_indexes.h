// The interim indexes of a growing segment, for each vector field that is
// searched. Reads ask for them, and say so when they have fallen behind; a
// thread in the background then brings them up to date. What they lack is
// scanned.
//
// A graph finds the rows; while it cannot keep up with those that come, lists
// hold what it lacks. There are only lists where rows are few, or have to be
// found exactly.
//
//   const Interim interim = segment.interims().Find(field, metric);
//   if (segment.interims().Claim(*field, metric, is_exact, segment.rows())) {
//     RETURN_IF_ERROR(segment.interims().Extend(*field, metric, is_exact));
//   }
//
// Threads:   any.
// Ownership: belongs to its segment; indexes are shared with reads under way
//            and borrow the segment's rows.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/status.h"
#include "index/vector/interim/interim_graph.h"
#include "index/vector/interim/interim_lists.h"
#include "types/metric.h"
#include "types/schema.h"

namespace elanus::segment {

class Segment;

// Either may be null. The graph has the rows from 0 on, the lists those from
// their begin() on, which the graph may have by now as well.
struct Interim {
  std::shared_ptr<index::InterimGraph> graph;
  std::shared_ptr<index::InterimLists> lists;

  std::size_t memory_bytes() const;
};

class InterimIndexes {
 public:
  // So many rows are worth a round; fewer are scanned.
  static constexpr std::size_t kStepRows = 128;
  // A graph gets its rows by words of bits, and a search divides them so, that
  // what excludes rows can be cut where it ends.
  static constexpr std::size_t kWordRows = 64;
  // So many rows go into the graph in a round: some hundredths of a second.
  static constexpr std::size_t kRoundRows = 256;
  // Where more than these wait for the graph, the lists are filled first.
  static constexpr std::size_t kGraphRows = 2048;

  InterimIndexes(const Segment& segment, base::MemoryBudget& budget)
      : segment_(segment), budget_(budget) {}

  // For reading only.
  Interim Find(base::FieldId field, types::MetricType metric) const;

  // True if of the first `rows` some wait and nobody sees to them: then the
  // caller has Extend called, once.
  bool Claim(const types::FieldSchema& field, types::MetricType metric,
             bool is_exact, std::size_t rows);
  // Adds rows that wait; `is_exact`: to the lists alone. Many that wait for the
  // graph want several rounds.
  absl::Status Extend(const types::FieldSchema& field, types::MetricType metric,
                      bool is_exact);

 private:
  struct Entry {
    base::FieldId field{0};
    bool is_claimed = false;
    types::MetricType metric = types::MetricType::kL2;
    Interim interim;
    base::MemoryReservation held;
  };

  const Segment& segment_;
  base::MemoryBudget& budget_;
  mutable base::Mutex mutex_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::segment
