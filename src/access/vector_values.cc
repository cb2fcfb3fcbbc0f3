#include "access/vector_values.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "role/vector_field.h"
#include "types/sparse.h"

namespace elanus::access {
namespace {

using milvus::proto::schema::VectorField;
using types::DataType;

template <typename... Args>
absl::Status Invalid(fmt::format_string<Args...> format, Args&&... args) {
  return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                            "{}: invalid parameter",
                            fmt::format(format, std::forward<Args>(args)...));
}

// The rows of a dense type as bytes, if the data are of that type.
std::optional<std::string_view> BytesOf(DataType type, const VectorField& data,
                                        std::string_view outside) {
  if (type == DataType::kFloatVector) {
    if (!data.has_float_vector()) return std::nullopt;
    if (outside.data() != nullptr) return outside;
    const auto& values = data.float_vector().data();
    return std::string_view(reinterpret_cast<const char*>(values.data()),
                            static_cast<std::size_t>(values.size()) * 4);
  }
  const std::string* bytes = role::DenseBytes(type, data);
  if (bytes == nullptr) return std::nullopt;
  return outside.data() != nullptr ? outside : std::string_view(*bytes);
}

// A number whose exponent is all ones is NaN or infinite.
template <typename Bits>
bool HasNoFullExponent(std::string_view values, Bits exponent) {
  bool finite = true;
  for (std::size_t i = 0; i + sizeof(Bits) <= values.size();
       i += sizeof(Bits)) {
    Bits bits;
    std::memcpy(&bits, values.data() + i, sizeof(bits));
    finite &= (bits & exponent) != exponent;
  }
  return finite;
}

absl::Status CheckLength(const types::FieldSchema& field, std::size_t bytes) {
  const std::size_t width = types::FixedWidth(field.type, field.dim);
  if (bytes % width == 0) return absl::OkStatus();
  if (field.type == DataType::kFloatVector) {
    return Invalid(
        "the length({}) of float data should divide the dim({}) of field {}",
        bytes / sizeof(float), field.dim, field.name);
  }
  return Invalid(
      "the length({}) of {} data should divide the {} bytes of dim({}) of "
      "field {}",
      bytes, types::NameOf(field.type), width, field.dim, field.name);
}

absl::Status CheckAllFinite(const types::FieldSchema& field,
                            std::string_view values) {
  if (IsFinite(field.type, values)) return absl::OkStatus();
  const std::size_t width = types::FixedWidth(field.type, field.dim);
  std::size_t row = 0;
  while (IsFinite(field.type, values.substr(row * width, width))) ++row;
  return Invalid(
      "row {} of field {} has a value that is NaN or infinite: NaN and "
      "infinity cannot be stored",
      row, field.name);
}

void CopySparse(const VectorField& data, std::span<const std::uint32_t> rows,
                segment::ColumnSpans& spans) {
  std::uint32_t end = 0;
  spans.offsets[0] = 0;
  for (std::size_t to = 0; to < rows.size(); ++to) {
    const std::string& row =
        data.sparse_float_vector().contents(static_cast<int>(rows[to]));
    std::memcpy(spans.values.data() + end, row.data(), row.size());
    end += static_cast<std::uint32_t>(row.size());
    spans.offsets[to + 1] = end;
  }
}

}  // namespace

std::optional<std::size_t> CountVectors(const types::FieldSchema& field,
                                        const VectorField& data,
                                        std::string_view outside) {
  if (field.type == DataType::kSparseFloatVector) {
    if (!data.has_sparse_float_vector()) return std::nullopt;
    return static_cast<std::size_t>(data.sparse_float_vector().contents_size());
  }
  const auto bytes = BytesOf(field.type, data, outside);
  if (!bytes.has_value()) return std::nullopt;
  return bytes->size() / types::FixedWidth(field.type, field.dim);
}

bool IsFinite(DataType type, std::string_view values) {
  switch (type) {
    case DataType::kFloatVector:
      return HasNoFullExponent<std::uint32_t>(values, 0x7F800000);
    case DataType::kFloat16Vector:
      return HasNoFullExponent<std::uint16_t>(values, 0x7C00);
    case DataType::kBFloat16Vector:
      return HasNoFullExponent<std::uint16_t>(values, 0x7F80);
    default:
      return true;
  }
}

absl::Status CheckSparse(const types::FieldSchema& field,
                         std::string_view row) {
  if (row.size() % sizeof(types::SparseEntry) != 0) {
    return Invalid("invalid data length in sparse float vector: {}, field {}",
                   row.size(), field.name);
  }
  std::optional<std::uint32_t> last;
  for (std::size_t i = 0; i < row.size(); i += sizeof(types::SparseEntry)) {
    types::SparseEntry entry;
    std::memcpy(&entry, row.data() + i, sizeof(entry));
    if (entry.index == std::numeric_limits<std::uint32_t>::max()) {
      return Invalid(
          "invalid index in sparse float vector: must be less than 2^32-1, "
          "field {}",
          field.name);
    }
    if (last.has_value() && entry.index <= *last) {
      return Invalid(
          "unsorted or same indices in sparse float vector: index {} behind "
          "{}, field {}",
          entry.index, *last, field.name);
    }
    if (!std::isfinite(entry.value)) {
      return Invalid(
          "value '{}' of index {} of field {} is not a number or infinity",
          entry.value, entry.index, field.name);
    }
    if (entry.value < 0) {
      return Invalid(
          "negative value in sparse float vector: {} of index {}, field {}",
          entry.value, entry.index, field.name);
    }
    last = entry.index;
  }
  return absl::OkStatus();
}

absl::Status CheckVectors(const types::FieldSchema& field,
                          const VectorField& data, std::string_view outside) {
  if (field.type == DataType::kSparseFloatVector) {
    for (const std::string& row : data.sparse_float_vector().contents()) {
      RETURN_IF_ERROR(CheckSparse(field, row));
    }
    return absl::OkStatus();
  }
  if (data.dim() != 0 && data.dim() != field.dim) {
    return Invalid(
        "vector dimension mismatch of field {}: the dim({}) of the data is "
        "not the field's dim({})",
        field.name, data.dim(), field.dim);
  }
  const std::string_view bytes = *BytesOf(field.type, data, outside);
  RETURN_IF_ERROR(CheckLength(field, bytes.size()));
  return CheckAllFinite(field, bytes);
}

std::uint64_t SparseBytes(const VectorField& data,
                          std::span<const std::uint32_t> rows) {
  std::uint64_t bytes = 0;
  for (const std::uint32_t row : rows) {
    bytes += data.sparse_float_vector().contents(static_cast<int>(row)).size();
  }
  return bytes;
}

void CopyVectors(const types::FieldSchema& field, const VectorField& data,
                 std::span<const std::uint32_t> rows,
                 segment::ColumnSpans& spans, std::string_view outside) {
  if (field.type == DataType::kSparseFloatVector) {
    return CopySparse(data, rows, spans);
  }
  const std::size_t width = types::FixedWidth(field.type, field.dim);
  const std::string_view source = *BytesOf(field.type, data, outside);
  // All rows in their order: one copy.
  if (rows.size() * width == source.size()) {
    std::memcpy(spans.values.data(), source.data(), source.size());
    return;
  }
  for (std::size_t to = 0; to < rows.size(); ++to) {
    std::memcpy(spans.values.data() + to * width,
                source.data() + rows[to] * width, width);
  }
}

}  // namespace elanus::access
