// A segment in memory, growing or sealed: typed columns in chunks, addressed
// by row offset, and the deletes that apply to it.
//
//   const Visibility visible = *segment.VisibleAt(read_ts);
//   for (const ChunkRange& chunk : segment.Chunks(visible.rows)) {
//     ASSIGN_OR_RETURN(types::ColumnView values,
//                      segment.Column(field, chunk.index));
//     values = FirstRows(values, chunk.rows);
//   }
//
// Chunk boundaries are the same for all columns of a segment.
//
// Threads:   any; reads never wait for the one thread that appends and deletes.
// Ownership: held by shared_ptr; views live as long as the segment.
// Errors:    DATA_LOSS naming file and block where a sealed segment's file is
//            damaged; kServiceInternal for a read below history_from().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/status.h"
#include "index/vector/vector_index.h"
#include "segment/deletes.h"
#include "segment/file/column_file.h"
#include "segment/file/manifest.h"
#include "segment/key.h"
#include "segment/replay/replay_step.h"
#include "types/bitset.h"
#include "types/column.h"
#include "types/schema.h"

namespace elanus::segment {

struct ChunkRange {
  std::size_t index = 0;
  std::size_t row_begin = 0;
  std::size_t rows = 0;
};

// What a read at one time sees of a segment.
struct Visibility {
  std::size_t rows = 0;    // rows at or behind this one do not exist yet
  types::Bitset excluded;  // 1 = row is out; `rows` bits, or empty: none is

  std::size_t visible_count() const { return rows - excluded.Count(); }
};

class Segment {
 public:
  struct Identity {
    base::SegmentId id{0};
    base::PartitionId partition{0};
    std::shared_ptr<const types::Schema> schema;  // of its columns
  };

  explicit Segment(Identity identity);
  virtual ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  base::SegmentId id() const { return identity_.id; }
  base::PartitionId partition() const { return identity_.partition; }
  const std::shared_ptr<const types::Schema>& schema() const {
    return identity_.schema;
  }

  virtual bool is_growing() const = 0;
  // Rows so far, visible or not.
  virtual std::size_t rows() const = 0;
  // Smallest and largest effective time; of an empty segment both 0.
  virtual base::Timestamp min_at() const = 0;
  virtual base::Timestamp max_at() const = 0;
  // The oldest time that the segment answers exactly.
  virtual base::Timestamp history_from() const { return {}; }

  // The chunks of rows [0, row_count); the last may be cut.
  std::vector<ChunkRange> Chunks(std::size_t row_count) const;
  // The chunk of a row, whole as it is now.
  virtual ChunkRange ChunkOf(std::size_t row) const = 0;

  // All rows of the chunk that there are now; the next call may give more. A
  // field that the segment lacks is answered with its default, or with nulls.
  absl::StatusOr<types::ColumnView> Column(const types::FieldSchema& field,
                                           std::size_t chunk) const;
  // A field of schema(), or kTimestampField; otherwise kFieldNotFound.
  absl::StatusOr<types::ColumnView> Column(base::FieldId field,
                                           std::size_t chunk) const;
  absl::StatusOr<types::ColumnView> Keys(std::size_t chunk) const {
    return Column(schema()->primary_key().id, chunk);
  }
  absl::StatusOr<base::Timestamp> AtOf(RowOffset row) const;
  virtual absl::StatusOr<types::PrimaryKey> KeyOfRow(RowOffset row) const;

  // Errors: kServiceInternal below history_from().
  absl::StatusOr<Visibility> VisibleAt(base::Timestamp read_ts) const;
  // The same for a few rows: those that FindKey gives for a time that
  // CheckHistory lets pass, without those that are deleted at that time.
  absl::Status CheckHistory(base::Timestamp read_ts) const;
  bool IsDeletedAt(RowOffset row, base::Timestamp read_ts) const {
    return deletes_.IsDeletedAt(row, read_ts);
  }

  // Appends the rows of `key` with an effective time of at most `upto` to
  // `found`, in any order, deleted ones among them.
  virtual absl::Status FindKey(const KeyView& key, base::Timestamp upto,
                               std::vector<RowOffset>* found) const = 0;
  // False only if the segment has no row of this key.
  virtual bool MayContain(const KeyView& key) const = 0;
  // Empty while there are no rows, and where nobody keeps it.
  virtual std::optional<KeyRange> key_range() const = 0;
  // True only if rows lie by rising key.
  virtual bool is_in_key_order() const { return false; }

  // The index on this field; null = none, search by brute force.
  virtual std::shared_ptr<const index::VectorIndex> vector_index(
      base::FieldId field) const = 0;

  // Marks the rows that the tombstones hide. The thread that applies the log,
  // or the loading one before PublishDeletes.
  absl::Status Delete(const TombstoneRun& tombstones);
  absl::Status Delete(const KeyView& key, base::Timestamp upto,
                      base::Timestamp at);
  // Ends the loading phase: readers may look from now on.
  void PublishDeletes() {
    deletes_.Publish();
    AccountDeletes();
  }
  std::size_t deleted_count() const { return deletes_.count(); }
  // After PublishDeletes, in any order.
  std::vector<DeleteLog::MarkedRow> deleted_rows() const {
    return deletes_.Marked();
  }

  // Bytes held, without mapped files.
  virtual std::size_t memory_bytes() const = 0;

 protected:
  // Rows were marked: what that takes may have grown.
  virtual void AccountDeletes() {}

  DeleteLog& deletes() { return deletes_; }
  const DeleteLog& deletes() const { return deletes_; }

  // `rows` times the field's default, or nulls.
  // Errors: DATA_LOSS for a field that may not be left out.
  absl::StatusOr<types::ColumnView> DefaultValues(
      const types::FieldSchema& field, std::size_t rows) const;

  // A field that the segment has.
  virtual absl::StatusOr<types::ColumnView> StoredColumn(
      const types::FieldSchema& field, std::size_t chunk) const = 0;
  virtual bool HasField(base::FieldId field) const = 0;
  virtual absl::StatusOr<types::ColumnView> AtColumn(
      std::size_t chunk) const = 0;
  // Rows [0, n) that may be visible at read_ts, n being the result, at most
  // `rows`. Sets those among them that are younger in `excluded`, which it
  // makes `rows` bits long if it is empty.
  virtual absl::StatusOr<std::size_t> CutAt(base::Timestamp read_ts,
                                            std::size_t rows,
                                            types::Bitset* excluded) const = 0;
  // Rows of `key` that `upto` covers and that are not marked yet.
  virtual absl::Status FindUnmarked(const KeyView& key, base::Timestamp upto,
                                    std::vector<RowOffset>* found) const;

 private:
  struct DefaultColumn;

  const Identity identity_;
  DeleteLog deletes_;
  mutable base::Mutex defaults_mutex_;
  mutable std::vector<std::shared_ptr<const DefaultColumn>> defaults_
      ABSL_GUARDED_BY(defaults_mutex_);
};

// The first rows of a column.
types::ColumnView FirstRows(const types::ColumnView& column, std::size_t rows);
// Rows [begin, begin + rows) of a column without nulls, or begin a multiple of
// 64.
types::ColumnView SliceRows(const types::ColumnView& column, std::size_t begin,
                            std::size_t rows);

}  // namespace elanus::segment
