#include "access/grpc/wire_fields.h"

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

void AppendVarint(std::uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) {
    out->push_back(static_cast<char>((value & 0x7F) | 0x80));
  }
  out->push_back(static_cast<char>(value));
}

// The content of a length-delimited field, an empty view for other types.
std::optional<std::string_view> TakeContent(int wire_type,
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

std::optional<WireField> TakeField(std::string_view& bytes) {
  const std::string_view begin = bytes;
  const std::optional<std::uint64_t> key = TakeVarint(bytes);
  if (!key || *key > UINT32_MAX || *key >> 3 == 0) return std::nullopt;
  const int wire_type = static_cast<int>(*key & 7);
  const std::optional<std::string_view> content = TakeContent(wire_type, bytes);
  if (!content) return std::nullopt;
  return WireField{.number = static_cast<int>(*key >> 3),
                   .is_part = wire_type == kLengthDelimited,
                   .content = *content,
                   .encoding = begin.substr(0, begin.size() - bytes.size())};
}

void AppendPartHead(int number, std::size_t size, std::string* out) {
  AppendVarint(static_cast<std::uint64_t>(number) << 3 | kLengthDelimited, out);
  AppendVarint(size, out);
}

}  // namespace elanus::access
