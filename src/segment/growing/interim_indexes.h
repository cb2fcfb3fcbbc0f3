// The interim indexes of a growing segment, one for each vector field that is
// searched. Reads ask for them, and say so when they have fallen behind; a
// thread in the background then brings them up to date. What they lack is
// scanned.
//
//   const auto index = segment.interims().Find(field, metric);  // or null
//   if (segment.interims().Claim(*field, metric)) {
//     executor.Submit([=] { segment->interims().Extend(*field, metric); });
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
#include "index/vector/interim/interim_index.h"
#include "types/metric.h"
#include "types/schema.h"

namespace elanus::segment {

class Segment;

class InterimIndexes {
 public:
  // So many rows are worth a round; fewer are scanned.
  static constexpr std::size_t kStepRows = 256;

  InterimIndexes(const Segment& segment, base::MemoryBudget& budget)
      : segment_(segment), budget_(budget) {}

  std::shared_ptr<const index::InterimIndex> Find(
      base::FieldId field, types::MetricType metric) const;

  // True if rows wait and nobody sees to them: then the caller has Extend
  // called, once.
  bool Claim(const types::FieldSchema& field, types::MetricType metric);
  // Adds the rows that wait. An index with too few lists for its rows is made
  // anew.
  absl::Status Extend(const types::FieldSchema& field,
                      types::MetricType metric);

 private:
  struct Entry {
    base::FieldId field{0};
    bool is_claimed = false;
    std::shared_ptr<index::InterimIndex> index;
    base::MemoryReservation held;
  };

  absl::StatusOr<std::shared_ptr<index::InterimIndex>> UpToDate(
      const types::FieldSchema& field, types::MetricType metric,
      std::shared_ptr<index::InterimIndex> index) const;

  const Segment& segment_;
  base::MemoryBudget& budget_;
  mutable base::Mutex mutex_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::segment
