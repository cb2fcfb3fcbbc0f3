// Index files of all types: any bytes are refused, or safe to search.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "index/vector/registry.h"

namespace {

using namespace elanus;  // NOLINT: a program of one page

constexpr std::size_t kTopK = 5;

void CheckRows(const index::VectorIndex& found,
               const std::vector<index::Neighbor>& hits) {
  for (const index::Neighbor& hit : hits) {
    if (hit.row >= found.size()) __builtin_trap();
  }
}

// In each way there is; that a search is refused is fine.
void Ask(const index::VectorIndex& found, const index::Queries& query) {
  const base::OpContext context;
  std::vector<float> distances(kTopK);
  std::vector<std::uint32_t> rows(kTopK);
  const absl::Status status = found.Search(
      context, {.queries = query, .k = kTopK, .params = {.ef = 10}},
      {.distances = distances, .rows = rows});
  for (const std::uint32_t row : rows) {
    if (status.ok() && row != index::kNoRow && row >= found.size()) {
      __builtin_trap();
    }
  }
  const auto range =
      found.RangeSearch(context, {.query = query, .limit = kTopK});
  if (range.ok()) CheckRows(found, *range);
  const auto iterator = found.Iterate({.query = query});
  if (!iterator.ok()) return;
  const auto batch = (*iterator)->Next(context, kTopK);
  if (batch.ok()) CheckRows(found, *batch);
}

void Search(const index::VectorIndex& found) {
  // The vectors bound the dimension; without rows nothing does.
  if (found.size() == 0 || found.dim() > 4096) return;
  if (found.type() == index::IndexType::kSparseInverted ||
      found.type() == index::IndexType::kSparseWand) {
    std::vector<types::SparseEntry> entries;
    for (std::uint32_t i = 0; i < 64; ++i) entries.push_back({i, 0.5F});
    const std::array<std::uint32_t, 2> offsets = {
        0,
        static_cast<std::uint32_t>(std::as_bytes(std::span(entries)).size())};
    Ask(found, index::Queries::Sparse({entries.data(), offsets}));
  } else if (found.type() == index::IndexType::kBinFlat ||
             found.type() == index::IndexType::kBinIvfFlat ||
             found.type() == index::IndexType::kMinHashLsh) {
    const std::vector<std::byte> bits(found.dim() / 8, std::byte{0x55});
    Ask(found, index::Queries::Bits(bits));
  } else {
    const std::vector<float> floats(found.dim(), 0.5F);
    Ask(found, floats);
  }
}

void Read(const std::string& bytes, bool verify) {
  std::vector<index::IndexFile> files;
  files.push_back({.name = "fuzzed", .bytes = base::Buffer::FromString(bytes)});
  const auto found = index::LoadIndex(std::move(files), {.verify = verify});
  if (found.ok()) Search(**found);
}

template <typename T>
T At(const std::string& bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

void Put(std::string& bytes, std::size_t offset, const void* value,
         std::size_t size) {
  std::memcpy(bytes.data() + offset, value, size);
}

std::uint32_t CrcOf(const std::string& bytes, std::size_t begin,
                    std::size_t end) {
  return base::Crc32c(
      std::as_bytes(std::span(bytes)).subspan(begin, end - begin));
}

// Gives the bytes the sizes and checksums that fit them: docs/formats/index.md.
bool MakeFrameRight(std::string& bytes) {
  constexpr std::size_t kHeader = 64, kFooter = 16, kBlock = 1 << 20;
  if (bytes.size() < kHeader + kFooter) return false;
  const std::uint64_t table_end =
      kHeader + std::uint64_t{32} * At<std::uint32_t>(bytes, 12);
  const auto blocks_end = At<std::uint64_t>(bytes, 32);
  const std::uint64_t crcs_end = bytes.size() - kFooter;
  if (table_end > crcs_end || blocks_end > crcs_end ||
      (blocks_end + kBlock - 1) / kBlock * 4 > crcs_end - blocks_end) {
    return false;
  }
  const std::uint64_t size = bytes.size();
  Put(bytes, 24, &size, sizeof(size));
  std::memset(bytes.data() + 44, 0, 4);
  const std::uint32_t header = CrcOf(bytes, 0, table_end);
  Put(bytes, 44, &header, sizeof(header));
  for (std::uint64_t block = 0; block * kBlock < blocks_end; ++block) {
    const std::uint32_t crc =
        CrcOf(bytes, block * kBlock,
              std::min<std::uint64_t>((block + 1) * kBlock, blocks_end));
    Put(bytes, blocks_end + 4 * block, &crc, sizeof(crc));
  }
  const std::uint32_t crcs = CrcOf(bytes, blocks_end, crcs_end);
  Put(bytes, crcs_end, &crcs, sizeof(crcs));
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::string input(reinterpret_cast<const char*>(data), size);
  Read(input, true);
  if (!MakeFrameRight(input)) return 0;
  Read(input, true);
  Read(input, false);
  return 0;
}
