#include "expr/plan/functions.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace elanus::expr {
namespace {

using base::ErrorCode;
using base::InvalidInput;
using types::DataType;
using Mode = JsonContainsNode::Mode;

enum class Function : std::uint8_t {
  kContains,
  kContainsAll,
  kContainsAny,
  kLength,
};

struct Entry {
  std::string_view lower;
  std::string_view upper;
  Function function;
};
constexpr std::array kFunctions = {
    Entry{"json_contains", "JSON_CONTAINS", Function::kContains},
    Entry{"array_contains", "ARRAY_CONTAINS", Function::kContains},
    Entry{"json_contains_all", "JSON_CONTAINS_ALL", Function::kContainsAll},
    Entry{"array_contains_all", "ARRAY_CONTAINS_ALL", Function::kContainsAll},
    Entry{"json_contains_any", "JSON_CONTAINS_ANY", Function::kContainsAny},
    Entry{"array_contains_any", "ARRAY_CONTAINS_ANY", Function::kContainsAny},
    Entry{"array_length", "ARRAY_LENGTH", Function::kLength},
};

std::optional<Function> FunctionOf(std::string_view name) {
  for (const Entry& entry : kFunctions) {
    if (name == entry.lower || name == entry.upper) return entry.function;
  }
  return std::nullopt;
}

absl::StatusOr<Operand> BindLength(std::vector<Operand> arguments) {
  if (arguments.size() != 1 || !arguments[0].is_column()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "array_length takes one field");
  }
  Operand& column = arguments[0];
  if (column.column.type != DataType::kJson) {
    return InvalidInput(
        ErrorCode::kParameterInvalid,
        "array_length operation are only supported on json or array fields "
        "now, got: {}",
        column.TypeName());
  }
  column.kind = Operand::Kind::kLength;
  return std::move(column);
}

absl::StatusOr<Operand> BindContains(std::string_view name, Function function,
                                     std::vector<Operand> arguments) {
  if (arguments.size() != 2 || !arguments[0].is_column()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "{} takes a field and a value", name);
  }
  Operand& column = arguments[0];
  Operand& value = arguments[1];
  if (column.column.type != DataType::kJson) {
    return InvalidInput(
        ErrorCode::kParameterInvalid,
        "contains operation are only supported on json or array fields now, "
        "got: {}",
        column.TypeName());
  }
  const bool takes_list = function != Function::kContains;
  if (takes_list && (!value.is_constant() || !value.literal.is_list())) {
    return InvalidInput(
        ErrorCode::kParameterInvalid, "{} operation element must be an array",
        function == Function::kContainsAll ? "ContainsAll" : "ContainsAny");
  }
  if (!value.is_constant()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "contains operation are only supported explicitly "
                        "specified element, got: {}",
                        value.TypeName());
  }
  JsonContainsNode node{
      std::move(column.column),
      function == Function::kContainsAll ? Mode::kAll : Mode::kAny,
      {}};
  if (takes_list) {
    node.values = std::get<Literal::List>(std::move(value.literal.value));
  } else {
    node.values.push_back(std::move(value.literal));
  }
  return ConditionOperand(std::make_unique<Node>(Node{std::move(node)}));
}

}  // namespace

absl::Status CheckFunction(std::string_view name) {
  if (FunctionOf(name)) return absl::OkStatus();
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "function {} is not supported", name);
}

absl::StatusOr<Operand> BindFunction(std::string_view name,
                                     std::vector<Operand> arguments) {
  const Function function = *FunctionOf(name);
  if (function == Function::kLength) return BindLength(std::move(arguments));
  return BindContains(name, function, std::move(arguments));
}

}  // namespace elanus::expr
