#include "index/vector/index_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/byte_io.h"
#include "base/crc32c.h"

namespace elanus::index {
namespace {

using base::ByteReader;
using base::ByteWriter;
using base::DataLoss;

constexpr std::uint32_t kMagic = 0x58494C45;     // "ELIX"
constexpr std::uint32_t kEndMagic = 0x454C4958;  // "XILE"
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kHeaderCrcAt = 44;
constexpr std::size_t kSectionBytes = 32;
constexpr std::size_t kFooterBytes = 16;
constexpr std::uint32_t kBlockBytes = 1U << 20;
constexpr std::uint32_t kMaxSections = 64;

std::size_t AlignUp(std::size_t value, std::size_t alignment = kAlignment) {
  return (value + alignment - 1) / alignment * alignment;
}

std::size_t BlockCount(std::size_t bytes) {
  return (bytes + kBlockBytes - 1) / kBlockBytes;
}

std::size_t FileSize(std::size_t blocks_end) {
  return blocks_end + BlockCount(blocks_end) * sizeof(std::uint32_t) +
         kFooterBytes;
}

std::uint32_t BlockCrc(std::span<const std::byte> covered, std::size_t block) {
  const std::size_t begin = block * kBlockBytes;
  return base::Crc32c(covered.subspan(
      begin, std::min<std::size_t>(kBlockBytes, covered.size() - begin)));
}

}  // namespace

IndexFileWriter::IndexFileWriter(const IndexFileInfo& info,
                                 std::span<const SectionSize> sections)
    : bytes_(0) {
  std::size_t offset = AlignUp(kHeaderBytes + sections.size() * kSectionBytes);
  for (const SectionSize& section : sections) {
    offset = AlignUp(offset, section.alignment);
    places_.push_back({section.section, offset, section.bytes});
    offset = AlignUp(offset + section.bytes);
  }
  blocks_end_ = offset;
  bytes_ = HugeBytes(FileSize(blocks_end_));

  ByteWriter header;
  header.Fixed(kMagic);
  header.Fixed(info.version);
  header.Fixed(static_cast<std::uint8_t>(info.type));
  header.Fixed(static_cast<std::uint8_t>(info.metric));
  header.Fixed(info.dim);
  header.Fixed(static_cast<std::uint32_t>(places_.size()));
  header.Fixed(info.rows);
  header.Fixed(static_cast<std::uint64_t>(bytes_.size()));
  header.Fixed(static_cast<std::uint64_t>(blocks_end_));
  header.Fixed(kBlockBytes);
  header.Fixed(std::uint32_t{0});  // the checksum, below
  header.AlignTo(kHeaderBytes);
  for (const Place& place : places_) {
    header.Fixed(static_cast<std::uint32_t>(place.section));
    header.Fixed(std::uint32_t{0});
    header.Fixed(static_cast<std::uint64_t>(place.offset));
    header.Fixed(static_cast<std::uint64_t>(place.bytes));
    header.Fixed(std::uint64_t{0});
  }
  header.Patch(kHeaderCrcAt,
               base::Crc32c(std::as_bytes(std::span(header.view()))));
  std::memcpy(bytes_.data(), header.view().data(), header.size());
}

std::span<std::byte> IndexFileWriter::section(Section section) {
  for (const Place& place : places_) {
    if (place.section == section) {
      return {bytes_.data() + place.offset, place.bytes};
    }
  }
  return {};
}

base::Buffer IndexFileWriter::Finish() && {
  const std::span<const std::byte> covered(bytes_.data(), blocks_end_);
  ByteWriter tail;
  for (std::size_t i = 0; i < BlockCount(blocks_end_); ++i) {
    tail.Fixed(BlockCrc(covered, i));
  }
  const std::uint32_t crc = base::Crc32c(std::as_bytes(std::span(tail.view())));
  tail.Fixed(crc);
  tail.Fixed(std::uint64_t{0});
  tail.Fixed(kEndMagic);
  std::memcpy(bytes_.data() + blocks_end_, tail.view().data(), tail.size());
  return std::move(bytes_).Freeze();
}

absl::StatusOr<IndexFileReader> IndexFileReader::Open(IndexFile file,
                                                      bool verify) {
  IndexFileReader reader;
  reader.name_ = std::move(file.name);
  reader.bytes_ = std::move(file.bytes);
  RETURN_IF_ERROR(reader.ReadFrame());
  if (verify) RETURN_IF_ERROR(reader.VerifyBlocks(reader.blocks_end_));
  const auto start =
      reinterpret_cast<std::uintptr_t>(reader.bytes_.bytes().data());
  if (start % kAlignment != 0) {
    HugeBytes aligned(reader.bytes_.size());
    std::memcpy(aligned.data(), reader.bytes_.bytes().data(),
                reader.bytes_.size());
    reader.bytes_ = std::move(aligned).Freeze();
  }
  return reader;
}

absl::Status IndexFileReader::ReadFrame() {
  ByteReader in(bytes_.bytes(), name_);
  ASSIGN_OR_RETURN(const auto magic, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto version, in.Fixed<std::uint16_t>());
  ASSIGN_OR_RETURN(const auto type, in.Fixed<std::uint8_t>());
  ASSIGN_OR_RETURN(const auto metric, in.Fixed<std::uint8_t>());
  ASSIGN_OR_RETURN(info_.dim, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto sections, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(info_.rows, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const auto file_size, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(blocks_end_, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const auto block_bytes, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto crc, in.Fixed<std::uint32_t>());
  if (magic != kMagic) return DataLoss("{}: not an index file", name_);
  if (version == 0 || version > kIndexFormatVersion) {
    return DataLoss("{}: format version {}, this program reads 1 to {}", name_,
                    version, kIndexFormatVersion);
  }
  const std::size_t header_bytes =
      kHeaderBytes +
      std::size_t{std::min(sections, kMaxSections)} * kSectionBytes;
  if (sections > kMaxSections || header_bytes > bytes_.size()) {
    return DataLoss("{}: {} sections in {} bytes", name_, sections,
                    bytes_.size());
  }
  std::string header(bytes_.view().substr(0, header_bytes));
  std::memset(header.data() + kHeaderCrcAt, 0, sizeof(crc));
  if (base::Crc32c(std::as_bytes(std::span(header))) != crc) {
    return DataLoss("{}: block 0 is damaged (header checksum)", name_);
  }
  if (file_size != bytes_.size() || blocks_end_ > file_size ||
      blocks_end_ < header_bytes || blocks_end_ % kAlignment != 0 ||
      block_bytes != kBlockBytes || FileSize(blocks_end_) != file_size) {
    return DataLoss("{}: {} bytes, the header says {}", name_, bytes_.size(),
                    file_size);
  }
  info_.version = version;
  info_.type = static_cast<IndexType>(type);
  info_.metric = static_cast<types::MetricType>(metric);
  return ReadSections(sections, blocks_end_);
}

absl::Status IndexFileReader::ReadSections(std::uint32_t count,
                                           std::uint64_t blocks_end) {
  ByteReader in(bytes_.bytes(), name_);
  RETURN_IF_ERROR(in.Raw(kHeaderBytes).status());
  for (std::uint32_t i = 0; i < count; ++i) {
    Place place{};
    ASSIGN_OR_RETURN(place.section, in.Fixed<std::uint32_t>());
    RETURN_IF_ERROR(in.Fixed<std::uint32_t>().status());
    ASSIGN_OR_RETURN(place.offset, in.Fixed<std::uint64_t>());
    ASSIGN_OR_RETURN(place.bytes, in.Fixed<std::uint64_t>());
    RETURN_IF_ERROR(in.Fixed<std::uint64_t>().status());
    if (place.offset % kAlignment != 0 || place.offset > blocks_end ||
        place.bytes > blocks_end - place.offset) {
      return DataLoss("{}: section {} has {} bytes at offset {} of {}", name_,
                      place.section, place.bytes, place.offset, blocks_end);
    }
    places_.push_back(place);
  }
  return absl::OkStatus();
}

absl::Status IndexFileReader::VerifyBlocks(std::uint64_t blocks_end) const {
  const auto end = static_cast<std::size_t>(blocks_end);
  const std::size_t blocks = BlockCount(end);
  ByteReader in(bytes_.bytes().subspan(end), name_);
  ASSIGN_OR_RETURN(const auto table, in.Raw(blocks * sizeof(std::uint32_t)));
  ASSIGN_OR_RETURN(const auto table_crc, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto reserved, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const auto magic, in.Fixed<std::uint32_t>());
  if (magic != kEndMagic || reserved != 0 || base::Crc32c(table) != table_crc) {
    return DataLoss("{}: the table of checksums is damaged", name_);
  }
  for (std::size_t i = 0; i < blocks; ++i) {
    std::uint32_t expected = 0;
    std::memcpy(&expected, table.data() + i * sizeof(expected),
                sizeof(expected));
    if (BlockCrc(bytes_.bytes().first(end), i) != expected) {
      return DataLoss("{}: block {} (bytes {} to {}) is damaged", name_, i,
                      i * kBlockBytes,
                      std::min<std::size_t>((i + 1) * kBlockBytes, end));
    }
  }
  return absl::OkStatus();
}

bool IndexFileReader::Has(Section section) const {
  return std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
    return place.section == static_cast<std::uint32_t>(section);
  });
}

std::span<const std::byte> IndexFileReader::Bytes(Section section) const {
  for (const Place& place : places_) {
    if (place.section != static_cast<std::uint32_t>(section)) continue;
    return bytes_.bytes().subspan(static_cast<std::size_t>(place.offset),
                                  static_cast<std::size_t>(place.bytes));
  }
  return {};
}

absl::StatusOr<std::span<const std::byte>> IndexFileReader::Find(
    Section section, std::uint64_t count, std::size_t width) const {
  for (const Place& place : places_) {
    if (place.section != static_cast<std::uint32_t>(section)) continue;
    if (place.bytes % width != 0 || place.bytes / width != count) {
      return DataLoss("{}: section {} has {} bytes, {} values of {} expected",
                      name_, place.section, place.bytes, count, width);
    }
    return bytes_.bytes().subspan(static_cast<std::size_t>(place.offset),
                                  static_cast<std::size_t>(place.bytes));
  }
  return DataLoss("{}: section {} is missing", name_,
                  static_cast<std::uint32_t>(section));
}

}  // namespace elanus::index
