// The conditions about scalar columns, one block at a time. `negated` and
// nulls are applied by the caller.
//
// mask: block.word_count() words.
#pragma once

#include "expr/eval/block.h"
#include "expr/plan.h"
#include "types/column.h"

namespace elanus::expr {

void EvalRange(const IntegerRangeNode& node, const types::ColumnView& column,
               const Block& block, Mask* mask);
void EvalRange(const FloatRangeNode& node, const types::ColumnView& column,
               const Block& block, Mask* mask);
void EvalRange(const TextRangeNode& node, const types::ColumnView& column,
               const Block& block, Mask* mask);

void EvalTerm(const IntegerTermNode& node, const types::ColumnView& column,
              const Block& block, Mask* mask);
void EvalTerm(const FloatTermNode& node, const types::ColumnView& column,
              const Block& block, Mask* mask);
void EvalTerm(const TextTermNode& node, const types::ColumnView& column,
              const Block& block, Mask* mask);

void EvalLike(const LikeNode& node, const types::ColumnView& column,
              const Block& block, Mask* mask);

void EvalArithmetic(const ArithmeticNode& node, const types::ColumnView& column,
                    const Block& block, Mask* mask);

void EvalFieldCompare(const FieldCompareNode& node,
                      const types::ColumnView& left,
                      const types::ColumnView& right, const Block& block,
                      Mask* mask);

}  // namespace elanus::expr
