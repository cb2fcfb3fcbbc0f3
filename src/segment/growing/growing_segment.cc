#include "segment/growing/growing_segment.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "segment/growing/growing_chunk.h"

namespace elanus::segment {
namespace {

// A fixed mixing of 64 bits (Stafford's variant 13 of the murmur finalizer):
// keys are often consecutive numbers.
std::uint64_t Mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

std::uint64_t HashOf(const KeyView& key) {
  if (const auto* number = std::get_if<std::int64_t>(&key)) {
    return Mix(static_cast<std::uint64_t>(*number));
  }
  const std::string_view text = std::get<std::string_view>(key);
  return absl::Hash<absl::string_view>{}({text.data(), text.size()});
}

}  // namespace

GrowingSegment::GrowingSegment(Identity identity, base::MemoryBudget& budget)
    : Segment(std::move(identity)),
      budget_(budget),
      text_bytes_(schema()->fields.size()),
      interims_(*this, budget) {
  while (!schema()->fields[key_index_].is_primary_key) ++key_index_;
  PublishDeletes();
}

GrowingSegment::~GrowingSegment() = default;

absl::StatusOr<GrowingSegment::Columns> GrowingSegment::CheckedColumns(
    const RowSlice& slice) const {
  for (const RecordColumn& column : slice.record.columns()) {
    if (schema()->Find(column.field) == nullptr) {
      return base::DataLoss(
          "segment {}: a record of schema version {} has a field {}, schema "
          "version {} has not",
          base::ToInt(id()), slice.record.header().schema_version,
          base::ToInt(column.field), schema()->version);
    }
  }
  Columns columns;
  for (const types::FieldSchema& field : schema()->fields) {
    const types::ColumnView* column = slice.record.Column(field.id);
    if (column == nullptr) {
      ASSIGN_OR_RETURN(const types::ColumnView values,
                       DefaultValues(field, slice.row_begin + slice.rows));
      columns.push_back(values);
      continue;
    }
    const bool is_same_dim = types::IsVariableLength(field.type) ||
                             !types::IsVector(field.type) ||
                             column->dim == field.dim;
    if (column->type != field.type || !is_same_dim) {
      return base::DataLoss(
          "segment {}: field {} is {} of dimension {} in a record, {} of "
          "dimension {} in the schema",
          base::ToInt(id()), field.name, types::NameOf(column->type),
          column->dim, types::NameOf(field.type), field.dim);
    }
    columns.push_back(*column);
  }
  return columns;
}

absl::Status GrowingSegment::Append(const RowSlice& slice, base::Timestamp at) {
  ASSIGN_OR_RETURN(const Columns columns, CheckedColumns(slice));
  const std::size_t row_begin = rows_written_;
  const std::size_t end = slice.row_begin + slice.rows;
  for (std::size_t row = slice.row_begin; row < end;) {
    const std::size_t chunk_count =
        chunk_count_.load(std::memory_order_relaxed);
    GrowingChunk* chunk =
        chunk_count == 0 ? nullptr : chunks_[chunk_count - 1].get();
    std::size_t fit =
        chunk == nullptr ? 0 : chunk->Fit(columns, row, end - row);
    if (fit == 0) {
      chunk = &OpenChunk(columns, row, end - row);
      fit = chunk->Fit(columns, row, end - row);
    }
    chunk->Append(columns, row, fit, at);
    row += fit;
    rows_written_ += fit;
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].offsets.empty()) continue;
    text_bytes_[i] +=
        columns[i].offsets[end] - columns[i].offsets[slice.row_begin];
  }
  IndexKeys(row_begin, rows_written_);
  rows_.store(rows_written_, std::memory_order_release);
  Account();
  return absl::OkStatus();
}

GrowingChunk& GrowingSegment::OpenChunk(const Columns& columns,
                                        std::size_t row_begin,
                                        std::size_t rows) {
  const std::size_t usual =
      std::clamp(rows_written_ / 8, kChunkRowsMin, kChunkRowsMax);
  GrowingChunk::Space space{
      .rows = rows >= usual ? std::min(rows, kChunkRowsMax) : usual,
      .text_bytes = std::vector<std::size_t>(columns.size())};
  const std::size_t known = std::min(rows, space.rows);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].offsets.empty()) continue;
    const std::size_t bytes =
        columns[i].offsets[row_begin + known] - columns[i].offsets[row_begin];
    // Rows to come are taken to be a little longer than those so far.
    const std::size_t average =
        (text_bytes_[i] + bytes) * 9 / 8 / (rows_written_ + known) + 1;
    space.text_bytes[i] = bytes + (space.rows - known) * average;
  }
  const std::size_t index = chunk_count_.load(std::memory_order_relaxed);
  chunks_.GrowTo(index + 1);
  chunks_[index] =
      std::make_unique<GrowingChunk>(*schema(), rows_written_, space);
  chunk_bytes_ += chunks_[index]->memory_bytes();
  chunk_count_.store(index + 1, std::memory_order_release);
  return *chunks_[index];
}

void GrowingSegment::IndexKeys(std::size_t row_begin, std::size_t row_end) {
  keys_.Reserve(row_end, [this](RowOffset row) { return HashAtRow(row); });
  for (std::size_t i = row_begin; i < row_end; ++i) {
    const auto row = static_cast<RowOffset>(i);
    const KeyView key = KeyAtRow(row);
    keys_.Insert(HashOf(key), row, [this, &key](RowOffset other) {
      return KeyAtRow(other) == key;
    });
  }
}

std::size_t GrowingSegment::ChunkIndexOf(std::size_t row) const {
  std::size_t low = 0;
  std::size_t high = chunk_count_.load(std::memory_order_acquire);
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    (chunks_[middle]->row_begin() <= row ? low : high) = middle;
  }
  return low;
}

KeyView GrowingSegment::KeyAtRow(RowOffset row) const {
  const GrowingChunk& chunk = *chunks_[ChunkIndexOf(row)];
  const std::size_t local = row - chunk.row_begin();
  return KeyAt(chunk.View(key_index_, local + 1), local);
}

std::uint64_t GrowingSegment::HashAtRow(RowOffset row) const {
  return HashOf(KeyAtRow(row));
}

std::uint64_t GrowingSegment::AtOfRow(std::size_t row) const {
  const GrowingChunk& chunk = *chunks_[ChunkIndexOf(row)];
  const std::size_t local = row - chunk.row_begin();
  return chunk.at(local + 1)[local];
}

void GrowingSegment::Account() {
  const std::size_t bytes = sizeof(*this) + chunk_bytes_ +
                            keys_.memory_bytes() + deletes().memory_bytes();
  if (bytes == memory_bytes()) return;
  memory_bytes_.store(bytes, std::memory_order_relaxed);
  held_ = budget_.Charge(static_cast<std::int64_t>(bytes));
}

base::Timestamp GrowingSegment::min_at() const {
  return {rows() == 0 ? 0 : AtOfRow(0)};
}

base::Timestamp GrowingSegment::max_at() const {
  const std::size_t count = rows();
  return {count == 0 ? 0 : AtOfRow(count - 1)};
}

ChunkRange GrowingSegment::ChunkOf(std::size_t row) const {
  const std::size_t index = ChunkIndexOf(row);
  const std::size_t begin = chunks_[index]->row_begin();
  const std::size_t published = rows();
  const std::size_t end =
      index + 1 < chunk_count_.load(std::memory_order_acquire)
          ? chunks_[index + 1]->row_begin()
          : published;
  return {.index = index, .row_begin = begin, .rows = end - begin};
}

absl::StatusOr<types::ColumnView> GrowingSegment::StoredColumn(
    const types::FieldSchema& field, std::size_t chunk) const {
  std::size_t index = 0;
  while (schema()->fields[index].id != field.id) ++index;
  const GrowingChunk& place = *chunks_[chunk];
  return place.View(index, ChunkOf(place.row_begin()).rows);
}

bool GrowingSegment::HasField(base::FieldId field) const {
  return schema()->Find(field) != nullptr;
}

absl::StatusOr<types::ColumnView> GrowingSegment::AtColumn(
    std::size_t chunk) const {
  const GrowingChunk& place = *chunks_[chunk];
  const std::size_t count = ChunkOf(place.row_begin()).rows;
  return types::ColumnView{.type = types::DataType::kInt64,
                           .rows = count,
                           .values = std::as_bytes(place.at(count))};
}

absl::StatusOr<std::size_t> GrowingSegment::CutAt(base::Timestamp read_ts,
                                                  std::size_t rows,
                                                  types::Bitset*) const {
  if (rows == 0 || AtOfRow(rows - 1) <= read_ts.value) return rows;
  std::size_t low = 0;
  std::size_t high = rows - 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (AtOfRow(middle) <= read_ts.value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

absl::Status GrowingSegment::FindKey(const KeyView& key, base::Timestamp upto,
                                     std::vector<RowOffset>* found) const {
  const std::size_t count = rows();
  keys_.ForEach(
      HashOf(key), [&](RowOffset row) { return KeyAtRow(row) == key; },
      [&](RowOffset row) {
        if (row < count && AtOfRow(row) <= upto.value) found->push_back(row);
        return true;
      });
  return absl::OkStatus();
}

absl::Status GrowingSegment::FindUnmarked(const KeyView& key,
                                          base::Timestamp upto,
                                          std::vector<RowOffset>* found) const {
  // Newest first: what hides a row hides all older ones of its key too.
  keys_.ForEach(
      HashOf(key), [&](RowOffset row) { return KeyAtRow(row) == key; },
      [&](RowOffset row) {
        if (deletes().IsMarked(row)) return false;
        if (AtOfRow(row) <= upto.value) found->push_back(row);
        return true;
      });
  return absl::OkStatus();
}

bool GrowingSegment::MayContain(const KeyView& key) const {
  bool is_there = false;
  keys_.ForEach(
      HashOf(key), [&](RowOffset row) { return KeyAtRow(row) == key; },
      [&](RowOffset) {
        is_there = true;
        return false;
      });
  return is_there;
}

std::shared_ptr<const index::VectorIndex> GrowingSegment::vector_index(
    base::FieldId) const {
  return nullptr;
}

}  // namespace elanus::segment
