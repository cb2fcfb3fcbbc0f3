#include "expr/parse/string_literal.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace elanus::expr {
namespace {

using base::ErrorCode;
using base::InvalidInput;

constexpr std::uint32_t kCodePointMax = 0x10FFFF;

std::optional<std::uint32_t> DigitOf(char c, std::uint32_t radix) {
  std::uint32_t digit = radix;
  if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') digit = static_cast<std::uint32_t>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') digit = static_cast<std::uint32_t>(c - 'A') + 10;
  if (digit >= radix) return std::nullopt;
  return digit;
}

std::optional<char> SimpleEscape(char c) {
  switch (c) {
    case '"':
    case '\'':
    case '\\':
    case '?':
      return c;
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'v':
      return '\v';
    default:
      return std::nullopt;
  }
}

void AppendUtf8(std::uint32_t code, std::string* out) {
  const auto put = [out](std::uint32_t byte) {
    out->push_back(static_cast<char>(byte));
  };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// An escape by number: its digits begin at body[at].
struct NumberForm {
  std::uint32_t radix;
  std::size_t digits_min;
  std::size_t digits_max;
  bool is_code_point;
};

class Resolver {
 public:
  explicit Resolver(std::string_view body) : body_(body) {}

  absl::StatusOr<std::string> Run() {
    out_.reserve(body_.size());
    while (at_ < body_.size()) {
      if (body_[at_] != '\\') {
        out_.push_back(body_[at_++]);
        continue;
      }
      ++at_;
      RETURN_IF_ERROR(Escape());
    }
    return std::move(out_);
  }

 private:
  absl::Status Escape() {
    const char c = at_ < body_.size() ? body_[at_] : '\0';
    if (const auto simple = SimpleEscape(c)) {
      out_.push_back(*simple);
      ++at_;
      return absl::OkStatus();
    }
    if (c == '%' || c == '_') {
      out_.push_back('\\');
      out_.push_back(c);
      ++at_;
      return absl::OkStatus();
    }
    if (DigitOf(c, 8)) return Number({8, 1, 3, false});
    ++at_;
    if (c == 'x') return Number({16, 2, 2, false});
    if (c == 'u') return Number({16, 4, 4, true});
    if (c == 'U') return Number({16, 8, 8, true});
    return Bad();
  }

  absl::Status Number(const NumberForm& form) {
    std::uint32_t value = 0;
    std::size_t digits = 0;
    while (digits < form.digits_max && at_ < body_.size()) {
      const auto digit = DigitOf(body_[at_], form.radix);
      if (!digit) break;
      value = value * form.radix + *digit;
      ++digits;
      ++at_;
    }
    if (digits < form.digits_min) return Bad();
    if (!form.is_code_point) {
      if (value > 0xFF) return Bad();
      out_.push_back(static_cast<char>(value));
      return absl::OkStatus();
    }
    const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value > kCodePointMax || is_surrogate) return Bad();
    AppendUtf8(value, &out_);
    return absl::OkStatus();
  }

  absl::Status Bad() const {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "invalid escape sequence in string literal: {}", body_);
  }

  std::string_view body_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

absl::StatusOr<std::string> ResolveEscapes(std::string_view body) {
  if (body.find('\\') == std::string_view::npos) return std::string(body);
  return Resolver(body).Run();
}

}  // namespace elanus::expr
