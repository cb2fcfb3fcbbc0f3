// Runs a plan over one chunk of rows.
//
//   types::Bitset selected;
//   RETURN_IF_ERROR(EvalChunk(*plan, columns, rows, ctx, &selected));
//
// Rows are done in blocks of kBlockRows; in each block costly conditions (JSON,
// like) are evaluated only for the rows that cheaper ones have left open.
//
// Threads: pure; many threads may run one plan.
// Errors:  what ColumnSource answers; kCancelled, kDeadlineExceeded from ctx
//          (looked at once a block and every few thousand JSON values);
//          kDataIntegrity where a column view contradicts itself.
//          `selected` is then unspecified.
#pragma once

#include <cstddef>

#include "base/ids.h"
#include "base/op_context.h"
#include "base/status.h"
#include "expr/plan.h"
#include "types/bitset.h"
#include "types/column.h"

namespace elanus::expr {

inline constexpr std::size_t kBlockRows = 64 * 1024;

// Where the values of a chunk come from.
class ColumnSource {
 public:
  virtual ~ColumnSource() = default;

  // All rows of `field` in this chunk, with the type that the schema has;
  // asked at most once a field and evaluation, and only if needed. A field that
  // the chunk lacks is answered as its default or as nulls. The view must live
  // until EvalChunk returns; values need not be aligned.
  virtual absl::StatusOr<types::ColumnView> Column(
      base::FieldId field) const = 0;
};

// Sets *selected to `rows` bits, 1 = the plan is true for the row.
absl::Status EvalChunk(const Plan& plan, const ColumnSource& columns,
                       std::size_t rows, const base::OpContext& ctx,
                       types::Bitset* selected);

// The same for some of the rows: others are not selected and mostly not looked
// at. candidates: `rows` bits, 1 = evaluate the row.
absl::Status EvalCandidates(const Plan& plan, const ColumnSource& columns,
                            types::BitsetView candidates,
                            const base::OpContext& ctx,
                            types::Bitset* selected);

}  // namespace elanus::expr
