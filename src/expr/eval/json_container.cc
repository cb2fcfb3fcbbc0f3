// Conditions about containers inside JSON: contains, length, presence.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "expr/eval/json_leaves.h"
#include "expr/eval/json_rows.h"

namespace elanus::expr {
namespace {

using base::OpContext;
using simdjson::SUCCESS;
using types::ColumnView;

// Goes through one array and ticks off the wanted values that it holds.
class ContainsMatcher {
 public:
  explicit ContainsMatcher(const JsonContainsNode& node)
      : node_(node), found_(node.values.size()) {}

  bool Matches(simdjson::ondemand::array array) {
    std::fill(found_.begin(), found_.end(), false);
    missing_ = found_.size();
    const bool is_any = node_.mode == JsonContainsNode::Mode::kAny;
    for (auto result : array) {
      simdjson::ondemand::value element;
      if (std::move(result).get(element) != SUCCESS) return false;
      const std::size_t before = missing_;
      Tick(element);
      if (is_any ? missing_ < before : missing_ == 0) return true;
    }
    return missing_ == 0 && !is_any;
  }

 private:
  void Tick(simdjson::ondemand::value& element) {
    const JsonScalar scalar = ReadScalar(element);
    if (scalar.kind != JsonScalar::Kind::kArray) {
      TickIf([&scalar](const Literal& value) { return Equals(scalar, value); });
      return;
    }
    const auto list = ReadLiteral(element);
    if (!list) return;
    TickIf(
        [&list](const Literal& value) { return EqualByValue(*list, value); });
  }

  template <typename Test>
  void TickIf(Test test) {
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (found_[i] || !test(node_.values[i])) continue;
      found_[i] = true;
      --missing_;
    }
  }

  const JsonContainsNode& node_;
  std::vector<bool> found_;
  std::size_t missing_ = 0;
};

bool Holds(CompareOp compare, std::int64_t left, std::int64_t right) {
  switch (compare) {
    case CompareOp::kEq:
      return left == right;
    case CompareOp::kNe:
      return left != right;
    case CompareOp::kLt:
      return left < right;
    case CompareOp::kLe:
      return left <= right;
    case CompareOp::kGt:
      return left > right;
    case CompareOp::kGe:
      return left >= right;
  }
  return false;
}

}  // namespace

absl::Status EvalJson(const ExistsNode& node, const ColumnView& column,
                      const Block& block, const OpContext& ctx, Mask* mask) {
  const auto visit = [](auto& value) {
    // Places always have a path: whole documents do not get here.
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>,
                                 simdjson::ondemand::value>) {
      return !IsEmptyValue(value);
    } else {
      return false;
    }
  };
  return VisitJsonRows(node.column, column, block, ctx, visit, mask);
}

absl::Status EvalJson(const JsonContainsNode& node, const ColumnView& column,
                      const Block& block, const OpContext& ctx, Mask* mask) {
  ContainsMatcher matcher(node);
  const auto visit = [&matcher](auto& value) {
    simdjson::ondemand::array array;
    return value.get_array().get(array) == SUCCESS && matcher.Matches(array);
  };
  return VisitJsonRows(node.column, column, block, ctx, visit, mask);
}

absl::Status EvalJson(const JsonLengthNode& node, const ColumnView& column,
                      const Block& block, const OpContext& ctx, Mask* mask) {
  // != holds for what is no array: it is evaluated as "not ==".
  const bool is_unequal = node.compare == CompareOp::kNe;
  const CompareOp compare = is_unequal ? CompareOp::kEq : node.compare;
  const auto visit = [&node, compare](auto& value) {
    simdjson::ondemand::array array;
    std::size_t length = 0;
    if (value.get_array().get(array) != SUCCESS ||
        array.count_elements().get(length) != SUCCESS) {
      return false;
    }
    return Holds(compare, static_cast<std::int64_t>(length), node.length);
  };
  RETURN_IF_ERROR(VisitJsonRows(node.column, column, block, ctx, visit, mask));
  if (is_unequal) {
    for (std::uint64_t& word : *mask) word = ~word;
  }
  return absl::OkStatus();
}

}  // namespace elanus::expr
