// Finds a place inside JSON texts, with simdjson's on-demand parser: only the
// way to the place is read.
//
//   JsonReader reader(path);
//   bool hit = reader.Visit(text, readable, [](auto& value) { ... });
//
// The visitor gets an ondemand::value, or an ondemand::document where the path
// is empty; the two have the same methods. It must read on forward, once.
//
// Threads: one reader a thread.
// Source:  Keiser, Lemire: "On-demand JSON: a better way to parse documents?",
//          Software: Practice and Experience 54(6), 2024.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/eval/json_scalar.h"
#include "expr/literal.h"
#include "simdjson.h"

namespace elanus::expr {

class JsonReader {
 public:
  explicit JsonReader(const std::vector<std::string>& path);

  // Calls visit(value) with what stands at the path and answers what it
  // answers; false where nothing is there or the text is damaged.
  //
  // readable: bytes that may be read behind the text, whatever they are; the
  //           text is copied if they are too few for simdjson.
  template <typename VisitValue>
  bool Visit(std::string_view text, std::size_t readable, VisitValue visit) {
    if (text.empty()) return false;
    const bool has_escapes = text.find('\\') != std::string_view::npos;
    if (!has_escapes && LacksKey(text)) return false;
    simdjson::ondemand::document document;
    if (!Parse(text, readable, &document)) return false;
    if (path_.empty()) return visit(document);
    simdjson::ondemand::value value;
    if (document.get_value().get(value) != simdjson::SUCCESS) return false;
    for (const std::string& step : path_) {
      if (!Descend(step, has_escapes, &value)) return false;
    }
    return visit(value);
  }

 private:
  // Without escapes in the text, a key stands there as it is or not at all.
  bool LacksKey(std::string_view text) const;
  bool Parse(std::string_view text, std::size_t readable,
             simdjson::ondemand::document* document);
  bool Descend(const std::string& step, bool has_escapes,
               simdjson::ondemand::value* value);

  std::vector<std::string> path_;
  std::string needle_;  // "key" with its quotes, empty = no such check
  simdjson::ondemand::parser parser_;
  std::string scratch_;
};

namespace json_internal {

template <typename Value>
void ReadNumber(Value& value, JsonScalar* scalar) {
  using simdjson::ondemand::number_type;
  simdjson::ondemand::number number;
  if (value.get_number().get(number) != simdjson::SUCCESS) return;
  scalar->kind = JsonScalar::Kind::kDouble;
  if (number.get_number_type() == number_type::signed_integer) {
    scalar->kind = JsonScalar::Kind::kInt;
    scalar->integer = number.get_int64();
  }
  scalar->number = number.as_double();
}

}  // namespace json_internal

// Reads a scalar; of containers only the kind.
template <typename Value>
JsonScalar ReadScalar(Value& value) {
  using simdjson::ondemand::json_type;
  JsonScalar scalar;
  json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return scalar;
  switch (type) {
    case json_type::null:
      scalar.kind = JsonScalar::Kind::kNull;
      break;
    case json_type::boolean:
      if (value.get_bool().get(scalar.boolean) == simdjson::SUCCESS) {
        scalar.kind = JsonScalar::Kind::kBool;
      }
      break;
    case json_type::number:
      json_internal::ReadNumber(value, &scalar);
      break;
    case json_type::string:
      if (value.get_string().get(scalar.text) == simdjson::SUCCESS) {
        scalar.kind = JsonScalar::Kind::kText;
      }
      break;
    case json_type::array:
      scalar.kind = JsonScalar::Kind::kArray;
      break;
    case json_type::object:
      scalar.kind = JsonScalar::Kind::kObject;
      break;
  }
  return scalar;
}

// The literal equal to a scalar or an array of such; none for null, objects
// and arrays that hold one.
std::optional<Literal> ReadLiteral(simdjson::ondemand::value value);
std::optional<Literal> ReadLiteral(simdjson::ondemand::array array);

// Nothing but null and containers of nothing?
bool IsEmptyValue(simdjson::ondemand::value value);

}  // namespace elanus::expr
