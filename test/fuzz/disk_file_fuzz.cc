// Files of DISKANN: any bytes are refused, or can be searched without leaving
// the file, even where no checksum is looked at and those of the blocks are
// right: links are checked when a search reads them, which then fails.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/op_context.h"
#include "index/vector/diskann/disk_file.h"
#include "index/vector/registry.h"

namespace {

using namespace elanus;  // NOLINT: a program of one page

bool IsOkOrDamage(const absl::Status& status) {
  return status.ok() || base::CodeOf(status) == base::ErrorCode::kDataIntegrity;
}

void Ask(const index::VectorIndex& index) {
  // A damaged header may ask for more than a fuzzer should wait for.
  if (index.dim() > 64 || index.size() > 4096) return;
  const std::vector<float> query(index.dim(), 0.5F);
  std::vector<float> distances(8);
  std::vector<std::uint32_t> rows(8);
  const base::OpContext ctx;
  const absl::Status status =
      index.Search(ctx, {.queries = query, .nq = 1, .k = 8},
                   {.distances = distances, .rows = rows});
  if (!IsOkOrDamage(status)) __builtin_trap();
  for (const std::uint32_t row : rows) {
    if (row != index::kNoRow && row >= index.size()) __builtin_trap();
  }
  const auto range = index.RangeSearch(ctx, {.query = query, .below = 1});
  if (!IsOkOrDamage(range.status())) __builtin_trap();
  const auto iterator = index.Iterate({.query = query});
  if (!iterator.ok() || !IsOkOrDamage((*iterator)->Next(ctx, 8).status())) {
    __builtin_trap();
  }
}

// Makes the checksums of the blocks right, if there are any.
std::string Sealed(std::string bytes) {
  const auto reader = index::IndexFileReader::Open(
      {"fuzzed", base::Buffer::FromString(bytes)}, /*verify=*/false);
  if (!reader.ok() || reader->info().type != index::IndexType::kDiskAnn) {
    return bytes;
  }
  const auto disk = index::DiskFileIn(*reader);
  if (!disk.ok()) return bytes;
  const std::size_t size = disk->layout.block_bytes();
  const auto first = static_cast<std::size_t>(disk->blocks.data() -
                                              reader->bytes().bytes().data());
  const auto all = std::as_writable_bytes(std::span(bytes));
  for (std::size_t i = 0; i * size < disk->blocks.size(); ++i) {
    index::SealBlock(all.subspan(first + i * size, size), i);
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  for (const bool verify : {true, false}) {
    std::string bytes(reinterpret_cast<const char*>(data), size);
    if (!verify) bytes = Sealed(std::move(bytes));
    std::vector<index::IndexFile> files;
    files.push_back({"fuzzed", base::Buffer::FromString(std::move(bytes))});
    const auto loaded = index::LoadIndex(std::move(files), {.verify = verify});
    if (loaded.ok()) Ask(**loaded);
  }
  return 0;
}
