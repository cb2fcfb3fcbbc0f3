// HNSW in an index file: which sections there are, and the graph over them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/vector/hnsw/graph.h"
#include "index/vector/index_file.h"
#include "index/vector/registry.h"

namespace elanus::index {

// The section kParams.
struct HnswHeader {
  std::uint32_t m;
  std::uint32_t ef_construction;
  std::uint64_t seed;
  std::uint32_t entry;
  std::uint32_t max_level;
  std::uint32_t upper_lists;
  std::uint32_t reserved;
};
static_assert(sizeof(HnswHeader) == 32);

struct HnswShape {
  types::MetricType metric;
  std::size_t dim;
  HnswParams params;
  std::uint64_t seed;
  std::span<const std::uint8_t> levels;       // one a row
  std::span<const std::uint32_t> next_equal;  // one a row, or none
};

// A file with everything filled in but the vectors; all links are kNoRow.
IndexFileWriter MakeHnswFile(const HnswShape& shape);

// The graph in a file being written.
HnswGraph GraphIn(IndexFileWriter& file, const HnswShape& shape);

// The graph in a file that was read: every size, level and link is checked,
// so a walk never leaves it. Errors: DATA_LOSS.
absl::StatusOr<HnswGraph> GraphIn(const IndexFileReader& file);

absl::StatusOr<HnswParams> ParamsIn(const IndexFileReader& file);

}  // namespace elanus::index
