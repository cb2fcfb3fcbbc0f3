#include "expr/eval.h"

#include <algorithm>
#include <vector>

#include "expr/eval/block.h"
#include "expr/eval/chunk_columns.h"
#include "expr/eval/evaluator.h"

namespace elanus::expr {
namespace {

absl::Status EvalBlocks(const Plan& plan, const ColumnSource& source,
                        std::span<const std::uint64_t> candidates,
                        std::size_t rows, const base::OpContext& ctx,
                        types::Bitset* selected) {
  ChunkColumns columns(source, rows);
  Evaluator evaluator(columns, ctx);
  for (std::size_t first = 0; first < rows; first += kBlockRows) {
    RETURN_IF_ERROR(ctx.Check());
    Block block;
    block.first = first;
    block.rows = std::min(kBlockRows, rows - first);
    block.needed = candidates.subspan(first / 64, block.word_count());
    const bool has_work =
        std::any_of(block.needed.begin(), block.needed.end(),
                    [](std::uint64_t word) { return word != 0; });
    if (!has_work) continue;
    ASSIGN_OR_RETURN(const Truth truth, evaluator.Evaluate(plan.root(), block));
    std::copy(
        truth.yes.begin(), truth.yes.end(),
        selected->words().begin() + static_cast<std::ptrdiff_t>(first / 64));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status EvalChunk(const Plan& plan, const ColumnSource& columns,
                       std::size_t rows, const base::OpContext& ctx,
                       types::Bitset* selected) {
  if (plan.always_true() || plan.always_false()) {
    *selected = types::Bitset(rows, plan.always_true());
    return absl::OkStatus();
  }
  *selected = types::Bitset(rows);
  const types::Bitset all(rows, true);
  return EvalBlocks(plan, columns, all.words(), rows, ctx, selected);
}

absl::Status EvalCandidates(const Plan& plan, const ColumnSource& columns,
                            types::BitsetView candidates,
                            const base::OpContext& ctx,
                            types::Bitset* selected) {
  const std::size_t rows = candidates.size();
  *selected = types::Bitset(rows);
  if (plan.always_false()) return absl::OkStatus();
  if (plan.always_true()) {
    selected->Or(candidates);
    return absl::OkStatus();
  }
  return EvalBlocks(plan, columns,
                    {candidates.words(), candidates.word_count()}, rows, ctx,
                    selected);
}

}  // namespace elanus::expr
