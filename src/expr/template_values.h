// Template values of a request as literals.
//
// The messages are those of the public protocol; this folder knows no
// protobuf, so the types are the caller's.
//
// Threads: pure. Errors: kParameterInvalid for values of no kind, or JSON that
// is no literal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/status.h"
#include "expr/literal.h"

namespace elanus::expr {

// `array`: a TemplateArrayValue message.
template <typename TemplateArray>
absl::StatusOr<Literal> LiteralFromTemplateArray(const TemplateArray& array) {
  Literal::List list;
  if (array.has_bool_data()) {
    for (const bool value : array.bool_data().data()) {
      list.push_back(Literal{value});
    }
  } else if (array.has_long_data()) {
    for (const std::int64_t value : array.long_data().data()) {
      list.push_back(Literal{value});
    }
  } else if (array.has_double_data()) {
    for (const double value : array.double_data().data()) {
      list.push_back(Literal{value});
    }
  } else if (array.has_string_data()) {
    for (const std::string& value : array.string_data().data()) {
      list.push_back(Literal{value});
    }
  } else if (array.has_array_data()) {
    for (const auto& inner : array.array_data().data()) {
      ASSIGN_OR_RETURN(Literal literal, LiteralFromTemplateArray(inner));
      list.push_back(std::move(literal));
    }
  } else if (array.has_json_data()) {
    for (const std::string& text : array.json_data().data()) {
      ASSIGN_OR_RETURN(Literal literal, LiteralFromJson(text));
      list.push_back(std::move(literal));
    }
  }
  return Literal{std::move(list)};
}

// `values`: a map from names to TemplateValue messages.
template <typename TemplateMap>
absl::StatusOr<TemplateValues> ReadTemplateValues(const TemplateMap& values) {
  TemplateValues read;
  for (const auto& [name, value] : values) {
    if (value.has_bool_val()) {
      read[name] = Literal{value.bool_val()};
    } else if (value.has_int64_val()) {
      read[name] = Literal{static_cast<std::int64_t>(value.int64_val())};
    } else if (value.has_float_val()) {
      read[name] = Literal{value.float_val()};
    } else if (value.has_string_val()) {
      read[name] = Literal{value.string_val()};
    } else if (value.has_array_val()) {
      ASSIGN_OR_RETURN(read[name], LiteralFromTemplateArray(value.array_val()));
    } else {
      return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                                "expression template value {} has no value: "
                                "invalid parameter",
                                name);
    }
  }
  return read;
}

}  // namespace elanus::expr
