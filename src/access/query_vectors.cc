#include "access/query_vectors.h"

#include <algorithm>
#include <cstring>

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

// A float32 whose exponent is all ones is NaN or infinite.
bool IsFinite(const std::string& bytes) {
  constexpr std::uint32_t kExponent = 0x7f800000;
  bool finite = true;
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(std::uint32_t)) {
    std::uint32_t bits;
    std::memcpy(&bits, bytes.data() + i, sizeof(bits));
    finite &= (bits & kExponent) != kExponent;
  }
  return finite;
}

absl::Status CheckType(const common::PlaceholderValue& placeholder,
                       const types::FieldSchema& field) {
  if (placeholder.type() == common::FloatVector) return absl::OkStatus();
  const std::string name = common::PlaceholderType_Name(placeholder.type());
  return base::InvalidInput(
      ErrorCode::kParameterInvalid,
      "vector type must be the same, field {} - type {}, search info type {}: "
      "invalid parameter",
      field.name, types::NameOf(field.type),
      name.empty() ? std::to_string(static_cast<int>(placeholder.type()))
                   : name);
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
  const std::size_t width = types::FixedWidth(field.type, field.dim);
  // What the values say, not what they promise: they are checked below.
  queries.bytes.reserve(
      std::min(width * static_cast<std::size_t>(queries.nq), group.size()));
  for (const std::string& value : placeholder.values()) {
    if (value.size() != width) {
      return base::InvalidInput(ErrorCode::kParameterInvalid,
                                "vector dimension mismatch, expected vector "
                                "size(byte) {}, actual {}: invalid parameter",
                                width, value.size());
    }
    queries.bytes += value;
  }
  if (!IsFinite(queries.bytes)) {
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "a search vector has a value that is NaN or "
                              "infinite: invalid parameter");
  }
  return queries;
}

}  // namespace elanus::access
