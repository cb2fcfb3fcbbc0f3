// Rows that are added one by one and searched meanwhile: a list of blocks, in
// each the rows' 8-bit codes, group by group, and where the rows themselves
// lie. The last rows, too few for a group, have no code yet.
//
//   RowList list(dim, is_l2);
//   list.Add({.vector = x, .inverse_norm = 1, .row = 17});
//   ListScan scan(...);
//   scan.Scan(list, best);
//
// Threads:   Add by one thread, everything else from any at the same time.
// Ownership: vectors are borrowed and must not move.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "index/vector/flat/code_bounds.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/topk.h"
#include "index/vector/vector_index.h"
#include "simd/code_scan.h"
#include "types/bitset.h"

namespace elanus::index {

struct ListRow {
  const float* vector = nullptr;
  float inverse_norm = 1;  // COSINE
  std::uint32_t row = 0;
};

class RowList {
 public:
  static constexpr std::size_t kBlockGroups = 4;
  static constexpr std::size_t kBlockRows = kBlockGroups * simd::kCodeGroup;

  struct Block {
    explicit Block(std::size_t width);

    simd::CodeTable table(std::size_t width) const;

    base::AlignedBytes bytes;
    std::uint8_t* const codes;  // in `bytes`
    std::array<float, kBlockRows> scales{};
    std::array<float, kBlockRows> errors{};
    std::array<float, kBlockRows> sizes{};
    std::array<ListRow, kBlockRows> rows{};
    const Block* next = nullptr;
  };

  // Of rows without codes the machine's kernels would have no use.
  RowList(std::size_t dim, bool is_l2, bool with_codes)
      : dim_(dim), is_l2_(is_l2), with_codes_(with_codes) {}

  // Rows in the order of their numbers.
  void Add(const ListRow& row);

  // Rows [0, rows()) may be read, in the blocks from first() on; of a block,
  // `next` if there are rows behind it.
  std::size_t rows() const { return rows_.load(std::memory_order_acquire); }
  // After rows() said that there are any.
  const Block* first() const { return first_; }
  // The writer's: bytes held.
  std::size_t memory_bytes() const;

 private:
  void Encode(Block& block, std::size_t group) const;

  const std::size_t dim_;
  const bool is_l2_;
  const bool with_codes_;
  std::atomic<std::size_t> rows_{0};
  // Set before the rows that they lead to are published.
  const Block* first_ = nullptr;
  std::vector<std::unique_ptr<Block>> blocks_;  // the writer's
};

// One query over list after list.
//
// Threads: none.
class ListScan {
 public:
  struct Rows {
    std::size_t begin = 0;  // all others are out
    std::size_t end = 0;
    types::BitsetView excluded;
  };

  // `query` as the kernels want it (BindQueries).
  ListScan(const float* query, std::size_t dim, types::MetricType metric,
           const Rows& rows, bool with_codes);

  // Offers all rows of the list that are in and not farther than best.bound().
  void Scan(const RowList& list, TopK& best);

 private:
  bool IsIn(std::uint32_t row) const {
    return row >= rows_.begin && row < rows_.end && !rows_.excluded.Test(row);
  }
  void ScanGroups(const RowList::Block& block, std::size_t groups, TopK& best);
  void Offer(const ListRow& row, TopK& best);

  const float* const query_;
  const std::size_t dim_;
  const bool is_l2_;
  const bool is_cosine_;
  const Rows rows_;
  const simd::RowsKernel distance_;
  CodedQuery coded_;
  const bool with_codes_;
  std::array<std::uint32_t, RowList::kBlockRows> candidates_{};
};

}  // namespace elanus::index
