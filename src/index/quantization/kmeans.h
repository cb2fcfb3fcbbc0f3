// Lloyd's k-means: clusters points so that each is near its centroid.
//
//   ASSIGN_OR_RETURN(std::vector<float> centroids,
//                    KMeans(ctx, {points.data(), dim}, n, dim,
//                           {.clusters = 1024, .seed = 1}, {}));
//
// It starts from points drawn at random and stops when a round gains little.
// Where there are many clusters, all rounds but the first compare a point only
// with the centroids nearest that of its cluster, an eighth of them but at
// least 192.
// A cluster that runs empty takes half of the biggest one. The same seed gives
// the same centroids, whatever the number of threads: only the search for the
// nearest centroid is shared out.
//
// Threads: pure function; may use the executor in the build options.
// Errors:  kCancelled and kDeadlineExceeded from the context.
// Source:  S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Inform.
//          Theory 28(2), 1982; for unit vectors I. Dhillon and D. Modha,
//          "Concept decompositions for large sparse text data using
//          clustering", Machine Learning 42, 2001.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/vector_index.h"
#include "simd/distance.h"

namespace elanus::index {

struct KMeansOptions {
  std::size_t clusters = 1;  // with fewer points, several share a place
  std::size_t max_rounds = 10;
  bool is_spherical = false;  // centroids have length 1
  std::uint64_t seed = 1;
};

// `clusters` * dim values. Without points all are zero.
absl::StatusOr<std::vector<float>> KMeans(const base::OpContext& ctx,
                                          simd::RowTable points,
                                          std::size_t count, std::size_t dim,
                                          const KMeansOptions& options,
                                          const BuildOptions& build);

}  // namespace elanus::index
