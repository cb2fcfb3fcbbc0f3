#include "worker/data_node/column_copy.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace elanus::worker {
namespace {

// So many rows that lie together are written from where they are.
constexpr std::size_t kRunMin = 64;

}  // namespace

ColumnCopy::ColumnCopy(const Sources& sources, const types::FieldSchema& field)
    : sources_(sources), field_(field), chunks_(sources.size()) {}

absl::StatusOr<bool> ColumnCopy::HasNulls() {
  if (!field_.nullable) return false;
  for (std::size_t source = 0; source < sources_.size(); ++source) {
    for (const auto& range :
         sources_[source]->Chunks(sources_[source]->rows())) {
      ASSIGN_OR_RETURN(const types::ColumnView* column,
                       Chunk(source, range.index));
      if (!column->nulls.empty()) return true;
    }
  }
  return false;
}

absl::Status ColumnCopy::Copy(std::span<const SourceRow> rows,
                              segment::ColumnFileWriter& out) {
  while (!rows.empty()) {
    ASSIGN_OR_RETURN(const Place place, Find(rows.front()));
    std::size_t run = RunOf(rows, place);
    if (run >= kRunMin && place.column->nulls.empty()) {
      RETURN_IF_ERROR(WriteBatch(out));
      RETURN_IF_ERROR(
          out.Append(segment::SliceRows(*place.column, place.row, run)));
    } else {
      run = std::min(run, segment::kChunkRows - batch_rows_);
      AddToBatch(place, run);
      if (batch_rows_ == segment::kChunkRows) RETURN_IF_ERROR(WriteBatch(out));
    }
    rows = rows.subspan(run);
  }
  return WriteBatch(out);
}

// How many rows from the first on lie one behind the other, as they often do
// where keys were given in their order.
std::size_t ColumnCopy::RunOf(std::span<const SourceRow> rows,
                              const Place& first) {
  const std::size_t most =
      std::min(rows.size(), first.column->rows - first.row);
  std::size_t run = 1;
  while (run < most && rows[run].source == rows[0].source &&
         rows[run].row == rows[0].row + run) {
    ++run;
  }
  return run;
}

absl::StatusOr<ColumnCopy::Place> ColumnCopy::Find(SourceRow row) {
  const segment::ChunkRange range = sources_[row.source]->ChunkOf(row.row);
  ASSIGN_OR_RETURN(const types::ColumnView* column,
                   Chunk(row.source, range.index));
  return Place{column, row.row - range.row_begin};
}

absl::StatusOr<const types::ColumnView*> ColumnCopy::Chunk(std::size_t source,
                                                           std::size_t chunk) {
  auto& chunks = chunks_[source];
  if (chunk >= chunks.size()) chunks.resize(chunk + 1);
  if (!chunks[chunk].has_value()) {
    absl::StatusOr<types::ColumnView> column =
        field_.id == segment::kTimestampField
            ? sources_[source]->Column(field_.id, chunk)
            : sources_[source]->Column(field_, chunk);
    if (!column.ok()) return column.status();
    chunks[chunk] = *column;
  }
  return &*chunks[chunk];
}

void ColumnCopy::AddToBatch(const Place& first, std::size_t rows) {
  const types::ColumnView& column = *first.column;
  if (batch_rows_ == 0) {
    values_.clear();
    offsets_.assign(1, 0);
    nulls_ = types::Bitset(segment::kChunkRows);
    has_nulls_ = false;
  }
  for (std::size_t row = first.row; row < first.row + rows; ++row) {
    if (types::IsVariableLength(field_.type)) {
      const std::string_view text = column.Text(row);
      const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
      values_.insert(values_.end(), bytes.begin(), bytes.end());
      offsets_.push_back(static_cast<std::uint32_t>(values_.size()));
    } else {
      const auto value = column.Bytes(row);
      values_.insert(values_.end(), value.begin(), value.end());
    }
    if (column.nulls.Test(row)) {
      nulls_.Set(batch_rows_);
      has_nulls_ = true;
    }
    ++batch_rows_;
  }
}

absl::Status ColumnCopy::WriteBatch(segment::ColumnFileWriter& out) {
  if (batch_rows_ == 0) return absl::OkStatus();
  nulls_.Resize(batch_rows_);
  types::ColumnView batch{.type = field_.type,
                          .dim = field_.dim,
                          .rows = batch_rows_,
                          .values = values_};
  if (types::IsVariableLength(field_.type)) batch.offsets = offsets_;
  if (has_nulls_) batch.nulls = nulls_.view();
  batch_rows_ = 0;
  return out.Append(batch);
}

}  // namespace elanus::worker
