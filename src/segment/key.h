// Primary keys as they lie in columns.
//
// Threads:   pure functions.
// Ownership: a KeyView borrows its text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <variant>

#include "types/column.h"
#include "types/value.h"

namespace elanus::segment {

// Ordered: numbers as numbers, texts bytewise.
using KeyView = std::variant<std::int64_t, std::string_view>;

// `keys`: an Int64 or VarChar column, of any alignment.
inline KeyView KeyAt(const types::ColumnView& keys, std::size_t row) {
  if (keys.type == types::DataType::kVarChar) return keys.Text(row);
  std::int64_t value = 0;
  std::memcpy(&value, keys.values.data() + row * sizeof(value), sizeof(value));
  return value;
}

inline KeyView ViewOf(const types::PrimaryKey& key) {
  if (const auto* text = std::get_if<std::string>(&key)) {
    return std::string_view(*text);
  }
  return std::get<std::int64_t>(key);
}

inline types::PrimaryKey KeyOf(const KeyView& key) {
  if (const auto* text = std::get_if<std::string_view>(&key)) {
    return std::string(*text);
  }
  return std::get<std::int64_t>(key);
}

}  // namespace elanus::segment
