#include "access/grpc/request_peek.h"

#include <cstdint>
#include <optional>

namespace elanus::access {
namespace {

constexpr int kVarint = 0;
constexpr int kFixed64 = 1;
constexpr int kLengthDelimited = 2;
constexpr int kFixed32 = 5;

std::optional<std::uint64_t> TakeVarint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// The content of a length-delimited field, an empty view for other types.
std::optional<std::string_view> TakeField(int wire_type,
                                          std::string_view& bytes) {
  std::uint64_t size = 0;
  switch (wire_type) {
    case kVarint:
      if (!TakeVarint(bytes)) return std::nullopt;
      break;
    case kFixed64:
      size = 8;
      break;
    case kFixed32:
      size = 4;
      break;
    case kLengthDelimited: {
      const std::optional<std::uint64_t> length = TakeVarint(bytes);
      if (!length) return std::nullopt;
      size = *length;
      break;
    }
    default:  // groups, which proto3 does not have, and unknown types
      return std::nullopt;
  }
  if (size > bytes.size()) return std::nullopt;
  const std::string_view content = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return content;
}

}  // namespace

absl::Status PeekNames(std::string_view request, const RequestFields& fields,
                       RequestNames* names) {
  const auto malformed = [] {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "the bytes are not a message");
  };
  std::size_t parts = 0;
  while (!request.empty()) {
    const std::optional<std::uint64_t> key = TakeVarint(request);
    if (!key || *key > UINT32_MAX || *key >> 3 == 0) return malformed();
    const int number = static_cast<int>(*key >> 3);
    const int wire_type = static_cast<int>(*key & 7);
    const std::optional<std::string_view> content =
        TakeField(wire_type, request);
    if (!content) return malformed();
    if (wire_type != kLengthDelimited) continue;
    if (++parts > kRequestPartsMax) {
      return base::InvalidInput(base::ErrorCode::kParameterTooLarge,
                                "more than {} parts", kRequestPartsMax);
    }
    if (number == fields.db_name) names->db_name = *content;
    if (number != fields.object_name) continue;
    if (!fields.object_name_repeated) names->objects.clear();
    names->objects.push_back(*content);
  }
  if (fields.object_name != 0 && names->objects.empty()) {
    names->objects.emplace_back();
  }
  return absl::OkStatus();
}

}  // namespace elanus::access
