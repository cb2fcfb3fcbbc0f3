// The nodes of a graph in blocks of 4 KiB, as they lie in the file
// (docs/formats/index.md): each with its vector and its links, so that one read
// gives all that a walk wants of it. A node larger than a block has several
// blocks of its own. Every block ends with its checksum.
//
//   RETURN_IF_ERROR(nodes.Read(block));  // then what is in it
//   nodes.VectorsOf(block);
//   ASSIGN_OR_RETURN(const auto links, nodes.LinksAt(place));
//
// The blocks stay in the mapped file: the file's pages are the buffer pool, so
// nothing is copied, any number of threads share them, and the kernel, who
// knows the machine's memory, decides what stays. The kernel is told not to
// read around (MADV_RANDOM), and of several blocks that a walk wants at once it
// is told beforehand (MADV_WILLNEED): it then starts all the reads and the walk
// waits for the first only. Fetch asks for a block by MADV_POPULATE_READ, which
// says that a disk failed where touching the page would end the process. The
// first blocks, which every walk passes, are copied to memory that is not the
// kernel's to take.
//
// Threads:   const methods from any thread.
// Ownership: borrows the file's bytes; keeps the copy of the first blocks.
// Errors:    DATA_LOSS naming the file and the block or node; kIoFailed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/buffer.h"
#include "base/status.h"
#include "index/vector/kernel_rows.h"
#include "simd/distance.h"

namespace elanus::index {

inline constexpr std::size_t kBlockSize = 4096;

// Where things lie; `degree` is the room for links.
struct NodeLayout {
  static constexpr std::size_t kSumBytes = 4;

  std::size_t dim = 0;
  std::size_t degree = 0;

  // The number of links, the vector, the links.
  std::size_t node_bytes() const { return 4 * (1 + dim + degree); }
  std::size_t per_block() const {
    return std::max<std::size_t>(1, (kBlockSize - kSumBytes) / node_bytes());
  }
  // A multiple of kBlockSize.
  std::size_t block_bytes() const {
    return (node_bytes() + kSumBytes + kBlockSize - 1) / kBlockSize *
           kBlockSize;
  }
  std::size_t blocks(std::size_t nodes) const {
    return (nodes + per_block() - 1) / per_block();
  }
  // Of the node at `place`, from the first block on.
  std::size_t offset(std::size_t place) const {
    return place / per_block() * block_bytes() +
           place % per_block() * node_bytes();
  }
};

// Puts the checksum of block number `number` behind what it holds.
void SealBlock(std::span<std::byte> block, std::size_t number);

class DiskNodes {
 public:
  // `blocks`: all of them; the first `cached_blocks` are copied.
  DiskNodes(std::string name, const NodeLayout& layout, std::size_t nodes,
            std::span<const std::byte> blocks, std::size_t cached_blocks);

  const NodeLayout& layout() const { return layout_; }
  std::size_t nodes() const { return nodes_; }
  std::size_t memory_bytes() const { return cache_.size(); }

  std::size_t BlockOf(std::size_t place) const {
    return place / layout_.per_block();
  }
  bool IsCached(std::size_t block) const { return block < cached_blocks_; }
  std::size_t FirstPlace(std::size_t block) const {
    return block * layout_.per_block();
  }
  // How many nodes a block has.
  std::size_t CountOf(std::size_t block) const;

  // Starts to read a block that will be asked for soon.
  void ReadAhead(std::size_t block) const;

  // Brings a block into memory and checks it, unless it is cached. Whoever
  // looks at its nodes has called this before, in the same search.
  absl::Status Read(std::size_t block) const;

  // Brings a block into memory that was read a while ago: the kernel may have
  // taken it back.
  absl::Status Fetch(std::size_t block) const;

  // Brings what is in memory of a node nearer to the processor.
  void Prefetch(std::size_t place) const {
    constexpr std::size_t kMost = 1024;
    index::Prefetch(NodeAt(place), std::min(layout_.node_bytes(), kMost));
  }

  // The vectors of a block's nodes: node i at data + i * stride.
  simd::RowTable VectorsOf(std::size_t block) const;
  absl::StatusOr<std::span<const std::uint32_t>> LinksAt(
      std::size_t place) const;

 private:
  std::span<const std::byte> BlockAt(std::size_t block) const {
    return {blocks_ + block * layout_.block_bytes(), layout_.block_bytes()};
  }
  const std::uint32_t* NodeAt(std::size_t place) const;
  absl::Status Damaged(std::size_t place, std::uint32_t value) const;

  const std::string name_;
  const NodeLayout layout_;
  const std::size_t nodes_;
  const std::byte* const blocks_;
  const std::size_t cached_blocks_;
  const base::Buffer cache_;
  bool is_mapped_ = false;
};

}  // namespace elanus::index
