// A column that has the same value in every row: what the rows of a segment
// have in a field that was added to the schema after them.
//
// Threads: immutable.
// Errors:  DATA_LOSS for a field that has no default and cannot be null.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "types/bitset.h"
#include "types/column.h"
#include "types/schema.h"

namespace elanus::segment {

class DefaultValueColumn {
 public:
  static absl::StatusOr<DefaultValueColumn> Create(
      const types::FieldSchema& field, std::size_t rows);

  std::size_t rows() const { return rows_; }
  // Lives as long as this object is neither moved nor destroyed.
  types::ColumnView view() const;

 private:
  types::DataType type_ = types::DataType::kNone;
  std::int64_t dim_ = 0;
  std::size_t rows_ = 0;
  std::string values_;
  std::vector<std::uint32_t> offsets_;
  types::Bitset nulls_;
};

}  // namespace elanus::segment
