// A filter after parsing and type checking: a tree whose nodes name columns by
// id and hold constants of the columns' own types. Everything that can be
// decided without rows is decided: a plan that is true or false for every row
// is a single ConstantNode.
//
//   ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, CompileFilter(...));
//   if (plan->always_true()) ...
//   if (auto keys = plan->PrimaryKeyCandidates()) ...  // look up, then filter
//
// Truth has three values: on a null value (nullable fields only) every node
// about that column but NullNode and ExistsNode is unknown; not unknown =
// unknown; unknown at the top = not selected. A missing JSON key is no null:
// there a condition is false, and its negation true.
//
// Threads:   immutable, share at will.
// Ownership: a plan owns its tree and refers to no schema.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/ids.h"
#include "expr/eval/int_set.h"
#include "expr/eval/json_term_set.h"
#include "expr/eval/like_pattern.h"
#include "expr/literal.h"
#include "types/data_type.h"
#include "types/value.h"

namespace elanus::expr {

enum class CompareOp : std::uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };
enum class ArithmeticOp : std::uint8_t { kAdd, kSub, kMul, kDiv, kMod };

// A field, or with a path a place inside a JSON field. A step names a key of
// an object, or, all digits, a position of an array.
struct Column {
  base::FieldId field{0};
  types::DataType type = types::DataType::kNone;
  bool nullable = false;
  std::vector<std::string> path;

  friend bool operator==(const Column&, const Column&) = default;
};

struct Node;
using NodePtr = std::unique_ptr<const Node>;

struct ConstantNode {
  bool value;
};
// `value` for each row where the column is not null.
struct KnownNode {
  Column column;
  bool value;
};
// lower <= x <= upper; Bool counts as 0 and 1. The bounds are values of the
// column's type.
struct IntegerRangeNode {
  Column column;
  std::int64_t lower;
  std::int64_t upper;
  bool negated;
  // Written as a list, whose values have no gap.
  bool is_list = false;
};
// The same for Float (bounds are floats) and Double.
struct FloatRangeNode {
  Column column;
  double lower;
  double upper;
  bool negated;
};
struct TextBound {
  std::string text;
  bool inclusive;
};
// VarChar, compared bytewise.
struct TextRangeNode {
  Column column;
  std::optional<TextBound> lower;
  std::optional<TextBound> upper;
  bool negated;
};
struct IntegerTermNode {
  Column column;
  IntSet values;
  bool negated;
};
// Float and Double; the values are kept as bits of a double (FloatTermBits).
struct FloatTermNode {
  Column column;
  IntSet bits;
  bool negated;
};
struct TextTermNode {
  Column column;
  absl::flat_hash_set<std::string> values;
  bool negated;
};
// VarChar or JSON.
struct LikeNode {
  Column column;
  LikePattern pattern;
};
// x op operand compare value, on numbers or JSON. Integers count in int64 and
// wrap; Float and Double count in double, a Float's result is rounded to float
// before it is compared.
struct ArithmeticNode {
  Column column;
  ArithmeticOp op;
  Literal operand;
  CompareOp compare;
  Literal value;
};
// Both numeric, both VarChar or both Bool.
struct FieldCompareNode {
  Column left;
  CompareOp compare;
  Column right;
};
// x is null; never unknown. The column has no path.
struct NullNode {
  Column column;
};
// The JSON place holds something else than null, {} or [] (or containers that
// hold nothing but those). Never unknown.
struct ExistsNode {
  Column column;
};
struct JsonCompareNode {
  Column column;
  CompareOp compare;
  Literal value;
};
struct JsonRangeNode {
  Column column;
  Literal lower;  // a number or a text, `upper` the same
  Literal upper;
  bool lower_inclusive;
  bool upper_inclusive;
};
struct JsonTermNode {
  Column column;
  JsonTermSet values;
  bool negated;
};
struct JsonContainsNode {
  enum class Mode : std::uint8_t { kAll, kAny };
  Column column;
  Mode mode;
  Literal::List values;
};
struct JsonLengthNode {
  Column column;
  CompareOp compare;
  std::int64_t length;
};
struct AndNode {
  std::vector<NodePtr> children;
};
struct OrNode {
  std::vector<NodePtr> children;
};
struct NotNode {
  NodePtr child;
};

struct Node {
  using Kind =
      std::variant<ConstantNode, KnownNode, IntegerRangeNode, FloatRangeNode,
                   TextRangeNode, IntegerTermNode, FloatTermNode, TextTermNode,
                   LikeNode, ArithmeticNode, FieldCompareNode, NullNode,
                   ExistsNode, JsonCompareNode, JsonRangeNode, JsonTermNode,
                   JsonContainsNode, JsonLengthNode, AndNode, OrNode, NotNode>;
  Kind kind;
};

class Plan {
 public:
  // primary_key: the schema's key field, for the two key lists.
  Plan(NodePtr root, base::FieldId primary_key);

  const Node& root() const { return *root_; }
  bool always_true() const { return IsConstant(true); }
  bool always_false() const { return IsConstant(false); }

  // The fields that evaluation reads, rising, each once.
  std::span<const base::FieldId> fields() const { return fields_; }

  // The keys k1..kn where the filter is exactly `pk in [k1..kn]` (or `pk ==
  // k`), however many; empty for an always-false plan. Each key once. A written
  // range (`0 <= pk < 9`) is none: it names keys that nobody inserted.
  std::optional<std::vector<types::PrimaryKey>> PrimaryKeyList() const;

  // Whether there is such a list.
  bool IsPrimaryKeyList() const;

  // Keys outside of which no row can be selected, where the plan says them:
  // `pk in [...]` or a narrow range, alone or joined by `and` with anything.
  // Selected are the rows with one of these keys that the plan selects.
  std::optional<std::vector<types::PrimaryKey>> PrimaryKeyCandidates() const;

 private:
  bool IsConstant(bool value) const {
    const auto* constant = std::get_if<ConstantNode>(&root_->kind);
    return constant != nullptr && constant->value == value;
  }

  NodePtr root_;
  base::FieldId primary_key_;
  std::vector<base::FieldId> fields_;
};

}  // namespace elanus::expr
