// The centroids of an IVF index, as a query scores them.
//
// Threads:   from any thread.
// Ownership: those of bits borrow the index file.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/status.h"
#include "index/quantization/bit_table.h"
#include "index/quantization/packed_table.h"
#include "index/vector/index_file.h"
#include "index/vector/ivf/query_row.h"

namespace elanus::index {

class Centroids {
 public:
  virtual ~Centroids() = default;

  // How many scores a query gets: one a list, rounded up; the rest counts for
  // nothing.
  virtual std::size_t width() const = 0;
  // Of `count` queries behind each other, the first of which is given:
  // out[q * width() + list], smaller where a list is nearer.
  virtual void Scores(QueryRow first, std::size_t count, float* out) const = 0;
  // What they hold besides the index file.
  virtual std::size_t memory_bytes() const = 0;
};

absl::StatusOr<std::unique_ptr<Centroids>> OpenCentroids(
    const IndexFileReader& file, std::size_t lists);

}  // namespace elanus::index
