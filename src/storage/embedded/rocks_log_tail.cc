#include "storage/embedded/rocks_log_tail.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/crc32c.h"
#include "base/log.h"
#include "storage/errors.h"
#include "storage/local/file_io.h"

namespace elanus::storage {
namespace {

// A record is cut into fragments, so that none crosses the border of a block:
// checksum (4 bytes), length (2), type (1), payload.
constexpr std::size_t kBlockBytes = 32768;
constexpr std::size_t kHeaderBytes = 7;
constexpr std::size_t kTypeAt = 6;
enum FragmentType : std::uint8_t { kFull = 1, kFirst, kMiddle, kLast };

struct Fragment {
  std::uint8_t type = 0;
  std::size_t size = 0;  // with its header
};

template <typename T>
T Load(std::span<const std::byte> bytes) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

// RocksDB stores checksums so that one of bytes with a checksum is no trap.
std::uint32_t Masked(std::uint32_t crc) {
  return std::rotr(crc, 15) + 0xa282ead8U;
}

// The fragment at `offset`, if it is whole.
std::optional<Fragment> FragmentAt(std::span<const std::byte> log,
                                   std::size_t offset) {
  const auto rest = log.subspan(
      offset,
      std::min(kBlockBytes - offset % kBlockBytes, log.size() - offset));
  if (rest.size() < kHeaderBytes) return std::nullopt;
  const std::size_t length = Load<std::uint16_t>(rest.subspan(4));
  const Fragment fragment{.type = static_cast<std::uint8_t>(rest[kTypeAt]),
                          .size = kHeaderBytes + length};
  if (fragment.type < kFull || fragment.type > kLast ||
      fragment.size > rest.size()) {
    return std::nullopt;
  }
  const std::uint32_t crc = base::Crc32c(rest.subspan(kTypeAt, 1 + length));
  if (Masked(crc) != Load<std::uint32_t>(rest)) return std::nullopt;
  return fragment;
}

bool BeginsRecord(const std::optional<Fragment>& fragment) {
  return fragment.has_value() &&
         (fragment->type == kFull || fragment->type == kFirst);
}

bool RecordBeginsBehind(std::span<const std::byte> log, std::size_t offset) {
  for (++offset; offset < log.size(); ++offset) {
    if (BeginsRecord(FragmentAt(log, offset))) return true;
  }
  return false;
}

// The write-ahead log with the highest number, and the manifest in use.
absl::StatusOr<std::vector<std::string>> NewestLogs(const std::string& folder) {
  std::string newest;  // RocksDB fills the numbers up with zeros
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".log") continue;
    newest = std::max(newest, entry.path().filename().string());
  }
  if (error) return FromErrno(error.value(), "list", folder);
  ASSIGN_OR_RETURN(std::string manifest, ReadWholeFile(folder + "/CURRENT"));
  while (!manifest.empty() && manifest.back() == '\n') manifest.pop_back();
  std::vector<std::string> paths{folder + "/" + manifest};
  if (!newest.empty()) paths.push_back(folder + "/" + newest);
  return paths;
}

absl::Status Cut(const TornTail& tail) {
  LOG_WARN("{}: cutting a torn record of {} bytes at offset {}", tail.path,
           tail.bytes, tail.begin);
  ASSIGN_OR_RETURN(const FileHandle file, OpenFile(tail.path, O_RDWR));
  if (::ftruncate(file.fd(), static_cast<off_t>(tail.begin)) != 0) {
    return FromErrno(errno, "truncate", tail.path);
  }
  return SyncFile(file, tail.path);
}

}  // namespace

std::optional<std::size_t> FindTornTail(std::span<const std::byte> log) {
  std::size_t record = 0;  // where the record at hand begins
  bool is_open = false;    // it goes on in the next fragment
  for (std::size_t offset = 0; offset < log.size();) {
    const std::size_t left = kBlockBytes - offset % kBlockBytes;
    if (left < kHeaderBytes) {  // no room for a header: filled up
      offset += left;
      continue;
    }
    const auto fragment = FragmentAt(log, offset);
    if (!is_open || BeginsRecord(fragment)) record = offset;
    if (!fragment.has_value()) {
      if (RecordBeginsBehind(log, record)) return std::nullopt;
      return record;
    }
    is_open = fragment->type == kFirst || fragment->type == kMiddle;
    offset += fragment->size;
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<TornTail>> FindTornTails(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, NewestLogs(folder));
  std::vector<TornTail> tails;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(path));
    const auto torn =
        FindTornTail(std::as_bytes(std::span(bytes.data(), bytes.size())));
    if (!torn.has_value()) continue;
    tails.push_back(
        {.path = path, .begin = *torn, .bytes = bytes.size() - *torn});
  }
  return tails;
}

absl::StatusOr<std::uint64_t> CutTornTails(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<TornTail> tails, FindTornTails(folder));
  std::uint64_t cut = 0;
  for (const TornTail& tail : tails) {
    RETURN_IF_ERROR(Cut(tail));
    cut += tail.bytes;
  }
  return cut;
}

}  // namespace elanus::storage
