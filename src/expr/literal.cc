#include "expr/literal.h"

#include <cmath>

#include "simdjson.h"

namespace elanus::expr {
namespace {

using base::ErrorCode;
using base::InvalidInput;

constexpr int kJsonDepthMax = 64;

absl::Status BadJson(std::string_view why) {
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "template value is not a usable JSON value: {}", why);
}

absl::StatusOr<Literal> FromElement(simdjson::dom::element element, int depth) {
  using simdjson::dom::element_type;
  if (depth > kJsonDepthMax) return BadJson("nested too deeply");
  switch (element.type()) {
    case element_type::BOOL:
      return Literal{element.get_bool().value_unsafe()};
    case element_type::INT64:
      return Literal{element.get_int64().value_unsafe()};
    case element_type::UINT64:
    case element_type::DOUBLE:
      return Literal{element.get_double().value_unsafe()};
    case element_type::STRING:
      return Literal{std::string(element.get_string().value_unsafe())};
    case element_type::ARRAY: {
      Literal::List list;
      const simdjson::dom::array array = element.get_array().value_unsafe();
      for (const simdjson::dom::element item : array) {
        ASSIGN_OR_RETURN(list.emplace_back(), FromElement(item, depth + 1));
      }
      return Literal{std::move(list)};
    }
    case element_type::OBJECT:
      return BadJson("an object");
    case element_type::NULL_VALUE:
      return BadJson("null");
  }
  return BadJson("of unknown kind");
}

// As protobuf's text format quotes it.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

}  // namespace

absl::StatusOr<Literal> LiteralFromJson(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(json.data(), json.size()).get(root);
  if (error != simdjson::SUCCESS) {
    return BadJson(simdjson::error_message(error));
  }
  return FromElement(root, 0);
}

std::string_view KindOf(const Literal& literal) {
  if (literal.is_bool()) return "Bool";
  if (literal.is_int()) return "Int64";
  if (literal.is_double()) return "Double";
  if (literal.is_text()) return "VarChar";
  return "Array";
}

std::string Describe(const Literal& literal) {
  if (literal.is_bool()) return fmt::format("bool_val:{}", literal.as_bool());
  if (literal.is_int()) return fmt::format("int64_val:{}", literal.as_int());
  if (literal.is_double()) {
    // Whole numbers without a point, as Go prints them.
    return fmt::format("float_val:{:g}", literal.as_double());
  }
  if (literal.is_text()) {
    return fmt::format("string_val:{}", Quoted(literal.as_text()));
  }
  std::string out = "array_val:{";
  for (const Literal& item : literal.as_list()) {
    if (out.back() != '{') out += " ";
    out += fmt::format("array:{{{}}}", Describe(item));
    if (out.size() > 256) {
      out += " ...";
      break;
    }
  }
  out += "}";
  return out;
}

}  // namespace elanus::expr
