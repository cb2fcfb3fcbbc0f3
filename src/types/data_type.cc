#include "types/data_type.h"

#include "base/log.h"

namespace elanus::types {

std::optional<DataType> DataTypeFromWire(std::int32_t number) {
  switch (number) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 10:
    case 11:
    case 21:
    case 22:
    case 23:
    case 100:
    case 101:
    case 102:
    case 103:
    case 104:
    case 105:
      return static_cast<DataType>(number);
    default:
      return std::nullopt;
  }
}

std::string_view NameOf(DataType type) {
  switch (type) {
    case DataType::kNone:
      return "None";
    case DataType::kBool:
      return "Bool";
    case DataType::kInt8:
      return "Int8";
    case DataType::kInt16:
      return "Int16";
    case DataType::kInt32:
      return "Int32";
    case DataType::kInt64:
      return "Int64";
    case DataType::kFloat:
      return "Float";
    case DataType::kDouble:
      return "Double";
    case DataType::kVarChar:
      return "VarChar";
    case DataType::kArray:
      return "Array";
    case DataType::kJson:
      return "JSON";
    case DataType::kBinaryVector:
      return "BinaryVector";
    case DataType::kFloatVector:
      return "FloatVector";
    case DataType::kFloat16Vector:
      return "Float16Vector";
    case DataType::kBFloat16Vector:
      return "BFloat16Vector";
    case DataType::kSparseFloatVector:
      return "SparseFloatVector";
    case DataType::kInt8Vector:
      return "Int8Vector";
  }
  return "Unknown";
}

bool IsVector(DataType type) { return static_cast<int>(type) >= 100; }

bool IsInteger(DataType type) {
  return type >= DataType::kInt8 && type <= DataType::kInt64;
}

bool IsFloating(DataType type) {
  return type == DataType::kFloat || type == DataType::kDouble;
}

bool IsNumeric(DataType type) { return IsInteger(type) || IsFloating(type); }

bool IsVariableLength(DataType type) {
  return type == DataType::kVarChar || type == DataType::kJson ||
         type == DataType::kArray || type == DataType::kSparseFloatVector;
}

std::size_t FixedWidth(DataType type, std::int64_t dim) {
  const auto count = static_cast<std::size_t>(dim);
  switch (type) {
    case DataType::kBool:
    case DataType::kInt8:
      return 1;
    case DataType::kInt16:
      return 2;
    case DataType::kInt32:
    case DataType::kFloat:
      return 4;
    case DataType::kInt64:
    case DataType::kDouble:
      return 8;
    case DataType::kBinaryVector:
      return count / 8;
    case DataType::kFloatVector:
      return count * 4;
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
      return count * 2;
    case DataType::kInt8Vector:
      return count;
    case DataType::kNone:
    case DataType::kVarChar:
    case DataType::kArray:
    case DataType::kJson:
    case DataType::kSparseFloatVector:
      break;
  }
  CHECK(!"a variable-length type has no fixed width");
  return 0;
}

}  // namespace elanus::types
