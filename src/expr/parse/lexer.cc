#include "expr/parse/lexer.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "expr/parse/string_literal.h"

namespace elanus::expr {
namespace {

using base::ErrorCode;
using base::InvalidInput;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

struct Keyword {
  std::string_view lower;
  std::string_view upper;
  TokenKind kind;
};
constexpr Keyword kKeywords[] = {
    {"and", "AND", TokenKind::kAnd},
    {"or", "OR", TokenKind::kOr},
    {"not", "NOT", TokenKind::kNot},
    {"in", "IN", TokenKind::kIn},
    {"like", "LIKE", TokenKind::kLike},
    {"exists", "EXISTS", TokenKind::kExists},
    {"true", "TRUE", TokenKind::kTrue},
    {"false", "FALSE", TokenKind::kFalse},
    {"True", "True", TokenKind::kTrue},
    {"False", "False", TokenKind::kFalse},
};

struct SymbolText {
  std::string_view text;
  TokenKind kind;
};
// The longer ones first.
constexpr SymbolText kSymbols[] = {
    {"**", TokenKind::kPower},       {"<<", TokenKind::kShiftLeft},
    {">>", TokenKind::kShiftRight},  {"<=", TokenKind::kLe},
    {">=", TokenKind::kGe},          {"==", TokenKind::kEq},
    {"!=", TokenKind::kNe},          {"&&", TokenKind::kAnd},
    {"||", TokenKind::kOr},          {"<", TokenKind::kLt},
    {">", TokenKind::kGt},           {"+", TokenKind::kPlus},
    {"-", TokenKind::kMinus},        {"*", TokenKind::kStar},
    {"/", TokenKind::kSlash},        {"%", TokenKind::kPercent},
    {"~", TokenKind::kTilde},        {"!", TokenKind::kBang},
    {"&", TokenKind::kBitAnd},       {"|", TokenKind::kBitOr},
    {"^", TokenKind::kBitXor},       {"(", TokenKind::kLeftParen},
    {")", TokenKind::kRightParen},   {"[", TokenKind::kLeftBracket},
    {"]", TokenKind::kRightBracket}, {"{", TokenKind::kLeftBrace},
    {"}", TokenKind::kRightBrace},   {",", TokenKind::kComma},
    {"=", TokenKind::kAssign},
};

}  // namespace

void Lexer::SkipBlanks() {
  while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
}

Token Lexer::Take(TokenKind kind, std::size_t length) {
  Token token;
  token.kind = kind;
  token.text = text_.substr(at_, length);
  token.position = at_;
  at_ += length;
  return token;
}

absl::StatusOr<Token> Lexer::Next() {
  SkipBlanks();
  if (at_ == text_.size()) return Take(TokenKind::kEnd, 0);
  const char c = Peek();
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number();
  if (c == '"' || c == '\'') return String();
  if (IsNameStart(c) || c == '$') {
    if (c == '$' && !text_.substr(at_).starts_with("$meta")) {
      return InvalidInput(ErrorCode::kParameterInvalid,
                          "line 1:{} token recognition error at: '$'", at_);
    }
    return Word();
  }
  Token symbol = Symbol();
  if (symbol.kind == TokenKind::kEnd) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "line 1:{} token recognition error at: '{}'", at_,
                        text_.substr(at_, 1));
  }
  return symbol;
}

Token Lexer::Symbol() {
  const std::string_view rest = text_.substr(at_);
  for (const SymbolText& symbol : kSymbols) {
    if (rest.starts_with(symbol.text)) {
      return Take(symbol.kind, symbol.text.size());
    }
  }
  return Token{};
}

Token Lexer::Word() {
  std::size_t length = 1;
  while (IsNamePart(Peek(length))) ++length;
  const std::string_view word = text_.substr(at_, length);
  for (const Keyword& keyword : kKeywords) {
    if (word == keyword.lower || word == keyword.upper) {
      return Take(keyword.kind, length);
    }
  }
  // One token with exactly one blank between its words.
  const std::string_view rest = text_.substr(at_);
  const auto begins_with = [rest](std::string_view words) {
    return rest.starts_with(words) &&
           (rest.size() == words.size() || !IsNamePart(rest[words.size()]));
  };
  for (const std::string_view words : {"is null", "IS NULL"}) {
    if (begins_with(words)) return Take(TokenKind::kIsNull, words.size());
  }
  for (const std::string_view words : {"is not null", "IS NOT NULL"}) {
    if (begins_with(words)) return Take(TokenKind::kIsNotNull, words.size());
  }
  return Take(TokenKind::kName, length);
}

// The length of the float that begins here, 0 where there is none: digits
// with a point or an exponent, or the same with 0x and a binary exponent.
std::size_t Lexer::FloatLength() const {
  const bool is_hex = Peek() == '0' && (Peek(1) == 'x' || Peek(1) == 'X');
  const auto is_digit = is_hex ? IsHexDigit : IsDigit;
  std::size_t length = is_hex ? 2 : 0;
  std::size_t digits = 0;
  bool is_float = false;
  for (; is_digit(Peek(length)); ++length) ++digits;
  if (Peek(length) == '.') {
    is_float = true;
    for (++length; is_digit(Peek(length)); ++length) ++digits;
  }
  if (digits == 0) return 0;
  const char exponent = is_hex ? 'p' : 'e';
  const bool has_exponent =
      Peek(length) == exponent || Peek(length) == exponent - 'a' + 'A';
  if (has_exponent) {
    std::size_t end = length + 1;
    if (Peek(end) == '+' || Peek(end) == '-') ++end;
    if (!IsDigit(Peek(end))) return 0;
    while (IsDigit(Peek(end))) ++end;
    return end;
  }
  // C has no hexadecimal float without an exponent.
  return is_float && !is_hex ? length : 0;
}

absl::StatusOr<Token> Lexer::Number() {
  std::size_t length = FloatLength();
  const bool is_float = length > 0;
  if (!is_float) {
    const char mark = Peek(1);
    const bool has_prefix = Peek() == '0' && (mark == 'x' || mark == 'X' ||
                                              mark == 'b' || mark == 'B');
    length = has_prefix ? 2 : 0;
    while (IsHexDigit(Peek(length)) && (has_prefix || IsDigit(Peek(length)))) {
      ++length;
    }
  }
  if (IsNamePart(Peek(length)) || Peek(length) == '.') {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "line 1:{} invalid number '{}'", at_,
                        text_.substr(at_, length + 1));
  }
  return is_float ? Float(length) : Integer(length);
}

absl::StatusOr<Token> Lexer::Integer(std::size_t length) {
  Token token = Take(TokenKind::kInteger, length);
  std::string_view digits = token.text;
  int radix = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char mark = digits[1];
    radix = mark == 'x' || mark == 'X'   ? 16
            : mark == 'b' || mark == 'B' ? 2
                                         : 8;
    digits.remove_prefix(radix == 8 ? 1 : 2);
  }
  token.is_decimal = radix == 10;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] =
      std::from_chars(digits.data(), end, token.integer, radix);
  if (error == std::errc::result_out_of_range) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "int literal {} is out of the range of int64",
                        token.text);
  }
  if (error != std::errc{} || stopped != end) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "line 1:{} invalid number '{}'", token.position,
                        token.text);
  }
  return token;
}

absl::StatusOr<Token> Lexer::Float(std::size_t length) {
  Token token = Take(TokenKind::kFloat, length);
  // from_chars knows no locale; its hexadecimal form has no 0x.
  std::string_view digits = token.text;
  auto format = std::chars_format::general;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    digits.remove_prefix(2);
    format = std::chars_format::hex;
  }
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] =
      std::from_chars(digits.data(), end, token.number, format);
  if (error == std::errc::result_out_of_range || stopped != end ||
      error != std::errc{}) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "float literal {} is out of the range of double",
                        token.text);
  }
  return token;
}

absl::StatusOr<Token> Lexer::String() {
  const char quote = Peek();
  std::size_t length = 1;
  while (at_ + length < text_.size()) {
    const char c = Peek(length);
    if (c == quote) {
      Token token = Take(TokenKind::kString, length + 1);
      const std::string_view body = token.text.substr(1, token.text.size() - 2);
      ASSIGN_OR_RETURN(token.string, ResolveEscapes(body));
      return token;
    }
    if (c == '\n' || c == '\r') break;
    length += c == '\\' ? 2 : 1;
  }
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "line 1:{} token recognition error at: '{}'", at_,
                      text_.substr(at_, 32));
}

}  // namespace elanus::expr
