// Copies chosen rows of one field out of several segments into a column file,
// a batch of rows at a time.
//
// Threads:   one.
// Ownership: the sources are borrowed.
// Errors:    DATA_LOSS of a source, those of the upload.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/status.h"
#include "segment/file/column_file.h"
#include "types/column.h"
#include "types/schema.h"
#include "worker/data_node/segment_files.h"

namespace elanus::worker {

class ColumnCopy {
 public:
  ColumnCopy(const Sources& sources, const types::FieldSchema& field);

  // Appends the rows to `out`, in their order.
  absl::Status Copy(std::span<const SourceRow> rows,
                    segment::ColumnFileWriter& out);

  // True if any of the sources' columns has nulls.
  absl::StatusOr<bool> HasNulls();

 private:
  // Where a row lies: its chunk's column and the row number in it.
  struct Place {
    const types::ColumnView* column = nullptr;
    std::size_t row = 0;
  };

  absl::StatusOr<Place> Find(SourceRow row);
  absl::StatusOr<const types::ColumnView*> Chunk(std::size_t source,
                                                 std::size_t chunk);
  static std::size_t RunOf(std::span<const SourceRow> rows, const Place& first);
  void AddToBatch(const Place& first, std::size_t rows);
  absl::Status WriteBatch(segment::ColumnFileWriter& out);

  const Sources& sources_;
  const types::FieldSchema& field_;
  // Columns fetched so far, by source and chunk.
  std::vector<std::vector<std::optional<types::ColumnView>>> chunks_;

  std::size_t batch_rows_ = 0;
  std::vector<std::byte> values_;
  std::vector<std::uint32_t> offsets_;
  types::Bitset nulls_;
  bool has_nulls_ = false;
};

}  // namespace elanus::worker
