// Rows of one segment by a filter, and the values of rows.
//
//   ASSIGN_OR_RETURN(std::vector<FoundRow> rows,
//                    Retrieve(ctx, segment, {.schema = schema, .filter = plan,
//                                            .read_ts = read_ts}));
//   RETURN_IF_ERROR(Gather(segment, field, offsets,
//       [&](const types::ColumnView& column,
//           std::span<const RowOffset> in_column) { ... }));
//
// Threads: pure.
// Errors:  as Search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "base/hybrid_time.h"
#include "base/op_context.h"
#include "base/status.h"
#include "expr/plan.h"
#include "segment/segment.h"
#include "types/schema.h"
#include "types/value.h"

namespace elanus::segment {

struct RowFilter {
  // Of the collection, at least as new as the filter.
  std::shared_ptr<const types::Schema> schema;
  std::shared_ptr<const expr::Plan> filter;  // null = all rows
  base::Timestamp read_ts;
};

// The rows that pass: visible at read_ts and selected by the filter.
struct PassedRows {
  std::size_t rows = 0;    // rows behind are out
  std::size_t count = 0;   // how many pass
  types::Bitset excluded;  // `rows` bits, or empty: all pass
};
absl::StatusOr<PassedRows> FilterRows(const base::OpContext& ctx,
                                      const Segment& segment,
                                      const RowFilter& filter);

// How many rows pass; two rows of one key are two.
absl::StatusOr<std::size_t> Count(const base::OpContext& ctx,
                                  const Segment& segment,
                                  const RowFilter& filter);

struct FoundRow {
  types::PrimaryKey key;
  base::Timestamp at;
  RowOffset row = 0;
};

struct RetrieveOptions {
  std::size_t limit = std::numeric_limits<std::size_t>::max();
};

// The rows that pass, by rising key, each key once: its newest row. With a
// limit the smallest keys.
absl::StatusOr<std::vector<FoundRow>> Retrieve(const base::OpContext& ctx,
                                               const Segment& segment,
                                               const RowFilter& filter,
                                               const RetrieveOptions& options);

// Calls `append` for the rows in their order, as runs that lie in one column:
// the second argument are row numbers in the first. A field that the segment
// lacks gives its default. `field`: also kTimestampField, as an Int64 field.
using GatherRows = absl::FunctionRef<absl::Status(
    const types::ColumnView& column, std::span<const RowOffset> rows)>;
absl::Status Gather(const Segment& segment, const types::FieldSchema& field,
                    std::span<const RowOffset> rows, GatherRows append);

}  // namespace elanus::segment
