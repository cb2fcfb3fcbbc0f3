// What a part of a filter means while it is bound: a constant, a column, an
// arithmetic term, a length, or a finished condition.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "expr/literal.h"
#include "expr/plan.h"
#include "types/data_type.h"

namespace elanus::expr {

struct Operand {
  enum class Kind : std::uint8_t {
    kConstant,    // literal
    kColumn,      // column
    kArithmetic,  // column op literal
    kLength,      // array_length(column)
    kCondition,   // node
  };

  Kind kind = Kind::kConstant;
  Literal literal;
  bool is_template = false;  // the constant came from a placeholder
  Column column;
  ArithmeticOp op = ArithmeticOp::kAdd;
  NodePtr node;

  bool is_constant() const { return kind == Kind::kConstant; }
  bool is_column() const { return kind == Kind::kColumn; }
  bool is_condition() const { return kind == Kind::kCondition; }

  std::string_view TypeName() const {
    switch (kind) {
      case Kind::kConstant:
        return KindOf(literal);
      case Kind::kColumn:
        return NameOf(column.type);
      case Kind::kArithmetic:
        if (column.type == types::DataType::kJson) return "JSON";
        return IsFloating(column.type) || literal.is_double() ? "Double"
                                                              : "Int64";
      case Kind::kLength:
        return "Int64";
      case Kind::kCondition:
        return "Bool";
    }
    return "None";
  }
};

inline Operand ConstantOperand(Literal literal) {
  Operand operand;
  operand.literal = std::move(literal);
  return operand;
}
inline Operand ConditionOperand(NodePtr node) {
  Operand operand;
  operand.kind = Operand::Kind::kCondition;
  operand.node = std::move(node);
  return operand;
}

}  // namespace elanus::expr
