#include "expr/parse/parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "expr/parse/lexer.h"

namespace elanus::expr {
namespace {

using base::ErrorCode;
using base::InvalidInput;
using Kind = Ast::Kind;

// Levels of binary operators, loose to tight. `in` stands between comparison
// and shifts and is handled by itself.
enum Level : int {
  kLevelOr,
  kLevelAnd,
  kLevelBitOr,
  kLevelBitXor,
  kLevelBitAnd,
  kLevelEquality,
  kLevelRelation,
  kLevelIn,
  kLevelShift,
  kLevelSum,
  kLevelProduct,
  kLevelUnary,
  kLevelPower,
  kLevelNone = -1,
};

int LevelOf(TokenKind kind) {
  switch (kind) {
    case TokenKind::kOr:
      return kLevelOr;
    case TokenKind::kAnd:
      return kLevelAnd;
    case TokenKind::kBitOr:
      return kLevelBitOr;
    case TokenKind::kBitXor:
      return kLevelBitXor;
    case TokenKind::kBitAnd:
      return kLevelBitAnd;
    case TokenKind::kEq:
    case TokenKind::kNe:
      return kLevelEquality;
    case TokenKind::kLt:
    case TokenKind::kLe:
    case TokenKind::kGt:
    case TokenKind::kGe:
      return kLevelRelation;
    case TokenKind::kIn:
    case TokenKind::kNot:
    case TokenKind::kBang:
      return kLevelIn;
    case TokenKind::kShiftLeft:
    case TokenKind::kShiftRight:
      return kLevelShift;
    case TokenKind::kPlus:
    case TokenKind::kMinus:
      return kLevelSum;
    case TokenKind::kStar:
    case TokenKind::kSlash:
    case TokenKind::kPercent:
      return kLevelProduct;
    case TokenKind::kPower:
      return kLevelPower;
    default:  // no binary operator
      return kLevelNone;
  }
}

bool IsLess(TokenKind kind) {
  return kind == TokenKind::kLt || kind == TokenKind::kLe;
}
bool IsGreater(TokenKind kind) {
  return kind == TokenKind::kGt || kind == TokenKind::kGe;
}
bool IsUnary(TokenKind kind) {
  return kind == TokenKind::kPlus || kind == TokenKind::kMinus ||
         kind == TokenKind::kTilde || kind == TokenKind::kBang ||
         kind == TokenKind::kNot;
}

class Parser {
 public:
  Parser(std::string_view text, int depth_max)
      : lexer_(text), depth_max_(depth_max) {}

  absl::StatusOr<Ast> Run() {
    RETURN_IF_ERROR(Advance());
    ASSIGN_OR_RETURN(Ast ast, Binary(kLevelOr));
    if (token_.kind != TokenKind::kEnd) return Unexpected();
    return ast;
  }

 private:
  absl::Status Advance() {
    ASSIGN_OR_RETURN(token_, lexer_.Next());
    return absl::OkStatus();
  }
  bool Is(TokenKind kind) const { return token_.kind == kind; }
  absl::Status Expect(TokenKind kind) {
    if (!Is(kind)) return Unexpected();
    return Advance();
  }
  absl::Status Unexpected() const {
    if (Is(TokenKind::kEnd)) {
      return InvalidInput(ErrorCode::kParameterInvalid,
                          "line 1:{} mismatched input '<EOF>'",
                          token_.position);
    }
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "line 1:{} mismatched input '{}'", token_.position,
                        token_.text);
  }

  // Sets the depth of a finished node from its children.
  absl::StatusOr<Ast> Finish(Ast ast) const {
    int deepest = 0;
    for (const Ast& child : ast.children) {
      deepest = std::max(deepest, child.depth);
    }
    ast.depth = deepest + 1;
    if (ast.depth > depth_max_) return TooDeep();
    return ast;
  }
  absl::Status TooDeep() const {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "the expression nests deeper than {} levels",
                        depth_max_);
  }

  absl::StatusOr<Ast> Binary(int level);
  absl::StatusOr<Ast> Join(TokenKind op, Ast left, Ast right);
  absl::StatusOr<Ast> In(Ast left);
  absl::StatusOr<Ast> Unary();
  absl::StatusOr<Ast> Postfix();
  absl::StatusOr<Ast> Primary();
  absl::StatusOr<Ast> Parenthesised();
  absl::StatusOr<Ast> Placeholder();
  absl::StatusOr<Ast> Name();
  absl::StatusOr<Ast> Call(std::string name);
  absl::StatusOr<Ast> List();
  absl::Status AddElement(Ast element, Ast* list);

  Lexer lexer_;
  int depth_max_;
  int nesting_ = 0;  // calls of Binary and Unary under way
  Token token_;
};

// One level of recursion, given back at the end of a scope.
class Nesting {
 public:
  explicit Nesting(int* count) : count_(count) { ++*count_; }
  ~Nesting() { --*count_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  int* count_;
};

// Climbs from `level` to tighter operators: an operator of level l takes as
// its right side everything tighter than l, so all associate to the left.
absl::StatusOr<Ast> Parser::Binary(int level) {
  const Nesting nesting(&nesting_);
  if (nesting_ > 2 * depth_max_) return TooDeep();
  ASSIGN_OR_RETURN(Ast left, Unary());
  while (true) {
    const int own = LevelOf(token_.kind);
    if (own == kLevelNone || own < level) return left;
    if (own == kLevelIn) {
      ASSIGN_OR_RETURN(left, In(std::move(left)));
      continue;
    }
    const TokenKind op = token_.kind;
    RETURN_IF_ERROR(Advance());
    ASSIGN_OR_RETURN(Ast right, Binary(own + 1));
    ASSIGN_OR_RETURN(left, Join(op, std::move(left), std::move(right)));
  }
}

// left op right: chains of and, or become one node; `1 < x < 5` a range.
absl::StatusOr<Ast> Parser::Join(TokenKind op, Ast left, Ast right) {
  Ast ast;
  if (op == TokenKind::kAnd || op == TokenKind::kOr) {
    ast.kind = op == TokenKind::kAnd ? Kind::kAnd : Kind::kOr;
    // Joining is associative: parentheses on the left change nothing.
    if (left.kind == ast.kind) {
      if (right.depth + 1 > depth_max_) return TooDeep();
      left.depth = std::max(left.depth, right.depth + 1);
      left.children.push_back(std::move(right));
      return left;
    }
    ast.children.push_back(std::move(left));
    ast.children.push_back(std::move(right));
    return Finish(std::move(ast));
  }
  const bool is_range = left.kind == Kind::kBinary &&
                        left.children[1].kind == Kind::kColumn &&
                        !left.parenthesised &&
                        ((IsLess(left.op) && IsLess(op)) ||
                         (IsGreater(left.op) && IsGreater(op)));
  if (is_range) {
    ast.kind = Kind::kRange;
    ast.op = left.op;
    ast.second_op = op;
    ast.children = std::move(left.children);
    ast.children.push_back(std::move(right));
    return Finish(std::move(ast));
  }
  ast.kind = Kind::kBinary;
  ast.op = op;
  ast.children.push_back(std::move(left));
  ast.children.push_back(std::move(right));
  return Finish(std::move(ast));
}

absl::StatusOr<Ast> Parser::In(Ast left) {
  Ast ast;
  ast.kind = Kind::kIn;
  if (!Is(TokenKind::kIn)) {
    ast.negated = true;
    RETURN_IF_ERROR(Advance());
  }
  RETURN_IF_ERROR(Expect(TokenKind::kIn));
  ASSIGN_OR_RETURN(Ast right, Binary(kLevelShift));
  ast.children.push_back(std::move(left));
  ast.children.push_back(std::move(right));
  return Finish(std::move(ast));
}

absl::StatusOr<Ast> Parser::Unary() {
  const Nesting nesting(&nesting_);
  if (nesting_ > 2 * depth_max_) return TooDeep();
  if (!IsUnary(token_.kind)) return Postfix();
  Ast ast;
  ast.kind = Kind::kUnary;
  ast.op = Is(TokenKind::kBang) ? TokenKind::kNot : token_.kind;
  RETURN_IF_ERROR(Advance());
  // Powers bind tighter than a sign before them: -2 ** 2 is -(2 ** 2).
  ASSIGN_OR_RETURN(Ast operand,
                   IsUnary(token_.kind) ? Unary() : Binary(kLevelPower));
  ast.children.push_back(std::move(operand));
  return Finish(std::move(ast));
}

absl::StatusOr<Ast> Parser::Postfix() {
  ASSIGN_OR_RETURN(Ast operand, Primary());
  Ast ast;
  switch (token_.kind) {
    case TokenKind::kLike: {
      ast.kind = Kind::kLike;
      RETURN_IF_ERROR(Advance());
      if (!Is(TokenKind::kString) && !Is(TokenKind::kLeftBrace)) {
        return Unexpected();
      }
      ASSIGN_OR_RETURN(Ast pattern, Primary());
      ast.children.push_back(std::move(operand));
      ast.children.push_back(std::move(pattern));
      return Finish(std::move(ast));
    }
    case TokenKind::kIsNull:
    case TokenKind::kIsNotNull:
      if (operand.kind != Kind::kColumn) return Unexpected();
      ast.kind = Kind::kIsNull;
      ast.negated = Is(TokenKind::kIsNotNull);
      RETURN_IF_ERROR(Advance());
      ast.children.push_back(std::move(operand));
      return Finish(std::move(ast));
    default:  // nothing follows
      return operand;
  }
}

absl::StatusOr<Ast> Parser::Primary() {
  Ast ast;
  switch (token_.kind) {
    case TokenKind::kInteger:
      ast.literal.value = token_.integer;
      break;
    case TokenKind::kFloat:
      ast.literal.value = token_.number;
      break;
    case TokenKind::kString:
      ast.literal.value = std::move(token_.string);
      break;
    case TokenKind::kTrue:
    case TokenKind::kFalse:
      ast.literal.value = Is(TokenKind::kTrue);
      break;
    case TokenKind::kLeftParen:
      return Parenthesised();
    case TokenKind::kLeftBracket:
      return List();
    case TokenKind::kLeftBrace:
      return Placeholder();
    case TokenKind::kName:
      return Name();
    case TokenKind::kExists: {
      ast.kind = Kind::kExists;
      RETURN_IF_ERROR(Advance());
      if (!Is(TokenKind::kName)) return Unexpected();
      ASSIGN_OR_RETURN(Ast column, Name());
      ast.children.push_back(std::move(column));
      return Finish(std::move(ast));
    }
    default:  // no operand begins with it
      return Unexpected();
  }
  RETURN_IF_ERROR(Advance());
  return ast;
}

absl::StatusOr<Ast> Parser::Parenthesised() {
  RETURN_IF_ERROR(Advance());
  ASSIGN_OR_RETURN(Ast inner, Binary(kLevelOr));
  RETURN_IF_ERROR(Expect(TokenKind::kRightParen));
  inner.parenthesised = true;
  return inner;
}

absl::StatusOr<Ast> Parser::Placeholder() {
  RETURN_IF_ERROR(Advance());
  if (!Is(TokenKind::kName)) return Unexpected();
  Ast ast;
  ast.kind = Kind::kPlaceholder;
  ast.name = std::string(token_.text);
  RETURN_IF_ERROR(Advance());
  RETURN_IF_ERROR(Expect(TokenKind::kRightBrace));
  return ast;
}

absl::StatusOr<Ast> Parser::Name() {
  Ast ast;
  ast.kind = Kind::kColumn;
  ast.name = std::string(token_.text);
  RETURN_IF_ERROR(Advance());
  if (Is(TokenKind::kLeftParen)) return Call(std::move(ast.name));
  while (Is(TokenKind::kLeftBracket)) {
    RETURN_IF_ERROR(Advance());
    if (Is(TokenKind::kString)) {
      ast.path.push_back(std::move(token_.string));
    } else if (Is(TokenKind::kInteger) && token_.is_decimal) {
      ast.path.emplace_back(token_.text);
    } else {
      return Unexpected();
    }
    RETURN_IF_ERROR(Advance());
    RETURN_IF_ERROR(Expect(TokenKind::kRightBracket));
  }
  return ast;
}

absl::StatusOr<Ast> Parser::Call(std::string name) {
  Ast ast;
  ast.kind = Kind::kCall;
  ast.name = std::move(name);
  RETURN_IF_ERROR(Advance());
  while (!Is(TokenKind::kRightParen)) {
    ASSIGN_OR_RETURN(Ast argument, Binary(kLevelOr));
    // text_match's option, `name = number`: known, and refused with the call.
    if (Is(TokenKind::kAssign) && argument.kind == Kind::kColumn) {
      RETURN_IF_ERROR(Advance());
      ASSIGN_OR_RETURN(argument, Binary(kLevelOr));
    }
    ast.children.push_back(std::move(argument));
    if (Is(TokenKind::kRightParen)) break;
    RETURN_IF_ERROR(Expect(TokenKind::kComma));
    if (Is(TokenKind::kRightParen)) return Unexpected();
  }
  RETURN_IF_ERROR(Advance());
  return Finish(std::move(ast));
}

absl::StatusOr<Ast> Parser::List() {
  RETURN_IF_ERROR(Advance());
  Ast list;
  list.literal.value = Literal::List{};
  while (!Is(TokenKind::kRightBracket)) {
    ASSIGN_OR_RETURN(Ast element, Binary(kLevelOr));
    RETURN_IF_ERROR(AddElement(std::move(element), &list));
    if (Is(TokenKind::kRightBracket)) break;
    RETURN_IF_ERROR(Expect(TokenKind::kComma));
  }
  RETURN_IF_ERROR(Advance());
  return list;
}

// Literals are gathered in one literal, which keeps lists of 10^6 keys small;
// the first other element turns the list into one of nodes.
absl::Status Parser::AddElement(Ast element, Ast* list) {
  list->depth = std::max(list->depth, element.depth + 1);
  if (list->depth > depth_max_) return TooDeep();
  auto& items = std::get<Literal::List>(list->literal.value);
  if (list->kind == Kind::kLiteral) {
    if (element.kind == Kind::kLiteral) {
      items.push_back(std::move(element.literal));
      return absl::OkStatus();
    }
    list->kind = Kind::kList;
    for (Literal& item : items) {
      list->children.emplace_back().literal = std::move(item);
    }
    items.clear();
  }
  list->children.push_back(std::move(element));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Ast> Parse(std::string_view text, int depth_max) {
  return Parser(text, depth_max).Run();
}

}  // namespace elanus::expr
