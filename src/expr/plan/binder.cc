#include "expr/plan/binder.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/plan/conditions.h"
#include "expr/plan/fold.h"
#include "expr/plan/functions.h"
#include "expr/plan/logic.h"
#include "expr/plan/operand.h"

namespace elanus::expr {
namespace {

using base::ErrorCode;
using base::InvalidInput;
using types::DataType;

template <typename... Args>
absl::Status Bad(fmt::format_string<Args...> format, Args&&... args) {
  return InvalidInput(ErrorCode::kParameterInvalid, format,
                      std::forward<Args>(args)...);
}

std::optional<CompareOp> CompareOf(TokenKind op) {
  switch (op) {
    case TokenKind::kEq:
      return CompareOp::kEq;
    case TokenKind::kNe:
      return CompareOp::kNe;
    case TokenKind::kLt:
      return CompareOp::kLt;
    case TokenKind::kLe:
      return CompareOp::kLe;
    case TokenKind::kGt:
      return CompareOp::kGt;
    case TokenKind::kGe:
      return CompareOp::kGe;
    default:  // no comparison
      return std::nullopt;
  }
}

std::optional<ArithmeticOp> ArithmeticOf(TokenKind op) {
  switch (op) {
    case TokenKind::kPlus:
      return ArithmeticOp::kAdd;
    case TokenKind::kMinus:
      return ArithmeticOp::kSub;
    case TokenKind::kStar:
      return ArithmeticOp::kMul;
    case TokenKind::kSlash:
      return ArithmeticOp::kDiv;
    case TokenKind::kPercent:
      return ArithmeticOp::kMod;
    default:  // ** and bits: constants only
      return std::nullopt;
  }
}

class Binder {
 public:
  Binder(const types::Schema& schema, const TemplateValues& values)
      : schema_(schema), values_(values) {}

  absl::StatusOr<Operand> Visit(const Ast& ast) {
    switch (ast.kind) {
      case Ast::Kind::kLiteral:
        return ConstantOperand(ast.literal);
      case Ast::Kind::kColumn:
        return VisitColumn(ast);
      case Ast::Kind::kPlaceholder:
        return VisitPlaceholder(ast);
      case Ast::Kind::kList:
        return VisitList(ast);
      case Ast::Kind::kUnary:
        return VisitUnary(ast);
      case Ast::Kind::kBinary:
        return VisitBinary(ast);
      case Ast::Kind::kAnd:
      case Ast::Kind::kOr:
        return VisitLogic(ast);
      case Ast::Kind::kIn:
        return VisitIn(ast);
      case Ast::Kind::kRange:
        return VisitRange(ast);
      case Ast::Kind::kLike:
        return VisitLike(ast);
      case Ast::Kind::kIsNull:
      case Ast::Kind::kExists:
        return VisitPresence(ast);
      case Ast::Kind::kCall:
        return VisitCall(ast);
    }
    return Bad("unknown kind of expression");
  }

 private:
  absl::StatusOr<Operand> VisitColumn(const Ast& ast) const;
  absl::StatusOr<Operand> VisitPlaceholder(const Ast& ast) const;
  absl::StatusOr<Operand> VisitList(const Ast& ast);
  absl::StatusOr<Operand> VisitUnary(const Ast& ast);
  absl::StatusOr<Operand> VisitBinary(const Ast& ast);
  absl::StatusOr<Operand> VisitLogic(const Ast& ast);
  absl::StatusOr<Operand> VisitIn(const Ast& ast);
  absl::StatusOr<Operand> VisitRange(const Ast& ast);
  absl::StatusOr<Operand> VisitLike(const Ast& ast);
  absl::StatusOr<Operand> VisitPresence(const Ast& ast);
  absl::StatusOr<Operand> VisitCall(const Ast& ast);

  const types::Schema& schema_;
  const TemplateValues& values_;
};

absl::StatusOr<Operand> Condition(absl::StatusOr<NodePtr> node) {
  if (!node.ok()) return std::move(node).status();
  return ConditionOperand(*std::move(node));
}

absl::StatusOr<Operand> Binder::VisitColumn(const Ast& ast) const {
  const types::FieldSchema* field = schema_.Find(std::string_view(ast.name));
  std::vector<std::string> path = ast.path;
  if (field == nullptr) {
    field = schema_.dynamic_field();
    if (field == nullptr || ast.name == types::kDynamicFieldName) {
      return Bad("field {} not exist", ast.name);
    }
    path.insert(path.begin(), ast.name);
  }
  if (field->type == DataType::kArray) {
    return Bad("expressions on Array fields are not supported yet: {}",
               ast.name);
  }
  if (!path.empty() && field->type != DataType::kJson) {
    return Bad("{} data type not supported accessed with []",
               NameOf(field->type));
  }
  Operand operand;
  operand.kind = Operand::Kind::kColumn;
  operand.column =
      Column{field->id, field->type, field->nullable, std::move(path)};
  return operand;
}

absl::StatusOr<Operand> Binder::VisitPlaceholder(const Ast& ast) const {
  const auto found = values_.find(ast.name);
  if (found == values_.end()) {
    return Bad(
        "the value of expression template variable name {{{}}} is not "
        "found",
        ast.name);
  }
  Operand operand = ConstantOperand(found->second);
  operand.is_template = true;
  return operand;
}

absl::StatusOr<Operand> Binder::VisitList(const Ast& ast) {
  Literal::List items;
  items.reserve(ast.children.size());
  for (const Ast& child : ast.children) {
    ASSIGN_OR_RETURN(Operand item, Visit(child));
    if (!item.is_constant()) {
      return Bad("array element type must be generic value, but got: {}",
                 item.TypeName());
    }
    items.push_back(std::move(item.literal));
  }
  return ConstantOperand(Literal{std::move(items)});
}

absl::StatusOr<Operand> UnaryOnConstant(TokenKind op, Operand operand) {
  if (operand.is_template) {
    return Bad("placeholder was not supported with operator: {}",
               SpellingOf(op));
  }
  if (!operand.literal.is_number()) {
    return Bad("'{}' can only be used before a number, got {}", SpellingOf(op),
               operand.TypeName());
  }
  if (op == TokenKind::kPlus) return operand;
  if (operand.literal.is_double()) {
    operand.literal.value = -operand.literal.as_double();
    return operand;
  }
  operand.literal.value =
      WrappingArithmetic(ArithmeticOp::kSub, 0, operand.literal.as_int());
  return operand;
}

absl::StatusOr<Operand> Binder::VisitUnary(const Ast& ast) {
  ASSIGN_OR_RETURN(Operand operand, Visit(ast.children[0]));
  if (ast.op == TokenKind::kNot) {
    if (!operand.is_condition()) {
      return Bad("not op can only be applied on boolean expression");
    }
    return ConditionOperand(MakeNot(std::move(operand.node)));
  }
  if (ast.op == TokenKind::kTilde) return Bad("unary '~' is not supported");
  if (operand.is_constant()) {
    return UnaryOnConstant(ast.op, std::move(operand));
  }
  const bool is_number =
      operand.is_column() && (IsNumeric(operand.column.type) ||
                              operand.column.type == DataType::kJson);
  if (ast.op == TokenKind::kPlus && is_number) return operand;
  return Bad("unary '{}' is not supported on {}", SpellingOf(ast.op),
             operand.TypeName());
}

absl::Status CheckPlaceholders(TokenKind op, const Operand& left,
                               const Operand& right) {
  if (left.is_constant() && right.is_constant() &&
      (left.is_template || right.is_template)) {
    return Bad(
        "placeholder was not supported between two constants with "
        "operator: {}",
        SpellingOf(op));
  }
  return absl::OkStatus();
}

// left op right where at least one of the two is no constant.
absl::StatusOr<Operand> BindArithmetic(TokenKind op, Operand left,
                                       Operand right) {
  const auto arithmetic = ArithmeticOf(op);
  if (!arithmetic) {
    return Bad("'{}' is not supported between {} and {}", SpellingOf(op),
               left.TypeName(), right.TypeName());
  }
  const bool commutes =
      *arithmetic == ArithmeticOp::kAdd || *arithmetic == ArithmeticOp::kMul;
  if (left.is_constant() && right.is_column()) {
    if (!commutes) {
      return Bad("'{}' needs the field on its left side", SpellingOf(op));
    }
    std::swap(left, right);
  }
  if (!left.is_column() || !right.is_constant()) {
    return Bad("complicated arithmetic operations are not supported");
  }
  RETURN_IF_ERROR(CheckArithmetic(left.column, *arithmetic, right.literal));
  left.kind = Operand::Kind::kArithmetic;
  left.op = *arithmetic;
  left.literal = std::move(right.literal);
  return left;
}

// `left` is no constant; `right` may be one.
absl::StatusOr<Operand> BindCompare(CompareOp compare, Operand left,
                                    Operand right) {
  if (left.is_column() && right.is_column()) {
    return Condition(MakeFieldCompare(std::move(left.column), compare,
                                      std::move(right.column)));
  }
  if (left.is_condition() || right.is_condition()) {
    return Bad("comparisons between {} and {} are not supported",
               left.TypeName(), right.TypeName());
  }
  if (!right.is_constant()) {
    return Bad("complicated arithmetic operations are not supported");
  }
  switch (left.kind) {
    case Operand::Kind::kColumn:
      return Condition(
          MakeCompare(std::move(left.column), compare, right.literal));
    case Operand::Kind::kArithmetic:
      return Condition(MakeArithmetic({.column = std::move(left.column),
                                       .op = left.op,
                                       .operand = std::move(left.literal),
                                       .compare = compare,
                                       .value = std::move(right.literal)}));
    case Operand::Kind::kLength:
      return Condition(
          MakeLength(std::move(left.column), compare, right.literal));
    case Operand::Kind::kConstant:
    case Operand::Kind::kCondition:
      break;
  }
  return Bad("comparisons between {} and {} are not supported", left.TypeName(),
             right.TypeName());
}

absl::StatusOr<Operand> Binder::VisitBinary(const Ast& ast) {
  ASSIGN_OR_RETURN(Operand left, Visit(ast.children[0]));
  ASSIGN_OR_RETURN(Operand right, Visit(ast.children[1]));
  RETURN_IF_ERROR(CheckPlaceholders(ast.op, left, right));
  const auto compare = CompareOf(ast.op);
  const bool are_constants = left.is_constant() && right.is_constant();
  if (!compare && are_constants) {
    ASSIGN_OR_RETURN(Literal folded,
                     FoldArithmetic(ast.op, left.literal, right.literal));
    return ConstantOperand(std::move(folded));
  }
  if (!compare) {
    return BindArithmetic(ast.op, std::move(left), std::move(right));
  }
  if (are_constants) {
    ASSIGN_OR_RETURN(const bool holds,
                     FoldCompare(*compare, left.literal, right.literal));
    return ConstantOperand(Literal{holds});
  }
  if (left.is_constant()) {
    return BindCompare(Mirror(*compare), std::move(right), std::move(left));
  }
  return BindCompare(*compare, std::move(left), std::move(right));
}

absl::StatusOr<Operand> Binder::VisitLogic(const Ast& ast) {
  const bool is_and = ast.kind == Ast::Kind::kAnd;
  std::vector<NodePtr> children;
  children.reserve(ast.children.size());
  bool are_conditions = true;
  for (const Ast& child : ast.children) {
    ASSIGN_OR_RETURN(Operand operand, Visit(child));
    are_conditions = are_conditions && operand.is_condition();
    children.push_back(std::move(operand.node));
  }
  if (!are_conditions) {
    return Bad("'{}' can only be used between boolean expressions",
               is_and ? "and" : "or");
  }
  return ConditionOperand(is_and ? MakeAnd(std::move(children))
                                 : MakeOr(std::move(children)));
}

absl::StatusOr<Operand> Binder::VisitIn(const Ast& ast) {
  ASSIGN_OR_RETURN(Operand left, Visit(ast.children[0]));
  if (!left.is_column()) {
    return Bad("'term' can only be used on single field, but got: {}",
               left.TypeName());
  }
  ASSIGN_OR_RETURN(Operand right, Visit(ast.children[1]));
  if (!right.is_constant()) {
    return Bad("the right-hand side of 'in' must be a list");
  }
  return Condition(
      MakeTerm(std::move(left.column), right.literal, ast.negated));
}

absl::StatusOr<Operand> Binder::VisitRange(const Ast& ast) {
  ASSIGN_OR_RETURN(Operand first, Visit(ast.children[0]));
  ASSIGN_OR_RETURN(Operand column, Visit(ast.children[1]));
  ASSIGN_OR_RETURN(Operand second, Visit(ast.children[2]));
  if (!first.is_constant() || !second.is_constant()) {
    return Bad("the bounds of a range must be constants");
  }
  RangeBounds bounds{std::move(first.literal), ast.op == TokenKind::kLe,
                     std::move(second.literal),
                     ast.second_op == TokenKind::kLe};
  if (ast.op == TokenKind::kGt || ast.op == TokenKind::kGe) {
    std::swap(bounds.lower, bounds.upper);
    bounds.lower_inclusive = ast.second_op == TokenKind::kGe;
    bounds.upper_inclusive = ast.op == TokenKind::kGe;
  }
  return Condition(MakeRange(std::move(column.column), bounds));
}

absl::StatusOr<Operand> Binder::VisitLike(const Ast& ast) {
  ASSIGN_OR_RETURN(Operand column, Visit(ast.children[0]));
  ASSIGN_OR_RETURN(const Operand pattern, Visit(ast.children[1]));
  if (!column.is_column()) {
    return Bad("like operation on complicated expr is unsupported");
  }
  return Condition(MakeLike(std::move(column.column), pattern.literal));
}

// exists x, x is null, x is not null.
absl::StatusOr<Operand> Binder::VisitPresence(const Ast& ast) {
  ASSIGN_OR_RETURN(Operand operand, Visit(ast.children[0]));
  if (!operand.is_column()) {
    return Bad("exists operations are only supported on json field, got: {}",
               operand.TypeName());
  }
  if (ast.kind == Ast::Kind::kExists) {
    return Condition(MakeExists(std::move(operand.column)));
  }
  ASSIGN_OR_RETURN(NodePtr node, MakeIsNull(std::move(operand.column)));
  return ConditionOperand(ast.negated ? MakeNot(std::move(node))
                                      : std::move(node));
}

absl::StatusOr<Operand> Binder::VisitCall(const Ast& ast) {
  // Before the arguments: those of unsupported functions have rules of their
  // own.
  RETURN_IF_ERROR(CheckFunction(ast.name));
  std::vector<Operand> arguments;
  for (const Ast& child : ast.children) {
    ASSIGN_OR_RETURN(arguments.emplace_back(), Visit(child));
  }
  return BindFunction(ast.name, std::move(arguments));
}

}  // namespace

absl::StatusOr<Bound> Bind(const Ast& ast, const types::Schema& schema,
                           const TemplateValues& values) {
  ASSIGN_OR_RETURN(Operand operand, Binder(schema, values).Visit(ast));
  Bound bound;
  bound.data_type = std::string(operand.TypeName());
  if (operand.is_condition()) bound.root = std::move(operand.node);
  return bound;
}

}  // namespace elanus::expr
