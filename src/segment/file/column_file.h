// One field of a run of rows as a file that is mapped and used in place.
// docs/formats/column_file.md has the bytes.
//
//   ColumnFileWriter out({.field = f, .type = types::DataType::kInt64,
//                         .rows = n}, upload);
//   for (chunk) RETURN_IF_ERROR(out.Append(chunk));
//   ASSIGN_OR_RETURN(const WrittenFile written, out.Finish());
//
//   ASSIGN_OR_RETURN(auto file, ColumnFile::Open(buffer, name));
//   for (size_t i = 0; i < file->chunk_count(); ++i) {
//     ASSIGN_OR_RETURN(const ColumnChunk chunk, file->Chunk(i));
//
// Chunks have kChunkRows rows, the last one the rest, so the chunks of all
// columns of the same rows line up. The time `at` of each row is a column of
// Int64 with the field id kTimestampField.
//
// Threads:   a writer: one thread. ColumnFile: all methods from any thread.
// Ownership: a ColumnFile keeps its buffer. Views of a chunk live as long as
//            the ColumnFile and the ColumnChunk they came in.
// Errors:    DATA_LOSS naming file and block. The contents of values (UTF-8,
//            JSON, rising indexes) are not looked at.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/ids.h"
#include "base/status.h"
#include "segment/chunk_rows.h"
#include "segment/file/block_file.h"
#include "storage/object_store.h"
#include "types/column.h"

namespace elanus::segment {

// Effective times of the rows.
inline constexpr base::FieldId kTimestampField{1};

enum class Compression : std::uint8_t {
  kNone = 0,
  kLz4 = 1,  // chunk by chunk, where it saves an eighth or more
};

struct ColumnSpec {
  base::FieldId field{0};
  types::DataType type = types::DataType::kNone;
  std::int64_t dim = 0;  // dense vectors only
  std::uint64_t rows = 0;
  bool has_nulls = false;
  // Variable-length types only. Compressed chunks cannot be used in place.
  Compression compression = Compression::kNone;
};

// Where a chunk of a variable-length column lies.
struct ChunkPlace {
  std::uint64_t offset = 0;
  std::uint64_t stored_size = 0;
  std::uint64_t raw_size = 0;
  Compression compression = Compression::kNone;
};

class ColumnFileWriter {
 public:
  // Borrows `upload`; does not call its Finish.
  ColumnFileWriter(const ColumnSpec& spec, storage::Upload& upload);

  // The next rows: any number of them, of the spec's type and dimension.
  absl::Status Append(const types::ColumnView& values);
  // When all rows of the spec are in.
  absl::StatusOr<WrittenFile> Finish();

 private:
  absl::Status WriteHeader();
  absl::Status NoteNulls(const types::ColumnView& values);
  absl::Status AppendTexts(const types::ColumnView& values);
  absl::Status FlushChunk();

  ColumnSpec spec_;
  BlockFileWriter out_;
  bool started_ = false;
  std::uint64_t rows_ = 0;
  std::vector<std::uint64_t> nulls_;
  // The chunk in the making, variable-length types only.
  std::vector<std::uint32_t> offsets_{0};
  std::string texts_;
  std::vector<ChunkPlace> chunks_;
};

struct ColumnChunk {
  types::ColumnView values;
  base::Buffer memory;  // what `values` points into, if not the file itself
};

class ColumnFile {
 public:
  static absl::StatusOr<std::unique_ptr<ColumnFile>> Open(
      base::Buffer buffer, std::string_view name,
      CheckBlocks check = CheckBlocks::kWhenTouched);

  const std::string& name() const { return file_->name(); }
  base::FieldId field() const { return spec_.field; }
  types::DataType type() const { return spec_.type; }
  std::int64_t dim() const { return spec_.dim; }
  std::uint64_t rows() const { return spec_.rows; }
  bool has_nulls() const { return spec_.has_nulls; }

  std::size_t chunk_count() const { return chunk_count_; }
  // `index` < chunk_count().
  absl::StatusOr<ColumnChunk> Chunk(std::size_t index) const;

  // All values of a fixed-width column in one view, in place.
  absl::StatusOr<types::ColumnView> Whole() const;

 private:
  ColumnFile() = default;

  absl::Status ReadHeader();
  absl::Status ReadChunkTable();
  std::size_t RowsOf(std::size_t chunk) const;
  absl::StatusOr<types::BitsetView> Nulls(std::uint64_t first_row,
                                          std::size_t rows) const;
  absl::StatusOr<ColumnChunk> TextChunk(std::size_t index) const;
  absl::Status SetTexts(std::size_t index, std::span<const std::byte> raw,
                        bool known, types::ColumnView& values) const;

  std::unique_ptr<BlockFile> file_;
  ColumnSpec spec_;
  std::size_t chunk_count_ = 0;
  std::uint64_t nulls_at_ = 0;
  std::vector<ChunkPlace> chunks_;  // variable-length types only
  // Chunks used in place whose offsets were found to rise.
  mutable std::vector<std::atomic<bool>> rising_;
};

}  // namespace elanus::segment
