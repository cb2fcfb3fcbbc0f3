#include "segment/file/column_file.h"

#include <lz4.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/byte_io.h"
#include "segment/file/column_format.h"
#include "segment/record/record_format.h"

namespace elanus::segment {
namespace {

namespace format = column_format;

constexpr std::uint64_t kMaxRows = std::uint64_t{1} << 40;
// LZ4 cannot make more out of one byte.
constexpr std::uint64_t kMaxLz4Ratio = 255;

bool IsColumnType(const ColumnSpec& spec) {
  return record_format::CheckColumn(
             {.field = spec.field, .type = spec.type, .dim = spec.dim})
      .ok();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ColumnFile>> ColumnFile::Open(
    base::Buffer buffer, std::string_view name, CheckBlocks check) {
  std::unique_ptr<ColumnFile> column(new ColumnFile);
  ASSIGN_OR_RETURN(column->file_,
                   BlockFile::Open(std::move(buffer), name, check));
  RETURN_IF_ERROR(column->ReadHeader());
  return column;
}

absl::Status ColumnFile::ReadHeader() {
  ASSIGN_OR_RETURN(const auto raw, file_->Range(0, format::kHeaderSize));
  base::ByteReader in(raw, file_->name());
  ASSIGN_OR_RETURN(const auto magic, in.Raw(format::kMagic.size()));
  if (!std::ranges::equal(magic,
                          std::as_bytes(std::span(format::kMagic.data(), 4)))) {
    return base::DataLoss("{}: does not start with {}", name(), format::kMagic);
  }
  ASSIGN_OR_RETURN(const auto version, in.Fixed<std::uint16_t>());
  if (version != format::kVersion) {
    return base::DataLoss("{}: format version {}, known is {}", name(), version,
                          format::kVersion);
  }
  ASSIGN_OR_RETURN(const auto flags, in.Fixed<std::uint16_t>());
  ASSIGN_OR_RETURN(const auto type, in.Fixed<std::int32_t>());
  ASSIGN_OR_RETURN(const auto chunk_rows, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(spec_.dim, in.Fixed<std::int64_t>());
  ASSIGN_OR_RETURN(spec_.rows, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const auto field, in.Fixed<std::int64_t>());
  spec_.field = base::FieldId{field};
  spec_.type = static_cast<types::DataType>(type);
  spec_.has_nulls = (flags & format::kHasNulls) != 0;
  if ((flags & ~format::kHasNulls) != 0 || !IsColumnType(spec_) ||
      chunk_rows != kChunkRows || spec_.rows > kMaxRows) {
    return base::DataLoss(
        "{}: flags {}, type {}, dim {}, {} rows in chunks "
        "of {}",
        name(), flags, type, spec_.dim, spec_.rows, chunk_rows);
  }
  chunk_count_ =
      static_cast<std::size_t>((spec_.rows + kChunkRows - 1) / kChunkRows);
  return ReadChunkTable();
}

absl::Status ColumnFile::ReadChunkTable() {
  std::uint64_t end = format::kHeaderSize;
  if (types::IsVariableLength(spec_.type)) {
    base::ByteReader in(file_->footer(), file_->name());
    if (in.remaining() / format::kChunkPlaceSize != chunk_count_ ||
        in.remaining() % format::kChunkPlaceSize != 0) {
      return base::DataLoss("{}: {} bytes of footer for {} chunks", name(),
                            in.remaining(), chunk_count_);
    }
    for (std::size_t i = 0; i < chunk_count_; ++i) {
      ChunkPlace chunk;
      ASSIGN_OR_RETURN(chunk.offset, in.Fixed<std::uint64_t>());
      ASSIGN_OR_RETURN(chunk.stored_size, in.Fixed<std::uint64_t>());
      ASSIGN_OR_RETURN(chunk.raw_size, in.Fixed<std::uint64_t>());
      ASSIGN_OR_RETURN(const auto compression, in.Fixed<std::uint64_t>());
      chunk.compression = static_cast<Compression>(compression);
      const bool lz4 = chunk.compression == Compression::kLz4;
      if (compression > 1 || chunk.offset != end ||
          chunk.stored_size > file_->data_size() - end ||
          (lz4 ? chunk.raw_size / kMaxLz4Ratio > chunk.stored_size
               : chunk.raw_size != chunk.stored_size)) {
        return base::DataLoss("{}: chunk {} does not lie in the file", name(),
                              i);
      }
      end = format::AlignUp(end + chunk.stored_size);
      chunks_.push_back(chunk);
    }
    rising_ = std::vector<std::atomic<bool>>(chunk_count_);
  } else {
    if (!file_->footer().empty()) {
      return base::DataLoss("{}: a footer of {} bytes", name(),
                            file_->footer().size());
    }
    end = format::AlignUp(end + spec_.rows *
                                    types::FixedWidth(spec_.type, spec_.dim));
  }
  nulls_at_ = end;
  if (spec_.has_nulls) end = format::AlignUp(end + (spec_.rows + 63) / 64 * 8);
  if (end != file_->data_size()) {
    return base::DataLoss("{}: {} rows end at byte {}, the data at {}", name(),
                          spec_.rows, end, file_->data_size());
  }
  return absl::OkStatus();
}

std::size_t ColumnFile::RowsOf(std::size_t chunk) const {
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(kChunkRows, spec_.rows - chunk * kChunkRows));
}

absl::StatusOr<types::BitsetView> ColumnFile::Nulls(std::uint64_t first_row,
                                                    std::size_t rows) const {
  if (!spec_.has_nulls) return types::BitsetView();
  ASSIGN_OR_RETURN(const auto raw, file_->Range(nulls_at_ + first_row / 8,
                                                (rows + 63) / 64 * 8));
  const std::span words{reinterpret_cast<const std::uint64_t*>(raw.data()),
                        raw.size() / 8};
  if (!record_format::CheckNulls(words, rows).ok()) {
    return base::DataLoss("{}: a null beyond the last row", name());
  }
  return types::BitsetView(words.data(), rows);
}

absl::StatusOr<ColumnChunk> ColumnFile::Chunk(std::size_t index) const {
  const std::size_t rows = RowsOf(index);
  const std::uint64_t first_row = index * kChunkRows;
  ColumnChunk chunk;
  if (types::IsVariableLength(spec_.type)) {
    ASSIGN_OR_RETURN(chunk, TextChunk(index));
  } else {
    const std::size_t width = types::FixedWidth(spec_.type, spec_.dim);
    ASSIGN_OR_RETURN(
        chunk.values.values,
        file_->Range(format::kHeaderSize + first_row * width, rows * width));
  }
  chunk.values.type = spec_.type;
  chunk.values.dim = spec_.dim;
  chunk.values.rows = rows;
  ASSIGN_OR_RETURN(chunk.values.nulls, Nulls(first_row, rows));
  return chunk;
}

absl::StatusOr<ColumnChunk> ColumnFile::TextChunk(std::size_t index) const {
  const ChunkPlace& place = chunks_[index];
  ColumnChunk chunk;
  ASSIGN_OR_RETURN(const auto stored,
                   file_->Range(place.offset, place.stored_size));
  if (place.compression == Compression::kNone) {
    const bool known = rising_[index].load(std::memory_order_relaxed);
    RETURN_IF_ERROR(SetTexts(index, stored, known, chunk.values));
    rising_[index].store(true, std::memory_order_relaxed);
    return chunk;
  }
  constexpr auto kMaxInt =
      static_cast<std::uint64_t>(std::numeric_limits<int>::max());
  int size = -1;
  if (place.raw_size <= kMaxInt && place.stored_size <= kMaxInt) {
    base::AlignedBytes raw(static_cast<std::size_t>(place.raw_size));
    size = LZ4_decompress_safe(reinterpret_cast<const char*>(stored.data()),
                               reinterpret_cast<char*>(raw.data()),
                               static_cast<int>(stored.size()),
                               static_cast<int>(raw.size()));
    chunk.memory = std::move(raw).Freeze();
  }
  if (size < 0 || static_cast<std::uint64_t>(size) != place.raw_size) {
    return base::DataLoss("{}: chunk {} cannot be decompressed", name(), index);
  }
  RETURN_IF_ERROR(SetTexts(index, chunk.memory.bytes(), false, chunk.values));
  return chunk;
}

// Finds offsets and texts in the bytes of a chunk. `known`: they were found to
// be right before.
absl::Status ColumnFile::SetTexts(std::size_t index,
                                  std::span<const std::byte> raw, bool known,
                                  types::ColumnView& values) const {
  const std::size_t count = RowsOf(index) + 1;
  const auto texts_at =
      static_cast<std::size_t>(format::AlignUp(count * sizeof(std::uint32_t)));
  if (raw.size() < texts_at) {
    return base::DataLoss("{}: chunk {} has no room for its offsets", name(),
                          index);
  }
  values.offsets = {reinterpret_cast<const std::uint32_t*>(raw.data()), count};
  values.values = raw.subspan(texts_at);
  if (!known &&
      !record_format::CheckOffsets(values.offsets, values.values.size()).ok()) {
    return base::DataLoss("{}: chunk {} has wrong offsets", name(), index);
  }
  return absl::OkStatus();
}

absl::StatusOr<types::ColumnView> ColumnFile::Whole() const {
  if (types::IsVariableLength(spec_.type)) {
    return base::Error(base::ErrorCode::kServiceInternal,
                       "{}: values of varying length do not lie in one piece",
                       name());
  }
  types::ColumnView view{.type = spec_.type,
                         .dim = spec_.dim,
                         .rows = static_cast<std::size_t>(spec_.rows)};
  ASSIGN_OR_RETURN(
      view.values,
      file_->Range(format::kHeaderSize,
                   spec_.rows * types::FixedWidth(spec_.type, spec_.dim)));
  ASSIGN_OR_RETURN(view.nulls, Nulls(0, view.rows));
  return view;
}

}  // namespace elanus::segment
