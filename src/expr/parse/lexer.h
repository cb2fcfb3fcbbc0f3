// Cuts the text of a filter into tokens. One token ahead, no list is built.
//
// Ownership: tokens point into the text, which must outlive the lexer.
// Errors:    Next() answers a plain message (no code); CompileFilter words it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace elanus::expr {

enum class TokenKind : std::uint8_t {
  kEnd,
  kInteger,
  kFloat,
  kString,
  kName,  // also $meta and the names of functions
  kTrue,
  kFalse,
  kAnd,
  kOr,
  kNot,  // not, NOT
  kBang,
  kIn,
  kLike,
  kExists,
  kIsNull,
  kIsNotNull,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kPlus,
  kMinus,
  kStar,
  kSlash,
  kPercent,
  kPower,
  kShiftLeft,
  kShiftRight,
  kTilde,
  kBitAnd,
  kBitOr,
  kBitXor,
  kLeftParen,
  kRightParen,
  kLeftBracket,
  kRightBracket,
  kLeftBrace,
  kRightBrace,
  kComma,
  kAssign,  // the option of text_match
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;     // as written
  std::size_t position = 0;  // of its first byte
  std::int64_t integer = 0;  // kInteger
  double number = 0;         // kFloat
  std::string string;        // kString, escapes resolved
  bool is_decimal = false;   // kInteger without 0x, 0b or leading 0
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // kEnd at the end, again and again.
  absl::StatusOr<Token> Next();

 private:
  void SkipBlanks();
  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  Token Take(TokenKind kind, std::size_t length);
  absl::StatusOr<Token> Number();
  absl::StatusOr<Token> Integer(std::size_t length);
  absl::StatusOr<Token> Float(std::size_t length);
  std::size_t FloatLength() const;
  absl::StatusOr<Token> String();
  Token Word();
  Token Symbol();

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace elanus::expr
