#include "access/query_vectors.h"

#include <vector>

#include "access/vector_values.h"
#include "index/vector/dense_rows.h"
#include "proto/milvus/common.pb.h"

namespace elanus::access {
namespace {

namespace common = milvus::proto::common;
using base::ErrorCode;

absl::Status CheckCount(std::int64_t nq, const QueryVectorsCheck& check) {
  if (nq < 1 || nq > check.max_nq) {
    return base::InvalidInput(
        ErrorCode::kUnexpected,
        "nq [{}] is invalid, nq (number of search vector per search request) "
        "should be in range [1, {}], but got {}",
        nq, check.max_nq, nq);
  }
  if (check.nq != 0 && check.nq != nq) {
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "nq is {}, but the placeholder group has {} "
                              "vectors: invalid parameter",
                              check.nq, nq);
  }
  return absl::OkStatus();
}

absl::Status CheckType(const common::PlaceholderValue& placeholder,
                       const types::FieldSchema& field) {
  const auto given = static_cast<int>(placeholder.type());
  // The two have the same numbers. float32 serves every field of halves.
  const bool takes_floats = field.type == types::DataType::kFloat16Vector ||
                            field.type == types::DataType::kBFloat16Vector;
  if (given == static_cast<int>(field.type) ||
      (takes_floats && placeholder.type() == common::FloatVector)) {
    return absl::OkStatus();
  }
  const std::string name = common::PlaceholderType_Name(placeholder.type());
  return base::InvalidInput(
      ErrorCode::kParameterInvalid,
      "vector type must be the same, field {} - type {}, search info type {}: "
      "invalid parameter",
      field.name, types::NameOf(field.type),
      name.empty() ? std::to_string(given) : name);
}

absl::Status NotFinite() {
  return base::InvalidInput(ErrorCode::kParameterInvalid,
                            "a search vector has a value that is NaN or "
                            "infinite: invalid parameter");
}

// float32 of dense rows, bits as they are.
absl::StatusOr<std::string> ReadDense(
    const common::PlaceholderValue& placeholder,
    const types::FieldSchema& field) {
  const auto type = static_cast<types::DataType>(placeholder.type());
  const simd::DecodeKernel decode = index::DecoderOf(type);
  const std::size_t width = types::FixedWidth(type, field.dim);
  const auto dim = static_cast<std::size_t>(field.dim);
  std::string bytes;
  std::vector<float> decoded(decode == nullptr ? 0 : dim);
  for (const std::string& value : placeholder.values()) {
    if (value.size() != width) {
      return base::InvalidInput(ErrorCode::kParameterInvalid,
                                "vector dimension mismatch, expected vector "
                                "size(byte) {}, actual {}: invalid parameter",
                                width, value.size());
    }
    if (!IsFinite(type, value)) return NotFinite();
    if (decode == nullptr) {
      bytes += value;
      continue;
    }
    decode(value.data(), dim, decoded.data());
    bytes.append(reinterpret_cast<const char*>(decoded.data()),
                 dim * sizeof(float));
  }
  return bytes;
}

// Offsets, then the rows (proto/internal/query_node.proto).
absl::StatusOr<std::string> ReadSparse(
    const common::PlaceholderValue& placeholder,
    const types::FieldSchema& field) {
  std::string offsets;
  std::string rows;
  const auto put_offset = [&] {
    const auto end = static_cast<std::uint32_t>(rows.size());
    offsets.append(reinterpret_cast<const char*>(&end), sizeof(end));
  };
  put_offset();
  for (const std::string& value : placeholder.values()) {
    RETURN_IF_ERROR(CheckSparse(field, value));
    rows += value;
    put_offset();
  }
  return offsets + rows;
}

}  // namespace

absl::StatusOr<QueryVectors> ReadQueryVectors(const std::string& group,
                                              const types::FieldSchema& field,
                                              const QueryVectorsCheck& check) {
  common::PlaceholderGroup parsed;
  if (!parsed.ParseFromString(group) || parsed.placeholders_size() != 1) {
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "the placeholder group is malformed, or has {} "
                              "placeholders instead of 1: invalid parameter",
                              parsed.placeholders_size());
  }
  const common::PlaceholderValue& placeholder = parsed.placeholders(0);
  QueryVectors queries{.nq = placeholder.values_size()};
  RETURN_IF_ERROR(CheckCount(queries.nq, check));
  RETURN_IF_ERROR(CheckType(placeholder, field));
  ASSIGN_OR_RETURN(queries.bytes,
                   field.type == types::DataType::kSparseFloatVector
                       ? ReadSparse(placeholder, field)
                       : ReadDense(placeholder, field));
  return queries;
}

}  // namespace elanus::access
