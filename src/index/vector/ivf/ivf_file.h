// What the files of all IVF indexes have in common (docs/formats/index.md).
#pragma once

#include <cstdint>

#include "base/status.h"
#include "index/vector/index_file.h"

namespace elanus::index {

// The section kParams.
struct IvfHeader {
  std::uint32_t lists = 0;
  std::uint32_t m = 0;       // sub-vectors of a product quantiser
  std::uint32_t nbits = 0;   // bits of each one's code
  std::uint32_t refine = 0;  // RefineType: what ranks again
  std::uint64_t seed = 0;
};
static_assert(sizeof(IvfHeader) == 24);

// Whether BIN_IVF_FLAT has this metric: HAMMING or JACCARD. The others only say
// yes or no, which makes no row nearer to a centroid than another.
bool IsListedBits(types::MetricType metric);

absl::StatusOr<IvfHeader> IvfHeaderIn(const IndexFileReader& file);

}  // namespace elanus::index
