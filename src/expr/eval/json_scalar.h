// A JSON value as filters see it: scalars by value, containers by kind.
#pragma once

#include <cstdint>
#include <string_view>

#include "expr/literal.h"

namespace elanus::expr {

struct JsonScalar {
  enum class Kind : std::uint8_t {
    kBad,  // damaged text
    kNull,
    kBool,
    kInt,
    kDouble,  // also integers beyond int64
    kText,
    kArray,
    kObject,
  };

  Kind kind = Kind::kBad;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;      // of kInt too
  std::string_view text;  // lives until the reader reads on

  bool is_number() const { return kind == Kind::kInt || kind == Kind::kDouble; }
};

// Numbers by value (1 equals 1.0; two integers exactly), other kinds only with
// their own; never equal to a list.
bool Equals(const JsonScalar& scalar, const Literal& literal);

// The same between two literals, lists element by element.
bool EqualByValue(const Literal& left, const Literal& right);

}  // namespace elanus::expr
