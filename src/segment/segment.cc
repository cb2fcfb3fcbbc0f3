#include "segment/segment.h"

#include <algorithm>

#include "segment/default_column.h"

namespace elanus::segment {
namespace {

const types::FieldSchema& AtField() {
  static const types::FieldSchema* const field =
      new types::FieldSchema{.id = kTimestampField,
                             .name = "Timestamp",
                             .type = types::DataType::kInt64};
  return *field;
}

}  // namespace

struct Segment::DefaultColumn {
  base::FieldId field{0};
  DefaultValueColumn column;
};

Segment::Segment(Identity identity) : identity_(std::move(identity)) {}

Segment::~Segment() = default;

std::vector<ChunkRange> Segment::Chunks(std::size_t row_count) const {
  std::vector<ChunkRange> chunks;
  for (std::size_t row = 0; row < row_count;) {
    ChunkRange chunk = ChunkOf(row);
    chunk.rows = std::min(chunk.rows, row_count - row);
    row += chunk.rows;
    chunks.push_back(chunk);
  }
  return chunks;
}

absl::StatusOr<types::ColumnView> Segment::Column(
    const types::FieldSchema& field, std::size_t chunk) const {
  if (field.id == kTimestampField) return AtColumn(chunk);
  if (HasField(field.id)) return StoredColumn(field, chunk);
  ASSIGN_OR_RETURN(const types::ColumnView at, AtColumn(chunk));
  return DefaultValues(field, at.rows);
}

absl::StatusOr<types::ColumnView> Segment::Column(base::FieldId field,
                                                  std::size_t chunk) const {
  if (field == kTimestampField) return Column(AtField(), chunk);
  const types::FieldSchema* found = schema()->Find(field);
  if (found == nullptr) {
    return base::Error(base::ErrorCode::kFieldNotFound,
                       "segment {} has no field {}", base::ToInt(id()),
                       base::ToInt(field));
  }
  return Column(*found, chunk);
}

absl::StatusOr<base::Timestamp> Segment::AtOf(RowOffset row) const {
  const ChunkRange chunk = ChunkOf(row);
  ASSIGN_OR_RETURN(const types::ColumnView at, AtColumn(chunk.index));
  return base::Timestamp{at.As<std::uint64_t>()[row - chunk.row_begin]};
}

absl::StatusOr<types::PrimaryKey> Segment::KeyOfRow(RowOffset row) const {
  const ChunkRange chunk = ChunkOf(row);
  ASSIGN_OR_RETURN(const types::ColumnView keys, Keys(chunk.index));
  return KeyOf(KeyAt(keys, row - chunk.row_begin));
}

absl::Status Segment::CheckHistory(base::Timestamp read_ts) const {
  if (read_ts >= history_from()) return absl::OkStatus();
  return base::Error(base::ErrorCode::kServiceInternal,
                     "segment {} answers exactly from {} on, asked at {}",
                     base::ToInt(id()), history_from().value, read_ts.value);
}

absl::StatusOr<Visibility> Segment::VisibleAt(base::Timestamp read_ts) const {
  RETURN_IF_ERROR(CheckHistory(read_ts));
  Visibility visible{.rows = rows()};
  visible.excluded = deletes_.DeletedAt(read_ts, visible.rows);
  ASSIGN_OR_RETURN(visible.rows,
                   CutAt(read_ts, visible.rows, &visible.excluded));
  if (!visible.excluded.empty()) visible.excluded.Resize(visible.rows);
  return visible;
}

absl::Status Segment::Delete(const TombstoneRun& tombstones) {
  if (tombstones.partition != base::kAllPartitions &&
      tombstones.partition != partition()) {
    return absl::OkStatus();
  }
  for (std::size_t row = 0; row < tombstones.keys.rows; ++row) {
    RETURN_IF_ERROR(
        Delete(KeyAt(tombstones.keys, row), tombstones.upto, tombstones.at));
  }
  return absl::OkStatus();
}

absl::Status Segment::Delete(const KeyView& key, base::Timestamp upto,
                             base::Timestamp at) {
  std::vector<RowOffset> found;
  RETURN_IF_ERROR(FindUnmarked(key, upto, &found));
  for (const RowOffset row : found) deletes_.Mark(row, at);
  if (!found.empty()) AccountDeletes();
  return absl::OkStatus();
}

absl::Status Segment::FindUnmarked(const KeyView& key, base::Timestamp upto,
                                   std::vector<RowOffset>* found) const {
  return FindKey(key, upto, found);
}

absl::StatusOr<types::ColumnView> Segment::DefaultValues(
    const types::FieldSchema& field, std::size_t rows) const {
  base::MutexLock lock(defaults_mutex_);
  const DefaultColumn* largest = nullptr;
  for (const auto& column : defaults_) {
    if (column->field == field.id) largest = column.get();
  }
  if (largest == nullptr || largest->column.rows() < rows) {
    // Grown by doubling: views of the smaller ones stay valid.
    const std::size_t room =
        largest == nullptr ? rows : std::max(rows, 2 * largest->column.rows());
    ASSIGN_OR_RETURN(DefaultValueColumn column,
                     DefaultValueColumn::Create(field, room));
    defaults_.push_back(std::make_shared<const DefaultColumn>(
        DefaultColumn{.field = field.id, .column = std::move(column)}));
    largest = defaults_.back().get();
  }
  return FirstRows(largest->column.view(), rows);
}

types::ColumnView FirstRows(const types::ColumnView& column, std::size_t rows) {
  return SliceRows(column, 0, rows);
}

types::ColumnView SliceRows(const types::ColumnView& column, std::size_t begin,
                            std::size_t rows) {
  types::ColumnView slice = column;
  slice.rows = rows;
  if (types::IsVariableLength(column.type)) {
    slice.offsets = column.offsets.subspan(begin, rows + 1);
  } else {
    const std::size_t width = types::FixedWidth(column.type, column.dim);
    slice.values = column.values.subspan(begin * width, rows * width);
  }
  if (!column.nulls.empty()) {
    slice.nulls = {column.nulls.words() + begin / 64, rows};
  }
  return slice;
}

}  // namespace elanus::segment
