#include "expr/eval/evaluator.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "expr/eval/json_leaves.h"
#include "expr/eval/leaves.h"

namespace elanus::expr {
namespace {

using base::OpContext;
using types::ColumnView;
using types::DataType;

bool IsZero(const Mask& mask) {
  return std::all_of(mask.begin(), mask.end(),
                     [](std::uint64_t word) { return word == 0; });
}

// The nulls of a block among its needed rows; empty = none.
Mask NullsOf(const ColumnView& column, const Block& block) {
  if (column.nulls.empty()) return {};
  Mask nulls(block.word_count(), 0);
  const std::size_t first = block.first / 64;
  const std::size_t count = column.nulls.word_count();
  for (std::size_t i = 0; i < nulls.size() && first + i < count; ++i) {
    nulls[i] = column.nulls.words()[first + i] & block.needed[i];
  }
  if (IsZero(nulls)) nulls.clear();
  return nulls;
}

void Restrict(std::span<const std::uint64_t> needed, Mask* mask) {
  for (std::size_t i = 0; i < mask->size(); ++i) (*mask)[i] &= needed[i];
}

void Remove(const Mask& other, Mask* mask) {
  for (std::size_t i = 0; i < other.size(); ++i) (*mask)[i] &= ~other[i];
}

void Unite(const Mask& other, Mask* mask) {
  if (other.empty()) return;
  if (mask->empty()) mask->resize(other.size(), 0);
  for (std::size_t i = 0; i < other.size(); ++i) (*mask)[i] |= other[i];
}

// The block without the rows whose answer is known.
Mask Without(std::span<const std::uint64_t> needed, const Mask& known) {
  Mask mask(needed.begin(), needed.end());
  Remove(known, &mask);
  return mask;
}

// From a leaf's raw mask to its truth.
Truth Settle(Mask raw, bool negated, Mask nulls, const Block& block) {
  if (negated) {
    for (std::uint64_t& word : raw) word = ~word;
  }
  Restrict(block.needed, &raw);
  Remove(nulls, &raw);
  return {std::move(raw), std::move(nulls)};
}

template <typename Kind>
bool IsNegated(const Kind& node) {
  if constexpr (requires { node.negated; }) {
    return node.negated;
  } else {
    return false;
  }
}

template <typename Kind>
inline constexpr bool kIsJson =
    std::is_same_v<Kind, JsonCompareNode> ||
    std::is_same_v<Kind, JsonRangeNode> || std::is_same_v<Kind, JsonTermNode> ||
    std::is_same_v<Kind, JsonContainsNode> ||
    std::is_same_v<Kind, JsonLengthNode>;

// block: without null rows.
template <typename Kind>
absl::Status EvalLeaf(const Kind& node, const ColumnView& column,
                      const Block& block, const OpContext& ctx, Mask* mask) {
  if constexpr (kIsJson<Kind>) {
    return EvalJson(node, column, block, ctx, mask);
  } else if constexpr (std::is_same_v<Kind, LikeNode>) {
    if (column.type == DataType::kJson) {
      return EvalJson(node, column, block, ctx, mask);
    }
    EvalLike(node, column, block, mask);
  } else if constexpr (std::is_same_v<Kind, ArithmeticNode>) {
    if (column.type == DataType::kJson) {
      return EvalJson(node, column, block, ctx, mask);
    }
    EvalArithmetic(node, column, block, mask);
  } else if constexpr (requires { node.lower; }) {
    EvalRange(node, column, block, mask);
  } else {
    EvalTerm(node, column, block, mask);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Truth> Evaluator::Evaluate(const Node& node,
                                          const Block& block) {
  return std::visit(
      [this, &block](const auto& kind) { return Visit(kind, block); },
      node.kind);
}

template <typename Kind>
absl::StatusOr<Truth> Evaluator::Visit(const Kind& node, const Block& block) {
  ASSIGN_OR_RETURN(const ColumnView column, columns_.Get(node.column));
  Mask nulls = NullsOf(column, block);
  Mask raw(block.word_count(), 0);
  if (nulls.empty()) {
    RETURN_IF_ERROR(EvalLeaf(node, column, block, ctx_, &raw));
  } else {
    const Mask present = Without(block.needed, nulls);
    const Block rest{block.first, block.rows, present};
    RETURN_IF_ERROR(EvalLeaf(node, column, rest, ctx_, &raw));
  }
  return Settle(std::move(raw), IsNegated(node), std::move(nulls), block);
}

absl::StatusOr<Truth> Evaluator::Visit(const ConstantNode& node,
                                       const Block& block) {
  return Settle(Mask(block.word_count(), 0), node.value, {}, block);
}

absl::StatusOr<Truth> Evaluator::Visit(const KnownNode& node,
                                       const Block& block) {
  ASSIGN_OR_RETURN(const ColumnView column, columns_.Get(node.column));
  return Settle(Mask(block.word_count(), 0), node.value, NullsOf(column, block),
                block);
}

absl::StatusOr<Truth> Evaluator::Visit(const NullNode& node,
                                       const Block& block) {
  ASSIGN_OR_RETURN(const ColumnView column, columns_.Get(node.column));
  Mask nulls = NullsOf(column, block);
  nulls.resize(block.word_count(), 0);
  return Truth{std::move(nulls), {}};
}

absl::StatusOr<Truth> Evaluator::Visit(const ExistsNode& node,
                                       const Block& block) {
  ASSIGN_OR_RETURN(const ColumnView column, columns_.Get(node.column));
  const Mask present = Without(block.needed, NullsOf(column, block));
  const Block rest{block.first, block.rows, present};
  Mask raw(block.word_count(), 0);
  RETURN_IF_ERROR(EvalJson(node, column, rest, ctx_, &raw));
  return Settle(std::move(raw), /*negated=*/false, {}, rest);
}

absl::StatusOr<Truth> Evaluator::Visit(const FieldCompareNode& node,
                                       const Block& block) {
  ASSIGN_OR_RETURN(const ColumnView left, columns_.Get(node.left));
  ASSIGN_OR_RETURN(const ColumnView right, columns_.Get(node.right));
  Mask nulls = NullsOf(left, block);
  Unite(NullsOf(right, block), &nulls);
  Mask raw(block.word_count(), 0);
  EvalFieldCompare(node, left, right, block, &raw);
  return Settle(std::move(raw), /*negated=*/false, std::move(nulls), block);
}

absl::StatusOr<Truth> Evaluator::Visit(const AndNode& node,
                                       const Block& block) {
  // True so far, unknown so far; a row in neither is false for good.
  Truth all{Mask(block.needed.begin(), block.needed.end()), {}};
  for (const NodePtr& child : node.children) {
    Mask open = all.yes;
    Unite(all.unknown, &open);
    if (IsZero(open)) break;
    const Block rest{block.first, block.rows, open};
    ASSIGN_OR_RETURN(Truth truth, Evaluate(*child, rest));
    Unite(truth.unknown, &all.unknown);
    if (!all.unknown.empty()) {
      Mask possible = truth.yes;
      Unite(truth.unknown, &possible);
      Restrict(possible, &all.unknown);
    }
    Restrict(truth.yes, &all.yes);
  }
  return all;
}

absl::StatusOr<Truth> Evaluator::Visit(const OrNode& node, const Block& block) {
  Truth any{Mask(block.word_count(), 0), {}};
  for (const NodePtr& child : node.children) {
    const Mask open = Without(block.needed, any.yes);
    if (IsZero(open)) break;
    const Block rest{block.first, block.rows, open};
    ASSIGN_OR_RETURN(const Truth truth, Evaluate(*child, rest));
    Unite(truth.yes, &any.yes);
    Unite(truth.unknown, &any.unknown);
    if (!any.unknown.empty()) Remove(any.yes, &any.unknown);
  }
  return any;
}

absl::StatusOr<Truth> Evaluator::Visit(const NotNode& node,
                                       const Block& block) {
  ASSIGN_OR_RETURN(Truth truth, Evaluate(*node.child, block));
  Mask yes = Without(block.needed, truth.yes);
  Remove(truth.unknown, &yes);
  return Truth{std::move(yes), std::move(truth.unknown)};
}

}  // namespace elanus::expr
