// A constant of a filter: written in its text, or given for a template.
//
//   TemplateValues values;
//   values["ids"] = Literal{Literal::List{Literal{std::int64_t{1}}}};
//   ASSIGN_OR_RETURN(values["x"], LiteralFromJson(json_text));
//
// Ownership: values own all that they hold.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

namespace elanus::expr {

struct Literal {
  using List = std::vector<Literal>;

  std::variant<bool, std::int64_t, double, std::string, List> value;

  bool is_bool() const { return std::holds_alternative<bool>(value); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(value); }
  bool is_double() const { return std::holds_alternative<double>(value); }
  bool is_number() const { return is_int() || is_double(); }
  bool is_text() const { return std::holds_alternative<std::string>(value); }
  bool is_list() const { return std::holds_alternative<List>(value); }

  bool as_bool() const { return std::get<bool>(value); }
  std::int64_t as_int() const { return std::get<std::int64_t>(value); }
  // Of an int or a double.
  double as_double() const {
    return is_int() ? static_cast<double>(as_int()) : std::get<double>(value);
  }
  const std::string& as_text() const { return std::get<std::string>(value); }
  const List& as_list() const { return std::get<List>(value); }

  // Same kind and same value: 1 and 1.0 differ.
  friend bool operator==(const Literal&, const Literal&) = default;
};

// What stands for {name} in a filter's text.
using TemplateValues = std::map<std::string, Literal, std::less<>>;

// One JSON value as a literal: bool, number, string, array. For the JSON forms
// of template values.
//
// Errors: kParameterInvalid where the text is no JSON, holds null or an
//         object, or nests deeper than 64.
absl::StatusOr<Literal> LiteralFromJson(std::string_view json);

// "Bool", "Int64", "Double", "VarChar", "Array": the kind, in messages.
std::string_view KindOf(const Literal& literal);

// `int64_val:1`, `string_val:"x"`: the value, in messages.
std::string Describe(const Literal& literal);

}  // namespace elanus::expr
