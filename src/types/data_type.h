// The kinds of values, with the numbers that Milvus's wire gives them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace elanus::types {

enum class DataType : std::int32_t {
  kNone = 0,
  kBool = 1,
  kInt8 = 2,
  kInt16 = 3,
  kInt32 = 4,
  kInt64 = 5,
  kFloat = 10,
  kDouble = 11,
  kVarChar = 21,
  kArray = 22,
  kJson = 23,
  kBinaryVector = 100,
  kFloatVector = 101,
  kFloat16Vector = 102,
  kBFloat16Vector = 103,
  kSparseFloatVector = 104,
  kInt8Vector = 105,
};

// The type with this wire number, if Elanus knows it.
std::optional<DataType> DataTypeFromWire(std::int32_t number);

// Milvus's spelling: "Int64", "VarChar", "FloatVector".
std::string_view NameOf(DataType type);

bool IsVector(DataType type);
bool IsInteger(DataType type);   // Int8 .. Int64
bool IsFloating(DataType type);  // Float, Double
bool IsNumeric(DataType type);   // integer or floating
// Values of differing length: VarChar, JSON, Array, SparseFloatVector.
bool IsVariableLength(DataType type);

// Bytes of one value; `dim` counts for vectors only. Not for variable-length
// types. Bool takes one byte.
std::size_t FixedWidth(DataType type, std::int64_t dim);

}  // namespace elanus::types
