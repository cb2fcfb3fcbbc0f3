#include "segment/file/block_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/byte_io.h"
#include "base/crc32c.h"

namespace elanus::segment {
namespace {

constexpr std::string_view kEndMagic = "ELEF";
constexpr std::size_t kTrailerSize = 32;
// The checksum of the footer and the magic behind it.
constexpr std::size_t kUncheckedTail = 8;
constexpr std::size_t kAlignment = base::AlignedBytes::kAlignment;
constexpr std::uint32_t kMinBlockBytes = 4096;

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

base::Buffer Aligned(base::Buffer buffer) {
  const auto address = reinterpret_cast<std::uintptr_t>(buffer.bytes().data());
  if (address % kAlignment == 0) return buffer;
  base::AlignedBytes aligned(buffer.size());
  std::memcpy(aligned.data(), buffer.bytes().data(), buffer.size());
  return std::move(aligned).Freeze();
}

}  // namespace

absl::Status BlockFileWriter::Write(std::span<const std::byte> bytes) {
  offset_ += bytes.size();
  while (!bytes.empty()) {
    if (pending_.empty() && bytes.size() >= kBlockBytes) {
      RETURN_IF_ERROR(EmitBlock(bytes.first(kBlockBytes)));
      bytes = bytes.subspan(kBlockBytes);
      continue;
    }
    const std::size_t part =
        std::min(bytes.size(), kBlockBytes - pending_.size());
    pending_.append(reinterpret_cast<const char*>(bytes.data()), part);
    bytes = bytes.subspan(part);
    if (pending_.size() == kBlockBytes) {
      RETURN_IF_ERROR(EmitBlock(AsBytes(pending_)));
      pending_.clear();
    }
  }
  return absl::OkStatus();
}

absl::Status BlockFileWriter::AlignTo64() {
  static constexpr std::byte kZeros[kAlignment] = {};
  const std::size_t over = offset_ % kAlignment;
  if (over == 0) return absl::OkStatus();
  return Write(std::span(kZeros).first(kAlignment - over));
}

absl::StatusOr<WrittenFile> BlockFileWriter::Finish(std::string_view footer) {
  RETURN_IF_ERROR(AlignTo64());
  if (!pending_.empty()) RETURN_IF_ERROR(EmitBlock(AsBytes(pending_)));
  pending_.clear();
  base::ByteWriter out;
  out.Raw(footer);
  for (const std::uint32_t crc : block_crcs_) out.Fixed(crc);
  out.Fixed(offset_);
  out.Fixed(static_cast<std::uint32_t>(footer.size()));
  out.Fixed(static_cast<std::uint32_t>(block_crcs_.size()));
  out.Fixed(static_cast<std::uint32_t>(kBlockBytes));
  out.Fixed(std::uint32_t{0});
  out.Fixed(base::Crc32c(AsBytes(out.view())));
  out.Raw(kEndMagic);
  RETURN_IF_ERROR(Emit(AsBytes(out.view())));
  return written_;
}

absl::Status BlockFileWriter::EmitBlock(std::span<const std::byte> block) {
  block_crcs_.push_back(base::Crc32c(block));
  return Emit(block);
}

absl::Status BlockFileWriter::Emit(std::span<const std::byte> bytes) {
  written_.size += bytes.size();
  written_.crc = base::Crc32c(bytes, written_.crc);
  return upload_.Append(bytes);
}

BlockFile::BlockFile(base::Buffer buffer, std::string_view name)
    : buffer_(std::move(buffer)), name_(name) {}

absl::StatusOr<std::unique_ptr<BlockFile>> BlockFile::Open(
    base::Buffer buffer, std::string_view name, CheckBlocks check) {
  std::unique_ptr<BlockFile> file(
      new BlockFile(Aligned(std::move(buffer)), name));
  RETURN_IF_ERROR(file->ReadTrailer());
  if (check == CheckBlocks::kAtOpen) {
    RETURN_IF_ERROR(file->Range(0, file->data_size()).status());
  }
  return file;
}

absl::Status BlockFile::ReadTrailer() {
  const std::span<const std::byte> bytes = buffer_.bytes();
  if (bytes.size() < kTrailerSize) {
    return base::DataLoss("{}: {} bytes are too few", name_, bytes.size());
  }
  base::ByteReader in(bytes.last(kTrailerSize), name_);
  ASSIGN_OR_RETURN(data_size_, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const auto footer_size, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto block_count, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto block_bytes, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto reserved, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const auto crc, in.Fixed<std::uint32_t>());
  if (buffer_.view().substr(bytes.size() - kEndMagic.size()) != kEndMagic) {
    return base::DataLoss("{}: does not end with {}", name_, kEndMagic);
  }
  const std::uint64_t crcs_size = std::uint64_t{block_count} * sizeof(crc);
  const std::uint64_t behind = crcs_size + footer_size + kTrailerSize;
  if (behind > bytes.size() || data_size_ != bytes.size() - behind ||
      data_size_ % kAlignment != 0 || reserved != 0 ||
      block_bytes < kMinBlockBytes ||
      (data_size_ + block_bytes - 1) / block_bytes != block_count) {
    return base::DataLoss("{}: the sizes in the footer do not add up", name_);
  }
  const auto data_size = static_cast<std::size_t>(data_size_);
  const std::span<const std::byte> tail = bytes.subspan(data_size);
  if (crc != base::Crc32c(tail.first(tail.size() - kUncheckedTail))) {
    return base::DataLoss("{}: checksum of the footer is wrong", name_);
  }
  block_bytes_ = block_bytes;
  footer_ = buffer_.view().substr(data_size, footer_size);
  block_crcs_ = tail.subspan(footer_size, static_cast<std::size_t>(crcs_size));
  checked_ = std::vector<std::atomic<std::uint64_t>>((block_count + 63) / 64);
  return absl::OkStatus();
}

absl::StatusOr<std::span<const std::byte>> BlockFile::Range(
    std::uint64_t offset, std::uint64_t size) const {
  if (offset > data_size_ || size > data_size_ - offset) {
    return base::DataLoss("{}: {} bytes wanted at {} of {}", name_, size,
                          offset, data_size_);
  }
  if (size > 0) {
    const std::uint64_t last = (offset + size - 1) / block_bytes_;
    for (std::uint64_t i = offset / block_bytes_; i <= last; ++i) {
      RETURN_IF_ERROR(CheckBlock(i));
    }
  }
  return buffer_.bytes().subspan(static_cast<std::size_t>(offset),
                                 static_cast<std::size_t>(size));
}

absl::Status BlockFile::CheckBlock(std::uint64_t block) const {
  std::atomic<std::uint64_t>& word = checked_[block / 64];
  const std::uint64_t mask = std::uint64_t{1} << (block % 64);
  // Relaxed: the bit says something about bytes that nobody writes.
  if ((word.load(std::memory_order_relaxed) & mask) != 0) {
    return absl::OkStatus();
  }
  const std::uint64_t begin = block * block_bytes_;
  const std::uint64_t size = std::min(block_bytes_, data_size_ - begin);
  std::uint32_t stated;
  std::memcpy(&stated, block_crcs_.data() + block * sizeof(stated),
              sizeof(stated));
  if (stated != base::Crc32c(buffer_.bytes().subspan(begin, size))) {
    return base::DataLoss("{}: block {} (bytes {} to {}) is damaged", name_,
                          block, begin, begin + size);
  }
  word.fetch_or(mask, std::memory_order_relaxed);
  return absl::OkStatus();
}

}  // namespace elanus::segment
