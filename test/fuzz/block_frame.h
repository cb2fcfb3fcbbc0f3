// Gives a damaged file of blocks the checksums that fit it, so that a fuzz
// target gets past them.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/buffer.h"
#include "segment/file/block_file.h"
#include "segment/file/memory_upload.h"

namespace elanus::fuzz {

// None where the sizes in the trailer do not even lie inside the file.
inline std::optional<base::Buffer> WithRightFrame(const std::string& file) {
  constexpr std::size_t kTrailerSize = 32;
  if (file.size() < kTrailerSize) return std::nullopt;
  const char* const trailer = file.data() + file.size() - kTrailerSize;
  std::uint64_t data_size;
  std::uint32_t footer_size;
  std::memcpy(&data_size, trailer, sizeof(data_size));
  std::memcpy(&footer_size, trailer + sizeof(data_size), sizeof(footer_size));
  if (data_size > file.size() || footer_size > file.size() - data_size) {
    return std::nullopt;
  }
  segment::MemoryUpload upload;
  segment::BlockFileWriter out(upload);
  const std::string_view bytes(file);
  if (!out.Write(bytes.substr(0, data_size)).ok() ||
      !out.Finish(bytes.substr(data_size, footer_size)).ok()) {
    __builtin_trap();
  }
  return std::move(upload).Take();
}

}  // namespace elanus::fuzz
