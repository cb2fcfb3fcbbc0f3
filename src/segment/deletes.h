// Which rows of one loaded segment are deleted, and since when: what a read at
// any time T leaves out.
//
//   DeleteLog deletes;
//   deletes.Mark(row, at);            // while loading: any order
//   deletes.Publish();                // from here on readers may look
//   deletes.Mark(row, at);            // the applier: in order of time
//   types::Bitset excluded = deletes.DeletedAt(read_ts, rows);
//
// Marking is idempotent: of several times for one row the smallest wins. A
// row is deleted at T if its time is at most T.
//
// Memory: 16 bytes a deleted row, 1 bit a row where rows are deleted.
//
// Threads: Mark and Publish by one thread at a time; everything else from any
// thread, without waiting for it. A read at T sees all marks up to T if it got
// T from a clock that was published behind them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/hybrid_time.h"
#include "segment/growing/stable_array.h"
#include "types/bitset.h"

namespace elanus::segment {

// A row's place in one loaded copy of a segment.
using RowOffset = std::uint32_t;

class DeleteLog {
 public:
  DeleteLog() = default;
  DeleteLog(const DeleteLog&) = delete;
  DeleteLog& operator=(const DeleteLog&) = delete;

  // False if the row was deleted at that time already.
  bool Mark(RowOffset row, base::Timestamp at);
  // Ends the loading phase. Idempotent.
  void Publish();

  // For the thread that marks.
  bool IsMarked(RowOffset row) const;

  // Distinct rows, whenever they were deleted.
  std::size_t count() const {
    return rows_deleted_.load(std::memory_order_relaxed);
  }
  // The rows below `rows` that are deleted at `read_ts`; empty if none is.
  types::Bitset DeletedAt(base::Timestamp read_ts, std::size_t rows) const;
  // The same of one row; the rows' number costs nothing.
  bool IsDeletedAt(RowOffset row, base::Timestamp read_ts) const;

  // All marks after Publish, each row once, in any order.
  struct MarkedRow {
    RowOffset row = 0;
    base::Timestamp at;
  };
  std::vector<MarkedRow> Marked() const;

  std::size_t memory_bytes() const;

 private:
  struct Entry {
    RowOffset row = 0;
    std::uint64_t at = 0;
  };

  void Append(RowOffset row, std::uint64_t at);
  bool IsBitSet(RowOffset row, std::memory_order order) const;
  void CopyBits(types::Bitset* deleted) const;

  // Before Publish: row → smallest time.
  absl::flat_hash_map<RowOffset, std::uint64_t> loading_;
  bool published_ = false;

  // An entry is written before its bit, so a reader that sees the bit finds
  // the entry.
  StableArray<Entry> entries_;
  std::atomic<std::size_t> entry_count_{0};
  StableArray<std::atomic<std::uint64_t>> bits_;
  std::atomic<std::size_t> rows_deleted_{0};
  std::atomic<std::uint64_t> first_at_{~std::uint64_t{0}};
  // The largest time. Written before the bits: who has seen a bit and finds no
  // time here that is too late can trust the bits.
  std::atomic<std::uint64_t> last_at_{0};
  // False once a mark came out of order: reads then look at every entry.
  std::atomic<bool> is_ordered_{true};
};

}  // namespace elanus::segment
