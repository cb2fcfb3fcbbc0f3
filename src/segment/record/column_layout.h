// What a record says about a column before its values, and where they lie.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ids.h"
#include "types/data_type.h"

namespace elanus::segment {

struct ColumnLayout {
  base::FieldId field{0};
  types::DataType type = types::DataType::kNone;
  std::int64_t dim = 0;  // dense vectors only
  bool has_nulls = false;
  std::uint32_t value_bytes = 0;  // variable-length types: of all rows
};

namespace record_format {

// Where the buffers of one column begin, from the start of the record.
struct ColumnPlace {
  std::size_t nulls = 0;    // 0 = the column has no nulls
  std::size_t offsets = 0;  // 0 = fixed width
  std::size_t values = 0;
  std::size_t values_size = 0;

  friend bool operator==(const ColumnPlace&, const ColumnPlace&) = default;
};

}  // namespace record_format
}  // namespace elanus::segment
