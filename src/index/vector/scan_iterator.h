// Goes through all rows nearest first, after one scan that gives them all.
//
// Threads: as VectorIterator.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

class ScanIterator final : public VectorIterator {
 public:
  // `scan`: all rows that are in, in any order; called until it succeeds once.
  using Scan = std::function<absl::StatusOr<std::vector<Neighbor>>(
      const base::OpContext&)>;

  explicit ScanIterator(Scan scan) : scan_(std::move(scan)) {}

  absl::StatusOr<std::vector<Neighbor>> Next(const base::OpContext& ctx,
                                             std::size_t count) override {
    const auto is_farther = [](const Neighbor& a, const Neighbor& b) {
      return b < a;
    };
    if (scan_ != nullptr) {
      ASSIGN_OR_RETURN(heap_, scan_(ctx));
      std::make_heap(heap_.begin(), heap_.end(), is_farther);
      scan_ = nullptr;
    }
    std::vector<Neighbor> batch;
    while (batch.size() < count && !heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), is_farther);
      batch.push_back(heap_.back());
      heap_.pop_back();
    }
    return batch;
  }

 private:
  Scan scan_;                   // null: done
  std::vector<Neighbor> heap_;  // nearest on top
};

}  // namespace elanus::index
