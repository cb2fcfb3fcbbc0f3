#include "storage/object_store.h"

namespace elanus::storage {
namespace {

constexpr std::size_t kMaxNameBytes = 1024;      // S3's limit
constexpr std::size_t kMaxComponentBytes = 255;  // of common file systems

absl::Status Refuse(std::string_view name, std::string_view why) {
  return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                            "object name '{}' {}", name, why);
}

}  // namespace

absl::Status CheckObjectName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "an object name has {} bytes, allowed are 1..{}",
                              name.size(), kMaxNameBytes);
  }
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return base::InvalidInput(
          base::ErrorCode::kParameterInvalid,
          "an object name of {} bytes has the control character {}",
          name.size(), static_cast<int>(static_cast<unsigned char>(c)));
    }
  }
  for (std::size_t begin = 0; begin <= name.size();) {
    std::size_t end = name.find('/', begin);
    if (end == std::string_view::npos) end = name.size();
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty()) return Refuse(name, "has an empty component");
    if (part == "." || part == "..") return Refuse(name, "has '.' or '..'");
    if (part.starts_with(".elanus")) return Refuse(name, "is reserved");
    if (part.size() > kMaxComponentBytes) {
      return Refuse(name, "has a component of more than 255 bytes");
    }
    begin = end + 1;
  }
  return absl::OkStatus();
}

absl::Status ObjectStore::FinishAll(
    std::span<const std::unique_ptr<Upload>> uploads) {
  for (const std::unique_ptr<Upload>& upload : uploads) {
    RETURN_IF_ERROR(upload->Finish());
  }
  return absl::OkStatus();
}

}  // namespace elanus::storage
