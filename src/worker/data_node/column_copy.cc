#include "worker/data_node/column_copy.h"

#include <utility>

namespace elanus::worker {

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
  for (const SourceRow& row : rows) {
    RETURN_IF_ERROR(AddToBatch(row));
    if (batch_rows_ == segment::kChunkRows) RETURN_IF_ERROR(WriteBatch(out));
  }
  return WriteBatch(out);
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

absl::Status ColumnCopy::AddToBatch(SourceRow row) {
  ASSIGN_OR_RETURN(const Place place, Find(row));
  if (batch_rows_ == 0) {
    values_.clear();
    offsets_.assign(1, 0);
    nulls_ = types::Bitset(segment::kChunkRows);
    has_nulls_ = false;
  }
  if (types::IsVariableLength(field_.type)) {
    const auto text =
        std::as_bytes(std::span(place.column->Text(place.row).data(),
                                place.column->Text(place.row).size()));
    values_.insert(values_.end(), text.begin(), text.end());
    offsets_.push_back(static_cast<std::uint32_t>(values_.size()));
  } else {
    const auto value = place.column->Bytes(place.row);
    values_.insert(values_.end(), value.begin(), value.end());
  }
  if (place.column->nulls.Test(place.row)) {
    nulls_.Set(batch_rows_);
    has_nulls_ = true;
  }
  ++batch_rows_;
  return absl::OkStatus();
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
