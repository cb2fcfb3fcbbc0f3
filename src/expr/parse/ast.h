// The tree of a filter as it is written, before names and types are known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "expr/literal.h"
#include "expr/parse/lexer.h"

namespace elanus::expr {

struct Ast {
  enum class Kind : std::uint8_t {
    kLiteral,      // literal; a list of literals is one literal
    kColumn,       // name, path
    kPlaceholder,  // name
    kList,         // children, not all literals
    kUnary,        // op, children[0]
    kBinary,       // op: arithmetic, comparison or bits; two children
    kAnd,          // children, two or more
    kOr,
    kIn,      // children: column, list; negated
    kRange,   // children: bound, column, bound; op, second_op
    kLike,    // children: column, pattern
    kIsNull,  // children[0]; negated
    kExists,  // children[0]
    kCall,    // name, children
  };

  Kind kind = Kind::kLiteral;
  TokenKind op = TokenKind::kEnd;
  TokenKind second_op = TokenKind::kEnd;
  bool negated = false;
  bool parenthesised = false;
  int depth = 1;  // levels of nesting, this one included
  Literal literal;
  std::string name;
  std::vector<std::string> path;
  std::vector<Ast> children;
};

}  // namespace elanus::expr
