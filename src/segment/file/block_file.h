// The frame of the big files of a segment: data that is used in place, a
// CRC32C for each 256 KiB of it, a footer. What the data are is the business
// of column_file.h, delete_file.h and folded_deletes.h; the bytes of the frame
// stand in docs/formats/column_file.md.
//
//   BlockFileWriter out(upload);
//   RETURN_IF_ERROR(out.Write(header));
//   RETURN_IF_ERROR(out.AlignTo64());
//   ASSIGN_OR_RETURN(const WrittenFile file, out.Finish(footer));
//
//   ASSIGN_OR_RETURN(auto file, BlockFile::Open(buffer, name));
//   ASSIGN_OR_RETURN(auto bytes, file->Range(64, 4096));  // checked, in place
//
// Threads:   a writer: one thread. BlockFile: all methods from any thread; two
//            threads that touch a block first may both check it.
// Ownership: a BlockFile keeps its buffer; spans live as long as it does.
// Errors:    DATA_LOSS naming file and block. A writer's error is final.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/status.h"
#include "storage/object_store.h"

namespace elanus::segment {

// What a manifest says about a file.
struct WrittenFile {
  std::uint64_t size = 0;
  std::uint32_t crc = 0;  // CRC32C of the whole file
};

class BlockFileWriter {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

  // Borrows `upload`; does not call its Finish.
  explicit BlockFileWriter(storage::Upload& upload) : upload_(upload) {}

  absl::Status Write(std::span<const std::byte> bytes);
  absl::Status Write(std::string_view bytes) {
    return Write(std::as_bytes(std::span(bytes.data(), bytes.size())));
  }
  // Zeros up to the next multiple of 64.
  absl::Status AlignTo64();
  // Where the next byte goes.
  std::uint64_t offset() const { return offset_; }

  absl::StatusOr<WrittenFile> Finish(std::string_view footer);

 private:
  absl::Status EmitBlock(std::span<const std::byte> block);
  absl::Status Emit(std::span<const std::byte> bytes);

  storage::Upload& upload_;
  std::string pending_;  // the block that is not full yet
  std::vector<std::uint32_t> block_crcs_;
  std::uint64_t offset_ = 0;
  WrittenFile written_;
};

enum class CheckBlocks {
  kWhenTouched,
  kAtOpen,
};

class BlockFile {
 public:
  // A buffer that does not start at a multiple of 64 is copied once.
  static absl::StatusOr<std::unique_ptr<BlockFile>> Open(
      base::Buffer buffer, std::string_view name,
      CheckBlocks check = CheckBlocks::kWhenTouched);

  const std::string& name() const { return name_; }
  std::uint64_t data_size() const { return data_size_; }
  // Checked at Open.
  std::string_view footer() const { return footer_; }

  // `size` bytes of the data from `offset` on, after checking their blocks.
  absl::StatusOr<std::span<const std::byte>> Range(std::uint64_t offset,
                                                   std::uint64_t size) const;

 private:
  BlockFile(base::Buffer buffer, std::string_view name);

  absl::Status ReadTrailer();
  absl::Status CheckBlock(std::uint64_t block) const;

  base::Buffer buffer_;
  std::string name_;
  std::uint64_t data_size_ = 0;
  std::uint64_t block_bytes_ = 0;
  std::string_view footer_;
  std::span<const std::byte> block_crcs_;  // unaligned uint32 numbers
  // Bit b of word b / 64: block b was found whole. Memory that is mapped is
  // taken not to change afterwards.
  mutable std::vector<std::atomic<std::uint64_t>> checked_;
};

}  // namespace elanus::segment
