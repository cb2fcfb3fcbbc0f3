// Walks a plan over one block of rows, with three-valued logic.
#pragma once

#include "base/op_context.h"
#include "base/status.h"
#include "expr/eval/block.h"
#include "expr/eval/chunk_columns.h"
#include "expr/plan.h"

namespace elanus::expr {

// Per needed row: true, unknown (null), or neither = false. Both are zero for
// other rows. An empty `unknown` means none.
struct Truth {
  Mask yes;
  Mask unknown;
};

class Evaluator {
 public:
  // Both must outlive this.
  Evaluator(ChunkColumns& columns, const base::OpContext& ctx)
      : columns_(columns), ctx_(ctx) {}

  absl::StatusOr<Truth> Evaluate(const Node& node, const Block& block);

 private:
  template <typename Kind>
  absl::StatusOr<Truth> Visit(const Kind& node, const Block& block);
  absl::StatusOr<Truth> Visit(const ConstantNode& node, const Block& block);
  absl::StatusOr<Truth> Visit(const KnownNode& node, const Block& block);
  absl::StatusOr<Truth> Visit(const NullNode& node, const Block& block);
  absl::StatusOr<Truth> Visit(const ExistsNode& node, const Block& block);
  absl::StatusOr<Truth> Visit(const FieldCompareNode& node, const Block& block);
  absl::StatusOr<Truth> Visit(const AndNode& node, const Block& block);
  absl::StatusOr<Truth> Visit(const OrNode& node, const Block& block);
  absl::StatusOr<Truth> Visit(const NotNode& node, const Block& block);

  ChunkColumns& columns_;
  const base::OpContext& ctx_;
};

}  // namespace elanus::expr
