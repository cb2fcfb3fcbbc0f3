#include "index/vector/diskann/disk_nodes.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/crc32c.h"
#include "index/vector/huge_bytes.h"

namespace elanus::index {
namespace {

base::Buffer Copy(std::span<const std::byte> bytes) {
  HugeBytes copy(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.data(), bytes.data(), bytes.size());
  return std::move(copy).Freeze();
}

// Starts from the block's number: one that came from elsewhere is no match.
std::uint32_t SumOf(std::span<const std::byte> block, std::size_t number) {
  return base::Crc32c(block.first(block.size() - NodeLayout::kSumBytes),
                      static_cast<std::uint32_t>(number));
}

int Advise(std::span<const std::byte> bytes, int advice) {
  return madvise(const_cast<std::byte*>(bytes.data()), bytes.size(), advice);
}

}  // namespace

void SealBlock(std::span<std::byte> block, std::size_t number) {
  const std::uint32_t sum = SumOf(block, number);
  std::memcpy(block.data() + block.size() - sizeof(sum), &sum, sizeof(sum));
}

DiskNodes::DiskNodes(std::string name, const NodeLayout& layout,
                     std::size_t nodes, std::span<const std::byte> blocks,
                     std::size_t cached_blocks)
    : name_(std::move(name)),
      layout_(layout),
      nodes_(nodes),
      blocks_(blocks.data()),
      cached_blocks_(std::min(cached_blocks, layout.blocks(nodes))),
      cache_(Copy(blocks.first(cached_blocks_ * layout.block_bytes()))) {
  // Blocks lie at multiples of their size in the file: elsewhere in memory they
  // are a copy, which no advice makes faster.
  is_mapped_ = !blocks.empty() &&
               reinterpret_cast<std::uintptr_t>(blocks_) % kBlockSize == 0;
  if (is_mapped_) Advise(blocks, MADV_RANDOM);
}

std::size_t DiskNodes::CountOf(std::size_t block) const {
  return std::min(layout_.per_block(), nodes_ - FirstPlace(block));
}

void DiskNodes::ReadAhead(std::size_t block) const {
  if (!is_mapped_ || IsCached(block)) return;
  // Refused, it is read when it is asked for.
  Advise(BlockAt(block), MADV_WILLNEED);
}

absl::Status DiskNodes::Read(std::size_t block) const {
  if (IsCached(block)) return absl::OkStatus();
  RETURN_IF_ERROR(Fetch(block));
  const std::span<const std::byte> bytes = BlockAt(block);
  std::uint32_t sum;
  std::memcpy(&sum, bytes.data() + bytes.size() - sizeof(sum), sizeof(sum));
  if (sum != SumOf(bytes, block)) {
    return base::DataLoss("{}: block {} of nodes is damaged", name_, block);
  }
  return absl::OkStatus();
}

absl::Status DiskNodes::Fetch(std::size_t block) const {
  if (!is_mapped_ || IsCached(block)) return absl::OkStatus();
  // Kernels before 5.14 do not know it: they read when the block is touched.
  if (Advise(BlockAt(block), MADV_POPULATE_READ) == 0 || errno == EINVAL) {
    return absl::OkStatus();
  }
  return base::Error(base::ErrorCode::kIoFailed,
                     "{}: block {} of nodes cannot be read: {}", name_, block,
                     std::generic_category().message(errno));
}

const std::uint32_t* DiskNodes::NodeAt(std::size_t place) const {
  const std::byte* const from =
      IsCached(BlockOf(place)) ? cache_.bytes().data() : blocks_;
  return reinterpret_cast<const std::uint32_t*>(from + layout_.offset(place));
}

simd::RowTable DiskNodes::VectorsOf(std::size_t block) const {
  return {.data = reinterpret_cast<const float*>(NodeAt(FirstPlace(block)) + 1),
          .stride = layout_.node_bytes() / sizeof(float)};
}

absl::StatusOr<std::span<const std::uint32_t>> DiskNodes::LinksAt(
    std::size_t place) const {
  const std::uint32_t* const node = NodeAt(place);
  const std::uint32_t count = node[0];
  if (count > layout_.degree) return Damaged(place, count);
  const std::span<const std::uint32_t> links(node + 1 + layout_.dim, count);
  for (const std::uint32_t to : links) {
    if (to >= nodes_) return Damaged(place, to);
  }
  return links;
}

absl::Status DiskNodes::Damaged(std::size_t place, std::uint32_t value) const {
  return base::DataLoss("{}: node {} of {} is damaged ({})", name_, place,
                        nodes_, value);
}

}  // namespace elanus::index
