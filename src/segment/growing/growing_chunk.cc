#include "segment/growing/growing_chunk.h"

#include <algorithm>
#include <cstring>

namespace elanus::segment {
namespace {

std::size_t TextBytes(const types::ColumnView& column, std::size_t begin,
                      std::size_t rows) {
  return column.offsets[begin + rows] - column.offsets[begin];
}

// A word holds bits of rows that readers see already, which keep their value.
// The store is a single one; what the sanitizer would report is the plain load
// of such a word through a BitsetView.
__attribute__((no_sanitize("thread"), noinline)) void SetBit(
    std::uint64_t* words, std::size_t row) {
  std::atomic_ref<std::uint64_t> word(words[row / 64]);
  word.store(
      word.load(std::memory_order_relaxed) | (std::uint64_t{1} << (row % 64)),
      std::memory_order_relaxed);
}

}  // namespace

GrowingChunk::GrowingChunk(const types::Schema& schema, std::size_t row_begin,
                           const Space& space)
    : row_begin_(row_begin),
      row_capacity_(space.rows),
      cells_(schema.fields.size()),
      at_(new std::uint64_t[space.rows]) {
  memory_bytes_ = sizeof(*this) + row_capacity_ * sizeof(std::uint64_t);
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const types::FieldSchema& field = schema.fields[i];
    Cells& cells = cells_[i];
    cells.type = field.type;
    cells.dim = field.dim;
    if (types::IsVariableLength(field.type)) {
      cells.capacity = space.text_bytes[i];
      cells.offsets.reset(new std::uint32_t[row_capacity_ + 1]);
      cells.offsets[0] = 0;
      memory_bytes_ += (row_capacity_ + 1) * sizeof(std::uint32_t);
    } else {
      cells.width = types::FixedWidth(field.type, field.dim);
      cells.capacity = row_capacity_ * cells.width;
    }
    cells.values = std::make_unique<base::AlignedBytes>(cells.capacity);
    memory_bytes_ += sizeof(Cells) + cells.capacity;
    if (field.nullable) {
      const std::size_t words = (row_capacity_ + 63) / 64;
      cells.nulls.reset(new std::uint64_t[words]());
      memory_bytes_ += words * sizeof(std::uint64_t);
    }
  }
}

std::size_t GrowingChunk::Fit(std::span<const types::ColumnView> columns,
                              std::size_t begin, std::size_t rows) const {
  std::size_t fit = std::min(rows, row_capacity_ - rows_);
  for (std::size_t i = 0; i < cells_.size() && fit > 0; ++i) {
    const Cells& cells = cells_[i];
    if (cells.width != 0) continue;
    const std::size_t left = cells.capacity - cells.offsets[rows_];
    if (TextBytes(columns[i], begin, fit) <= left) continue;
    const auto first =
        columns[i].offsets.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto past = std::upper_bound(
        first, first + static_cast<std::ptrdiff_t>(fit) + 1, *first + left);
    fit = static_cast<std::size_t>(past - first) - 1;
  }
  return fit;
}

void GrowingChunk::Append(std::span<const types::ColumnView> columns,
                          std::size_t begin, std::size_t rows,
                          base::Timestamp at) {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    Cells& cells = cells_[i];
    if (cells.width != 0) {
      CopyFixed(columns[i], begin, rows, cells);
    } else {
      CopyTexts(columns[i], begin, rows, cells);
    }
    CopyNulls(columns[i], begin, rows, cells);
  }
  std::fill_n(at_.get() + rows_, rows, at.value);
  rows_ += rows;
}

void GrowingChunk::CopyFixed(const types::ColumnView& column, std::size_t begin,
                             std::size_t rows, Cells& cells) const {
  std::memcpy(cells.values->data() + rows_ * cells.width,
              column.values.data() + begin * cells.width, rows * cells.width);
}

void GrowingChunk::CopyTexts(const types::ColumnView& column, std::size_t begin,
                             std::size_t rows, Cells& cells) const {
  const std::uint32_t used = cells.offsets[rows_];
  const std::uint32_t first = column.offsets[begin];
  for (std::size_t i = 1; i <= rows; ++i) {
    cells.offsets[rows_ + i] = used + (column.offsets[begin + i] - first);
  }
  if (const std::size_t bytes = TextBytes(column, begin, rows); bytes != 0) {
    std::memcpy(cells.values->data() + used, column.values.data() + first,
                bytes);
  }
}

void GrowingChunk::CopyNulls(const types::ColumnView& column, std::size_t begin,
                             std::size_t rows, Cells& cells) const {
  if (cells.nulls == nullptr || column.nulls.empty()) return;
  for (std::size_t i = 0; i < rows; ++i) {
    if (!column.nulls.Test(begin + i)) continue;
    SetBit(cells.nulls.get(), rows_ + i);
    cells.has_nulls.store(true, std::memory_order_relaxed);
  }
}

types::ColumnView GrowingChunk::View(std::size_t field,
                                     std::size_t rows) const {
  const Cells& cells = cells_[field];
  types::ColumnView view{.type = cells.type, .dim = cells.dim, .rows = rows};
  std::size_t bytes = rows * cells.width;
  if (cells.width == 0) {
    view.offsets = {cells.offsets.get(), rows + 1};
    bytes = cells.offsets[rows];
  }
  view.values = {cells.values->data(), bytes};
  if (cells.has_nulls.load(std::memory_order_relaxed)) {
    view.nulls = {cells.nulls.get(), rows};
  }
  return view;
}

}  // namespace elanus::segment
