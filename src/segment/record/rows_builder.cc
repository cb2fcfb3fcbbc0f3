#include "segment/record/rows_builder.h"

#include <cstring>
#include <utility>

#include "base/byte_io.h"
#include "segment/record/record_format.h"

namespace elanus::segment {
namespace {

namespace format = record_format;

std::size_t FixedSize(const RowsLayout& layout) {
  return format::kHeaderSize + format::kRowsPrefixSize +
         layout.runs.size() * format::kRunSize +
         layout.columns.size() * format::kDescriptorSize;
}

absl::Status CheckKeyField(const RowsLayout& layout) {
  for (const ColumnLayout& column : layout.columns) {
    if (column.field != layout.key_field) continue;
    if (column.has_nulls || (column.type != types::DataType::kInt64 &&
                             column.type != types::DataType::kVarChar)) {
      break;
    }
    return absl::OkStatus();
  }
  return base::Error(base::ErrorCode::kServiceInternal,
                     "log record: key field {} is not a column of Int64 or "
                     "VarChar without nulls",
                     base::ToInt(layout.key_field));
}

// Zeros what no column's values cover, so that equal rows give equal bytes.
void ZeroGaps(std::span<std::byte> bytes, std::size_t begin,
              std::span<const format::ColumnPlace> places,
              std::size_t offsets_size) {
  std::size_t done = begin;
  for (const format::ColumnPlace& place : places) {
    const std::size_t end =
        place.offsets == 0 ? place.values : place.offsets + offsets_size;
    // Nulls start as zeros; the offsets are the caller's to fill.
    const std::size_t zero_end = place.offsets == 0 ? end : place.offsets;
    std::memset(bytes.data() + done, 0, zero_end - done);
    std::memset(bytes.data() + end, 0, place.values - end);
    done = place.values + place.values_size;
  }
  std::memset(bytes.data() + done, 0, bytes.size() - done);
}

}  // namespace

absl::StatusOr<RowsBuilder> RowsBuilder::Create(RowsLayout layout) {
  RETURN_IF_ERROR(CheckKeyField(layout));
  RETURN_IF_ERROR(format::CheckRuns(layout.runs, layout.rows));
  ASSIGN_OR_RETURN(
      format::RecordPlaces places,
      format::PlaceColumns(FixedSize(layout), layout.rows, layout.columns));
  return RowsBuilder(std::move(layout), std::move(places.columns), places.size);
}

RowsBuilder::RowsBuilder(RowsLayout layout,
                         std::vector<format::ColumnPlace> places,
                         std::size_t size)
    : layout_(std::move(layout)), places_(std::move(places)), bytes_(size) {
  ZeroGaps(bytes_.bytes(), format::kHeaderSize, places_,
           (layout_.rows + std::size_t{1}) * sizeof(std::uint32_t));
}

ColumnSpans RowsBuilder::column(std::size_t index) {
  const format::ColumnPlace& place = places_[index];
  std::byte* const base = bytes_.data();
  ColumnSpans spans;
  spans.values = {base + place.values, place.values_size};
  if (place.offsets != 0) {
    spans.offsets = {reinterpret_cast<std::uint32_t*>(base + place.offsets),
                     layout_.rows + std::size_t{1}};
  }
  if (place.nulls != 0) {
    spans.nulls = {reinterpret_cast<std::uint64_t*>(base + place.nulls),
                   (layout_.rows + std::size_t{63}) / 64};
  }
  return spans;
}

absl::StatusOr<base::Buffer> RowsBuilder::Finish(
    const RecordHeader& header) && {
  if (header.type != RecordType::kInsert &&
      header.type != RecordType::kUpsert) {
    return base::Error(base::ErrorCode::kServiceInternal,
                       "log record of type {} has no rows",
                       static_cast<int>(header.type));
  }
  base::ByteWriter out;
  out.Fixed(layout_.rows);
  out.Fixed(static_cast<std::uint32_t>(layout_.runs.size()));
  out.Fixed(static_cast<std::uint32_t>(layout_.columns.size()));
  out.Fixed(std::uint32_t{0});
  out.Fixed(base::ToInt(layout_.key_field));
  for (const PartitionRun& run : layout_.runs) {
    out.Fixed(base::ToInt(run.partition));
    out.Fixed(base::ToInt(run.segment));
    out.Fixed(run.row_begin);
    out.Fixed(run.rows);
  }
  std::size_t at = format::kHeaderSize + out.size();
  std::memcpy(bytes_.data() + format::kHeaderSize, out.view().data(),
              out.size());
  for (std::size_t i = 0; i < places_.size(); ++i) {
    format::WriteDescriptor(layout_.columns[i], places_[i],
                            bytes_.bytes().subspan(at));
    at += format::kDescriptorSize;
    const ColumnSpans spans = column(i);
    if (!spans.nulls.empty()) {
      RETURN_IF_ERROR(format::CheckNulls(spans.nulls, layout_.rows));
    }
    if (!spans.offsets.empty()) {
      RETURN_IF_ERROR(format::CheckOffsets(spans.offsets, spans.values.size()));
    }
  }
  RETURN_IF_ERROR(format::WriteHeader(header, bytes_.bytes()));
  return std::move(bytes_).Freeze();
}

}  // namespace elanus::segment
