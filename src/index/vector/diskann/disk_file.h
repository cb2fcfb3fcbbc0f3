// DISKANN in an index file (docs/formats/index.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"
#include "index/quantization/product_quantizer.h"
#include "index/vector/diskann/disk_codes.h"
#include "index/vector/diskann/disk_nodes.h"
#include "index/vector/index_file.h"

namespace elanus::index {

// The section kParams. A place is where a node stands in the file; rows with
// equal vectors share a node.
struct DiskHeader {
  std::uint32_t nodes = 0;
  std::uint32_t entry = 0;  // place
  std::uint32_t degree = 0;
  std::uint32_t list_size = 0;  // of the build
  std::uint32_t parts = 0;      // bytes of a code
  std::uint32_t cached_blocks = 0;
  float code_error = 0;  // mean square error of the codes
  PartFill part_fill = PartFill::kInTurn;
  std::uint64_t seed = 0;
};
static_assert(sizeof(DiskHeader) == 40);

struct DiskFile {
  DiskHeader header;
  ProductShape shape;
  NodeLayout layout;
  std::span<const float> codebook;
  std::span<const std::uint8_t> codes;
  std::span<const std::uint32_t> node_rows;   // row of each place
  std::span<const std::uint32_t> next_equal;  // by row; none if empty
  std::span<const std::byte> blocks;
};

// All sizes are checked. What the blocks say is checked when they are read.
// Errors: DATA_LOSS.
absl::StatusOr<DiskFile> DiskFileIn(const IndexFileReader& file);

}  // namespace elanus::index
