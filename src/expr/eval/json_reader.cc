#include "expr/eval/json_reader.h"

#include <charconv>
#include <cstring>
#include <utility>

namespace elanus::expr {
namespace {

using simdjson::SUCCESS;
using simdjson::ondemand::json_type;

// The array position that a step names, if it is one.
std::optional<std::size_t> PositionOf(std::string_view step) {
  if (step.empty() || (step.size() > 1 && step[0] == '0')) return std::nullopt;
  std::size_t position = 0;
  const char* end = step.data() + step.size();
  const auto [stopped, error] = std::from_chars(step.data(), end, position);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return position;
}

// Compares unescaped keys one by one.
bool FindEscapedKey(simdjson::ondemand::object& object, std::string_view key,
                    simdjson::ondemand::value* found) {
  for (auto result : object) {
    simdjson::ondemand::field field;
    if (std::move(result).get(field) != SUCCESS) return false;
    std::string_view name;
    if (field.unescaped_key().get(name) != SUCCESS) return false;
    if (name == key) {
      *found = field.value();
      return true;
    }
  }
  return false;
}

bool FindKey(simdjson::ondemand::value& value, std::string_view key,
             bool has_escapes, simdjson::ondemand::value* found) {
  simdjson::ondemand::object object;
  if (value.get_object().get(object) != SUCCESS) return false;
  if (has_escapes) return FindEscapedKey(object, key, found);
  return object.find_field_unordered(key).get(*found) == SUCCESS;
}

bool FindPosition(simdjson::ondemand::value& value, std::size_t position,
                  simdjson::ondemand::value* found) {
  simdjson::ondemand::array array;
  if (value.get_array().get(array) != SUCCESS) return false;
  return array.at(position).get(*found) == SUCCESS;
}

bool IsEmptyObject(simdjson::ondemand::value& value) {
  simdjson::ondemand::object object;
  if (value.get_object().get(object) != SUCCESS) return true;
  for (auto result : object) {
    simdjson::ondemand::field field;
    if (std::move(result).get(field) != SUCCESS) return true;
    if (!IsEmptyValue(field.value())) return false;
  }
  return true;
}

bool IsEmptyArray(simdjson::ondemand::value& value) {
  simdjson::ondemand::array array;
  if (value.get_array().get(array) != SUCCESS) return true;
  for (auto result : array) {
    simdjson::ondemand::value item;
    if (std::move(result).get(item) != SUCCESS) return true;
    if (!IsEmptyValue(item)) return false;
  }
  return true;
}

}  // namespace

JsonReader::JsonReader(const std::vector<std::string>& path) : path_(path) {
  for (const std::string& step : path_) {
    if (!PositionOf(step)) needle_ = "\"" + step + "\"";
  }
}

bool JsonReader::LacksKey(std::string_view text) const {
  return !needle_.empty() && memmem(text.data(), text.size(), needle_.data(),
                                    needle_.size()) == nullptr;
}

bool JsonReader::Parse(std::string_view text, std::size_t readable,
                       simdjson::ondemand::document* document) {
  if (readable < simdjson::SIMDJSON_PADDING) {
    scratch_.assign(text);
    scratch_.append(simdjson::SIMDJSON_PADDING, ' ');
    text = std::string_view(scratch_).substr(0, text.size());
  }
  const simdjson::padded_string_view padded(
      text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING);
  return parser_.iterate(padded).get(*document) == SUCCESS;
}

bool JsonReader::Descend(const std::string& step, bool has_escapes,
                         simdjson::ondemand::value* value) {
  json_type type;
  if (value->type().get(type) != SUCCESS) return false;
  simdjson::ondemand::value found;
  if (type == json_type::object) {
    if (!FindKey(*value, step, has_escapes, &found)) return false;
  } else if (type == json_type::array) {
    const auto position = PositionOf(step);
    if (!position || !FindPosition(*value, *position, &found)) return false;
  } else {
    return false;
  }
  *value = found;
  return true;
}

std::optional<Literal> ReadLiteral(simdjson::ondemand::value value) {
  const JsonScalar scalar = ReadScalar(value);
  switch (scalar.kind) {
    case JsonScalar::Kind::kBool:
      return Literal{scalar.boolean};
    case JsonScalar::Kind::kInt:
      return Literal{scalar.integer};
    case JsonScalar::Kind::kDouble:
      return Literal{scalar.number};
    case JsonScalar::Kind::kText:
      return Literal{std::string(scalar.text)};
    case JsonScalar::Kind::kArray: {
      simdjson::ondemand::array array;
      if (value.get_array().get(array) != SUCCESS) return std::nullopt;
      return ReadLiteral(array);
    }
    case JsonScalar::Kind::kBad:
    case JsonScalar::Kind::kNull:
    case JsonScalar::Kind::kObject:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Literal> ReadLiteral(simdjson::ondemand::array array) {
  Literal::List list;
  for (auto result : array) {
    simdjson::ondemand::value item;
    if (std::move(result).get(item) != SUCCESS) return std::nullopt;
    auto literal = ReadLiteral(item);
    if (!literal) return std::nullopt;
    list.push_back(*std::move(literal));
  }
  return Literal{std::move(list)};
}

bool IsEmptyValue(simdjson::ondemand::value value) {
  json_type type;
  if (value.type().get(type) != SUCCESS) return true;
  if (type == json_type::null) return true;
  if (type == json_type::object) return IsEmptyObject(value);
  if (type == json_type::array) return IsEmptyArray(value);
  return false;
}

}  // namespace elanus::expr
