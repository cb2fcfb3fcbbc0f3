// What an index finds, beside what the plain search finds.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "index/testing/random_vectors.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

inline std::vector<Neighbor> SearchOne(const VectorIndex& index,
                                       std::span<const float> query,
                                       std::size_t k,
                                       const SearchParams& params,
                                       types::BitsetView excluded = {}) {
  std::vector<float> distances(k);
  std::vector<std::uint32_t> rows(k);
  const absl::Status status =
      index.Search(base::OpContext(),
                   {.queries = query,
                    .nq = 1,
                    .k = k,
                    .params = params,
                    .excluded = excluded},
                   {.distances = distances, .rows = rows});
  EXPECT_TRUE(status.ok()) << status;
  std::vector<Neighbor> hits;
  for (std::size_t i = 0; i < k; ++i) hits.push_back({distances[i], rows[i]});
  return hits;
}

// The share of the true nearest ten of each query that `index` over `vectors`
// finds; rows as near as the tenth count alike.
inline double RecallOf(const VectorIndex& index, types::MetricType metric,
                       std::span<const float> vectors,
                       std::span<const float> queries, std::size_t dim,
                       const SearchParams& params,
                       types::BitsetView excluded = {}) {
  constexpr std::size_t kTopK = 10;
  constexpr float kTolerance = 1e-3F;
  double found = 0;
  double wanted = 0;
  for (std::size_t q = 0; q * dim < queries.size(); ++q) {
    const auto query = queries.subspan(q * dim, dim);
    const auto truth = PlainSearch(metric, vectors, query, excluded);
    const std::size_t k = std::min(kTopK, truth.size());
    wanted += static_cast<double>(k);
    for (const Neighbor& hit : SearchOne(index, query, k, params, excluded)) {
      if (hit.row == kNoRow) continue;
      const double distance = PlainDistance(
          metric, query.data(), vectors.data() + hit.row * dim, dim);
      if (distance <= truth[k - 1].distance + kTolerance) found += 1;
    }
  }
  return found / wanted;
}

}  // namespace elanus::index
