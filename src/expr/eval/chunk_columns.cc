#include "expr/eval/chunk_columns.h"

namespace elanus::expr {
namespace {

using types::ColumnView;

absl::Status CheckView(const Column& column, const ColumnView& view,
                       std::size_t rows) {
  const std::int64_t field = base::ToInt(column.field);
  if (view.type != column.type || view.rows < rows) {
    return base::DataLoss("field {}: {} rows of {} found, {} of {} expected",
                          field, view.rows, NameOf(view.type), rows,
                          NameOf(column.type));
  }
  if (!IsVariableLength(view.type)) {
    const std::size_t size = rows * FixedWidth(view.type, view.dim);
    if (view.values.size() >= size) return absl::OkStatus();
    return base::DataLoss("field {}: {} bytes found, {} expected", field,
                          view.values.size(), size);
  }
  if (view.offsets.size() <= rows || view.offsets[rows] > view.values.size()) {
    return base::DataLoss("field {}: offsets beyond the column's {} bytes",
                          field, view.values.size());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ColumnView> ChunkColumns::Get(const Column& column) {
  for (const Entry& entry : entries_) {
    if (entry.field == column.field) return entry.view;
  }
  ASSIGN_OR_RETURN(const ColumnView view, source_.Column(column.field));
  RETURN_IF_ERROR(CheckView(column, view, rows_));
  entries_.push_back({column.field, view});
  return view;
}

}  // namespace elanus::expr
