#include "index/vector/held_out.h"

#include <algorithm>
#include <random>

#include "index/vector/brute_force.h"
#include "index/vector/parallel.h"

namespace elanus::index {
namespace {

// Of so many rows one is held out.
constexpr std::size_t kRowsPerHeldOut = 100;
constexpr std::size_t kMaxHeldOut = 500;
// A thread searches so many held-out rows at a time.
constexpr std::size_t kQueriesAtATime = 64;

}  // namespace

std::vector<std::uint32_t> ChooseHeldOut(std::size_t rows,
                                         const types::Bitset& unfit,
                                         std::uint64_t seed) {
  if (rows < kMinMeasuredRows) return {};
  const std::size_t wanted = std::min(rows / kRowsPerHeldOut, kMaxHeldOut);
  std::mt19937_64 random(seed);
  types::Bitset chosen(rows);
  // So many draws at most: nearly all rows may be unfit.
  for (std::size_t i = 0; i < wanted; ++i) {
    const std::size_t row = random() % rows;
    if (!unfit.Test(row)) chosen.Set(row);
  }
  std::vector<std::uint32_t> held_out;
  chosen.ForEach([&held_out](std::size_t row) {
    held_out.push_back(static_cast<std::uint32_t>(row));
  });
  return held_out;
}

absl::StatusOr<Truth> FindNearest(const base::OpContext& ctx,
                                  const VectorDataset& dataset,
                                  types::MetricType metric,
                                  std::span<const float> queries,
                                  std::span<const std::uint32_t> held_out,
                                  std::size_t k, const BuildOptions& options) {
  types::Bitset excluded(dataset.rows());
  for (const std::uint32_t row : held_out) excluded.Set(row);
  const std::size_t nq = queries.size() / dataset.dim;
  Truth truth;
  truth.distances.resize(nq * k);
  truth.rows.resize(nq * k);
  Turns turns(0, nq, kQueriesAtATime);
  const auto search = [&](std::size_t) -> absl::Status {
    while (const auto turn = turns.Next()) {
      const std::size_t first = turn->begin;
      const std::size_t count = turn->count();
      RETURN_IF_ERROR(BruteForceSearch(
          ctx, dataset, metric,
          {.queries = queries.subspan(first * dataset.dim, count * dataset.dim),
           .nq = count,
           .k = k,
           .excluded = excluded.view()},
          {.distances =
               std::span(truth.distances).subspan(first * k, count * k),
           .rows = std::span(truth.rows).subspan(first * k, count * k)}));
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(WorkTogether(options.executor, options.max_threads, search));
  return truth;
}

}  // namespace elanus::index
