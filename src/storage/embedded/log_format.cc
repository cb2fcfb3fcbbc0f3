#include "storage/embedded/log_format.h"

#include <charconv>
#include <cstring>

#include "base/byte_io.h"
#include "base/crc32c.h"

namespace elanus::storage {
namespace {

constexpr std::uint32_t kRecordMagic = 0x4352'4c45;             // "ELRC"
constexpr std::uint64_t kFileMagic = 0x3130'474f'4c4e'4c45ULL;  // "ELNLOG01"
constexpr std::size_t kCheckedFrom = 8;  // behind magic and checksum
constexpr std::string_view kSuffix = ".log";

template <typename T>
T Load(std::span<const std::byte> bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <typename T>
void Store(std::span<std::byte> bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

}  // namespace

RecordHeaderBytes EncodeRecordHeader(const RecordHeader& header,
                                     std::uint32_t payload_crc) {
  RecordHeaderBytes bytes{};
  Store(bytes, 0, kRecordMagic);
  Store(bytes, 8, header.place);
  Store(bytes, 16, header.durable);
  Store(bytes, 24, header.size);
  Store(bytes, 28, header.topic);
  const auto checked = std::span<const std::byte>(bytes).subspan(kCheckedFrom);
  Store(bytes, 4, base::Crc32c(checked, payload_crc));
  return bytes;
}

std::optional<RecordHeader> CheckRecord(std::span<const std::byte> bytes,
                                        std::uint64_t place) {
  if (bytes.size() < kRecordHeaderBytes ||
      Load<std::uint32_t>(bytes, 0) != kRecordMagic) {
    return std::nullopt;
  }
  const RecordHeader header{.place = Load<std::uint64_t>(bytes, 8),
                            .durable = Load<std::uint64_t>(bytes, 16),
                            .size = Load<std::uint32_t>(bytes, 24),
                            .topic = Load<std::uint32_t>(bytes, 28)};
  if (header.place != place || header.size > kMaxRecordBytes ||
      RecordSpace(header.size) > bytes.size()) {
    return std::nullopt;
  }
  const auto payload = bytes.subspan(kRecordHeaderBytes, header.size);
  const auto checked =
      bytes.subspan(kCheckedFrom, kRecordHeaderBytes - kCheckedFrom);
  const std::uint32_t crc = base::Crc32c(checked, base::Crc32c(payload));
  if (crc != Load<std::uint32_t>(bytes, 4)) return std::nullopt;
  return header;
}

LogFileHeaderBytes EncodeLogFileHeader(std::uint64_t start) {
  LogFileHeaderBytes bytes{};
  Store(bytes, 0, kFileMagic);
  Store(bytes, 16, start);
  const auto checked = std::span<const std::byte>(bytes).subspan(16);
  Store(bytes, 8, base::Crc32c(checked));
  return bytes;
}

bool CheckLogFileHeader(std::span<const std::byte> bytes, std::uint64_t start) {
  if (bytes.size() < kLogFileHeaderBytes) return false;
  const LogFileHeaderBytes expected = EncodeLogFileHeader(start);
  return std::memcmp(bytes.data(), expected.data(), expected.size()) == 0;
}

std::string LogFileName(std::uint64_t start) {
  return fmt::format("{:016x}{}", start, kSuffix);
}

std::optional<std::uint64_t> ParseLogFileName(std::string_view name) {
  if (name.size() != 16 + kSuffix.size() || !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  std::uint64_t start = 0;
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + 16, start, 16);
  if (error != std::errc() || end != name.data() + 16) return std::nullopt;
  return start;
}

Position PositionOf(std::uint64_t place) {
  if (place == 0) return Position();
  std::array<char, 8> bytes;
  for (int i = 7; i >= 0; --i) {
    bytes[static_cast<std::size_t>(i)] = static_cast<char>(place & 0xff);
    place >>= 8;
  }
  return Position::FromBytes({bytes.data(), bytes.size()});
}

absl::StatusOr<std::uint64_t> PlaceOf(const Position& position) {
  if (position.is_beginning()) return 0;
  if (position.bytes().size() != 8) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "position {} is not one of the embedded log",
                              position.ToString());
  }
  std::uint64_t place = 0;
  for (const char c : position.bytes()) {
    place = place << 8 | static_cast<unsigned char>(c);
  }
  return place;
}

}  // namespace elanus::storage
