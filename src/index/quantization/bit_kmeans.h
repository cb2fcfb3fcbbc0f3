// k-means over rows of bits, whose centroids are rows of bits: each bit of a
// centroid is what most of its rows say (HAMMING), or the bits most often set
// in them are set, as many as make it likest to them (JACCARD).
//
//   ASSIGN_OR_RETURN(std::vector<std::uint8_t> centroids,
//                    BitKMeans(ctx, rows, n, width,
//                              {.clusters = 1024,
//                               .metric = types::MetricType::kHamming},
//                              {}));
//
// It starts from rows drawn at random and stops when a round gains little. A
// cluster that runs empty starts anew from the farthest row of the biggest. The
// same seed gives the same centroids, whatever the number of threads.
//
// Threads: pure function; may use the executor in the build options.
// Errors:  kCancelled and kDeadlineExceeded from the context.
// Source:  C. Grana et al., "A fast approach for integrating ORB descriptors in
//          the bag of words model", SPIE 8667, 2013 (k-majority);
//          F. Chierichetti et al., "Finding the Jaccard median", SODA 2010
//          (medians of the most frequent elements).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/vector_index.h"
#include "types/metric.h"

namespace elanus::index {

struct BitKMeansOptions {
  std::size_t clusters = 1;  // with fewer rows, several share a place
  std::size_t max_rounds = 10;
  types::MetricType metric = types::MetricType::kHamming;  // or JACCARD
  std::uint64_t seed = 1;
};

// `clusters` * `width` bytes. Without rows all are zero.
absl::StatusOr<std::vector<std::uint8_t>> BitKMeans(
    const base::OpContext& ctx, const std::uint8_t* rows, std::size_t count,
    std::size_t width, const BitKMeansOptions& options,
    const BuildOptions& build);

}  // namespace elanus::index
