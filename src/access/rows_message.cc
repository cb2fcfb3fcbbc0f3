#include "access/rows_message.h"

#include <optional>

#include "access/grpc/wire_fields.h"

namespace elanus::access {
namespace {

using milvus::proto::schema::FieldData;
using milvus::proto::schema::FloatArray;
using milvus::proto::schema::VectorField;

// A message that has been taken apart around one part of it.
struct Split {
  std::string_view before;
  std::string_view part;
  std::string_view after;
};

// Around the only part of this number; nothing if there is none, or more.
std::optional<Split> SplitAt(std::string_view message, int number) {
  std::optional<Split> split;
  for (std::string_view left = message; !left.empty();) {
    const std::optional<WireField> field = TakeField(left);
    if (!field) return std::nullopt;
    if (field->number != number) continue;
    if (!field->is_part || split.has_value()) return std::nullopt;
    const std::size_t end = message.size() - left.size();
    split = Split{.before = message.substr(0, end - field->encoding.size()),
                  .part = field->content,
                  .after = left};
  }
  return split;
}

// The message with another part instead.
std::string Join(const Split& split, int number, std::string_view part) {
  std::string joined(split.before);
  AppendPartHead(number, part.size(), &joined);
  joined += part;
  joined += split.after;
  return joined;
}

// The values of a VectorField that holds one column of a dense type and, but
// for its dimension, nothing else.
struct DenseValues {
  int number = 0;  // the column's
  std::string_view values;
};
std::optional<DenseValues> FindDense(std::string_view vectors) {
  std::optional<DenseValues> dense;
  while (!vectors.empty()) {
    const std::optional<WireField> field = TakeField(vectors);
    if (!field) return std::nullopt;
    if (field->number == VectorField::kDimFieldNumber) continue;
    if (!field->is_part || dense.has_value()) return std::nullopt;
    dense = DenseValues{field->number, field->content};
  }
  if (!dense.has_value()) return std::nullopt;
  switch (dense->number) {
    case VectorField::kFloatVectorFieldNumber: {
      const auto floats = SplitAt(dense->values, FloatArray::kDataFieldNumber);
      if (!floats.has_value() || !floats->before.empty() ||
          !floats->after.empty() || floats->part.size() % sizeof(float) != 0) {
        return std::nullopt;
      }
      dense->values = floats->part;
      return dense;
    }
    case VectorField::kBinaryVectorFieldNumber:
    case VectorField::kFloat16VectorFieldNumber:
    case VectorField::kBfloat16VectorFieldNumber:
    case VectorField::kInt8VectorFieldNumber:
      return dense;
    default:
      return std::nullopt;
  }
}

// A FieldData whose dense vectors have been taken out of it.
struct HollowColumn {
  std::string bytes;
  std::string_view values;
};
std::optional<HollowColumn> TakeDenseOut(std::string_view column) {
  const auto around = SplitAt(column, FieldData::kVectorsFieldNumber);
  if (!around.has_value()) return std::nullopt;
  const auto dense = FindDense(around->part);
  if (!dense.has_value()) return std::nullopt;
  // The empty column stays and says of which kind it is.
  const auto field = SplitAt(around->part, dense->number);
  if (!field.has_value()) return std::nullopt;
  return HollowColumn{Join(*around, FieldData::kVectorsFieldNumber,
                           Join(*field, dense->number, "")),
                      dense->values};
}

}  // namespace

HollowRequest TakeVectorsOut(std::string_view request, int column_field) {
  HollowRequest hollow;
  std::string_view copied_to = request;  // what is not in `hollow` yet
  for (std::string_view left = request; !left.empty();) {
    const std::optional<WireField> field = TakeField(left);
    // The parser reads on where this does not, and would find more columns.
    if (!field) return {.bytes = std::string(request)};
    if (!field->IsPart(column_field)) continue;
    hollow.vectors.emplace_back();
    const auto column = TakeDenseOut(field->content);
    if (!column.has_value()) continue;
    hollow.vectors.back() = column->values;
    hollow.bytes += copied_to.substr(
        0, copied_to.size() - left.size() - field->encoding.size());
    AppendPartHead(column_field, column->bytes.size(), &hollow.bytes);
    hollow.bytes += column->bytes;
    copied_to = left;
  }
  hollow.bytes += copied_to;
  return hollow;
}

}  // namespace elanus::access
