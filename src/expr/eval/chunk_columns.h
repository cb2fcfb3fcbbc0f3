// The columns of the chunk under evaluation: each asked for once, checked
// against the plan's type and the chunk's rows.
//
// Errors: what the source answers; kDataIntegrity for a view of another type or
//         with too few values.
#pragma once

#include <cstddef>
#include <vector>

#include "base/status.h"
#include "expr/eval.h"
#include "expr/plan.h"
#include "types/column.h"

namespace elanus::expr {

class ChunkColumns {
 public:
  // `source` must outlive this.
  ChunkColumns(const ColumnSource& source, std::size_t rows)
      : source_(source), rows_(rows) {}

  absl::StatusOr<types::ColumnView> Get(const Column& column);

 private:
  struct Entry {
    base::FieldId field;
    types::ColumnView view;
  };

  const ColumnSource& source_;
  std::size_t rows_;
  std::vector<Entry> entries_;
};

}  // namespace elanus::expr
