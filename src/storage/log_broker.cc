#include "storage/log_broker.h"

#include "base/log.h"

namespace elanus::storage {

using base::ErrorCode;

absl::StatusOr<Position> Position::Decode(std::string_view bytes) {
  if (bytes.size() > kMaxSize) {
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "a log position has {} bytes, at most {}",
                              bytes.size(), kMaxSize);
  }
  return FromBytes(bytes);
}

Position Position::FromBytes(std::string_view bytes) {
  CHECK(bytes.size() <= kMaxSize);
  Position position;
  std::memcpy(position.bytes_.data(), bytes.data(), bytes.size());
  position.size_ = static_cast<std::uint8_t>(bytes.size());
  return position;
}

std::string Position::ToString() const {
  if (is_beginning()) return "start";
  std::string text;
  for (const char c : bytes()) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return text;
}

absl::Status CheckTopicName(std::string_view topic) {
  if (topic.empty() || topic.size() > 200) {
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "a topic name has {} characters, allowed are "
                              "1..200",
                              topic.size());
  }
  for (const char c : topic) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                         c == '-';
    if (!allowed) {
      return base::InvalidInput(
          ErrorCode::kParameterInvalid,
          "a topic name has the byte {}; allowed are [A-Za-z0-9._-]",
          static_cast<int>(static_cast<unsigned char>(c)));
    }
  }
  return absl::OkStatus();
}

}  // namespace elanus::storage
