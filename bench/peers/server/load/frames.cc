#include "load/frames.h"

#include <cstdint>
#include <cstring>
#include <fstream>

namespace elanus::bench {
namespace {

absl::Status CannotUse(const std::string& path, const char* what) {
  return base::Error(base::ErrorCode::kIoFailed, "cannot {} {}", what, path);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadFrames(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return CannotUse(path, "open");
  std::vector<std::string> frames;
  std::uint32_t length = 0;
  while (file.read(reinterpret_cast<char*>(&length), sizeof(length))) {
    std::string frame(length, '\0');
    if (!file.read(frame.data(), length)) {
      return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                                "{} ends inside message {}", path,
                                frames.size());
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

absl::Status WriteFrames(const std::string& path,
                         const std::vector<std::string>& frames) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  for (const std::string& frame : frames) {
    const auto length = static_cast<std::uint32_t>(frame.size());
    file.write(reinterpret_cast<const char*>(&length), sizeof(length));
    file.write(frame.data(), static_cast<std::streamsize>(frame.size()));
  }
  file.flush();
  if (!file) return CannotUse(path, "write");
  return absl::OkStatus();
}

}  // namespace elanus::bench
