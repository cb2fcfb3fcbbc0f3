#include <lz4.h>

#include <algorithm>
#include <limits>

#include "base/byte_io.h"
#include "segment/file/column_file.h"
#include "segment/file/column_format.h"

namespace elanus::segment {
namespace {

namespace format = column_format;

absl::Status Misuse(const ColumnSpec& spec, std::string_view what) {
  return base::Error(base::ErrorCode::kServiceInternal,
                     "column file of field {}: {}", base::ToInt(spec.field),
                     what);
}

// Empty where compression does not pay.
std::string Compress(std::string_view raw) {
  if (raw.size() > static_cast<std::size_t>(LZ4_MAX_INPUT_SIZE)) return {};
  const std::size_t limit = raw.size() - raw.size() / 8;
  std::string stored(limit, '\0');
  const int size = LZ4_compress_default(raw.data(), stored.data(),
                                        static_cast<int>(raw.size()),
                                        static_cast<int>(limit));
  stored.resize(static_cast<std::size_t>(std::max(size, 0)));
  return stored;
}

}  // namespace

ColumnFileWriter::ColumnFileWriter(const ColumnSpec& spec,
                                   storage::Upload& upload)
    : spec_(spec), out_(upload) {
  if (spec_.has_nulls) nulls_.resize((spec_.rows + 63) / 64);
}

absl::Status ColumnFileWriter::WriteHeader() {
  started_ = true;
  base::ByteWriter header;
  header.Raw(format::kMagic);
  header.Fixed(format::kVersion);
  header.Fixed(spec_.has_nulls ? format::kHasNulls : std::uint16_t{0});
  header.Fixed(static_cast<std::int32_t>(spec_.type));
  header.Fixed(static_cast<std::uint32_t>(kChunkRows));
  header.Fixed(spec_.dim);
  header.Fixed(spec_.rows);
  header.Fixed(base::ToInt(spec_.field));
  header.AlignTo(format::kHeaderSize);
  return out_.Write(header.view());
}

absl::Status ColumnFileWriter::Append(const types::ColumnView& values) {
  if (values.type != spec_.type || values.dim != spec_.dim) {
    return Misuse(spec_, "rows of another type or dimension");
  }
  if (values.rows > spec_.rows - rows_) return Misuse(spec_, "too many rows");
  if (!started_) RETURN_IF_ERROR(WriteHeader());
  RETURN_IF_ERROR(NoteNulls(values));
  if (types::IsVariableLength(spec_.type)) return AppendTexts(values);
  const std::size_t size =
      values.rows * types::FixedWidth(spec_.type, spec_.dim);
  if (values.values.size() != size) return Misuse(spec_, "values of odd size");
  RETURN_IF_ERROR(out_.Write(values.values));
  rows_ += values.rows;
  return absl::OkStatus();
}

absl::Status ColumnFileWriter::NoteNulls(const types::ColumnView& values) {
  if (values.nulls.empty()) return absl::OkStatus();
  if (!spec_.has_nulls) {
    if (values.nulls.Count() == 0) return absl::OkStatus();
    return Misuse(spec_, "a null where none was announced");
  }
  for (std::size_t i = 0; i < values.rows; ++i) {
    const std::uint64_t row = rows_ + i;
    if (values.nulls.Test(i)) {
      nulls_[row / 64] |= std::uint64_t{1} << (row % 64);
    }
  }
  return absl::OkStatus();
}

absl::Status ColumnFileWriter::AppendTexts(const types::ColumnView& values) {
  if (values.offsets.size() != values.rows + 1) {
    return Misuse(spec_, "offsets that do not fit the rows");
  }
  for (std::size_t i = 0; i < values.rows; ++i) {
    const std::string_view text = values.Text(i);
    if (text.size() >
        std::numeric_limits<std::uint32_t>::max() - texts_.size()) {
      return Misuse(spec_, "a chunk of more than 4 GiB");
    }
    texts_.append(text);
    offsets_.push_back(static_cast<std::uint32_t>(texts_.size()));
    ++rows_;
    if (offsets_.size() == kChunkRows + 1) RETURN_IF_ERROR(FlushChunk());
  }
  return absl::OkStatus();
}

absl::Status ColumnFileWriter::FlushChunk() {
  if (offsets_.size() == 1) return absl::OkStatus();
  base::ByteWriter raw;
  raw.Raw(std::as_bytes(std::span(offsets_)));
  raw.AlignTo(format::kAlignment);
  raw.Raw(texts_);
  std::string stored;
  if (spec_.compression == Compression::kLz4) stored = Compress(raw.view());
  const bool compressed = !stored.empty();
  const std::string_view bytes = compressed ? stored : raw.view();
  RETURN_IF_ERROR(out_.AlignTo64());
  chunks_.push_back(
      {.offset = out_.offset(),
       .stored_size = bytes.size(),
       .raw_size = raw.size(),
       .compression = compressed ? Compression::kLz4 : Compression::kNone});
  offsets_.assign(1, 0);
  texts_.clear();
  return out_.Write(bytes);
}

absl::StatusOr<WrittenFile> ColumnFileWriter::Finish() {
  if (!started_) RETURN_IF_ERROR(WriteHeader());
  if (rows_ != spec_.rows) return Misuse(spec_, "rows are missing");
  RETURN_IF_ERROR(FlushChunk());
  RETURN_IF_ERROR(out_.AlignTo64());
  if (spec_.has_nulls) {
    RETURN_IF_ERROR(out_.Write(std::as_bytes(std::span(nulls_))));
  }
  base::ByteWriter footer;
  for (const ChunkPlace& chunk : chunks_) {
    footer.Fixed(chunk.offset);
    footer.Fixed(chunk.stored_size);
    footer.Fixed(chunk.raw_size);
    footer.Fixed(static_cast<std::uint64_t>(chunk.compression));
  }
  return out_.Finish(footer.view());
}

}  // namespace elanus::segment
