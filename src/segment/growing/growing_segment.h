// The rows that the log has brought and no file holds yet: append-only chunks.
//
// A chunk is never moved, so readers need no lock. It holds about an eighth of
// the rows before it (16 at least), or exactly what is left of a large record:
// what is allocated and not used stays below an eighth. It ends early where
// its texts outgrow what was set aside for them.
//
// Keys are found by a table of row offsets with linear probing (Knuth, TAOCP
// vol. 3, 6.4), 5.3 to 10.7 bytes a row, and a link of 4 bytes from each row
// to the row of the same key before it.
//
// Threads:   Append and Delete by one thread; everything else from any.
// Ownership: charges the budget, which must outlive it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/memory_budget.h"
#include "base/mutex.h"
#include "segment/growing/interim_indexes.h"
#include "segment/growing/key_table.h"
#include "segment/growing/stable_array.h"
#include "segment/record/record.h"
#include "segment/segment.h"

namespace elanus::segment {

class GrowingChunk;

// Rows [row_begin, row_begin + rows) of a record.
struct RowSlice {
  const RecordView& record;
  std::size_t row_begin = 0;
  std::size_t rows = 0;
};

class GrowingSegment final : public Segment {
 public:
  static constexpr std::size_t kChunkRowsMin = 16;
  static constexpr std::size_t kChunkRowsMax = kChunkRows;

  GrowingSegment(Identity identity, base::MemoryBudget& budget);
  ~GrowingSegment() override;

  // `at` must be above that of all rows before. Fields that the record lacks
  // get their default. Errors, which change nothing: DATA_LOSS for columns
  // that are not the schema's, or without a value for a field that has no
  // default.
  absl::Status Append(const RowSlice& slice, base::Timestamp at);

  bool is_growing() const override { return true; }
  std::size_t rows() const override {
    return rows_.load(std::memory_order_acquire);
  }
  base::Timestamp min_at() const override;
  base::Timestamp max_at() const override;
  ChunkRange ChunkOf(std::size_t row) const override;
  absl::Status FindKey(const KeyView& key, base::Timestamp upto,
                       std::vector<RowOffset>* found) const override;
  bool MayContain(const KeyView& key) const override;
  std::optional<KeyRange> key_range() const override { return std::nullopt; }
  std::shared_ptr<const index::VectorIndex> vector_index(
      base::FieldId field) const override;
  // What stands in for an index while rows are added.
  InterimIndexes& interims() const { return interims_; }
  // Of the rows alone: what stands in for an index comes on top.
  std::size_t memory_bytes() const override {
    return memory_bytes_.load(std::memory_order_relaxed);
  }

 protected:
  absl::StatusOr<types::ColumnView> StoredColumn(
      const types::FieldSchema& field, std::size_t chunk) const override;
  bool HasField(base::FieldId field) const override;
  absl::StatusOr<types::ColumnView> AtColumn(std::size_t chunk) const override;
  absl::StatusOr<std::size_t> CutAt(base::Timestamp read_ts, std::size_t rows,
                                    types::Bitset* excluded) const override;
  absl::Status FindUnmarked(const KeyView& key, base::Timestamp upto,
                            std::vector<RowOffset>* found) const override;

 private:
  // Columns of the record in the schema's order.
  using Columns = std::vector<types::ColumnView>;

  absl::StatusOr<Columns> CheckedColumns(const RowSlice& slice) const;
  GrowingChunk& OpenChunk(const Columns& columns, std::size_t row_begin,
                          std::size_t rows);
  void IndexKeys(std::size_t row_begin, std::size_t row_end);
  std::size_t ChunkIndexOf(std::size_t row) const;
  KeyView KeyAtRow(RowOffset row) const;
  std::uint64_t AtOfRow(std::size_t row) const;
  std::uint64_t HashAtRow(RowOffset row) const;
  void Account();

  base::MemoryBudget& budget_;
  std::size_t key_index_ = 0;  // of the key among the schema's fields
  StableArray<std::unique_ptr<GrowingChunk>> chunks_;
  std::atomic<std::size_t> chunk_count_{0};
  std::atomic<std::size_t> rows_{0};
  std::size_t rows_written_ = 0;         // the writer's own count
  std::vector<std::size_t> text_bytes_;  // so far, per field
  KeyTable keys_;
  std::size_t chunk_bytes_ = 0;
  std::atomic<std::size_t> memory_bytes_{0};
  base::MemoryReservation held_;
  mutable InterimIndexes interims_;
};

}  // namespace elanus::segment
