// The conditions about places inside JSON, one block at a time. `negated` and
// nulls are applied by the caller; null rows are never read.
//
// Errors: kCancelled, kDeadlineExceeded from ctx.
#pragma once

#include "base/op_context.h"
#include "base/status.h"
#include "expr/eval/block.h"
#include "expr/plan.h"
#include "types/column.h"

namespace elanus::expr {

absl::Status EvalJson(const JsonCompareNode& node,
                      const types::ColumnView& column, const Block& block,
                      const base::OpContext& ctx, Mask* mask);
absl::Status EvalJson(const JsonRangeNode& node,
                      const types::ColumnView& column, const Block& block,
                      const base::OpContext& ctx, Mask* mask);
absl::Status EvalJson(const JsonTermNode& node, const types::ColumnView& column,
                      const Block& block, const base::OpContext& ctx,
                      Mask* mask);
absl::Status EvalJson(const LikeNode& node, const types::ColumnView& column,
                      const Block& block, const base::OpContext& ctx,
                      Mask* mask);
absl::Status EvalJson(const ArithmeticNode& node,
                      const types::ColumnView& column, const Block& block,
                      const base::OpContext& ctx, Mask* mask);
absl::Status EvalJson(const ExistsNode& node, const types::ColumnView& column,
                      const Block& block, const base::OpContext& ctx,
                      Mask* mask);
absl::Status EvalJson(const JsonContainsNode& node,
                      const types::ColumnView& column, const Block& block,
                      const base::OpContext& ctx, Mask* mask);
absl::Status EvalJson(const JsonLengthNode& node,
                      const types::ColumnView& column, const Block& block,
                      const base::OpContext& ctx, Mask* mask);

}  // namespace elanus::expr
