// Measures one search over several segments, each with an index of its own:
// queries per CPU second and recall@10 with segments that tell those that
// follow how near hits have to be (SearchQuery::limits), and without.
//
//   segments_bench FOLDER METRIC TYPE BUILD_PARAMS ROWS/ROWS/... SEARCH_PARAM...
//   segments_bench ../shared/data/text384 cosine HNSW M=16 30000/10000 ef=32
//
// FOLDER holds base.f16.npy and query.f16.npy; segments take the rows as they
// come. One thread.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include "cpu_clock.h"
#include "index/testing/npy.h"
#include "index/vector/brute_force.h"
#include "index/vector/registry.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

constexpr std::size_t kTopK = 10;
constexpr int kRounds = 7;

struct Segment {
  std::uint32_t first = 0;  // its first row
  std::unique_ptr<VectorIndex> index;
};

struct Bench {
  types::MetricType metric;
  std::size_t dim = 0;
  std::vector<float> rows;
  std::vector<float> queries;
  std::vector<std::uint32_t> truth;
  std::vector<Segment> segments;

  std::size_t query_count() const { return queries.size() / dim; }
};

ParamMap ParamsOf(const std::string& text) {
  ParamMap params;
  for (const auto& pair : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    params.insert(std::pair<std::string, std::string>(
        absl::StrSplit(pair, absl::MaxSplits('=', 1))));
  }
  return params;
}

absl::Status Build(Bench& bench, const IndexSpec& spec,
                   const std::string& sizes) {
  std::uint32_t first = 0;
  for (const auto& size : absl::StrSplit(sizes, '/')) {
    std::uint32_t rows = 0;
    if (!absl::SimpleAtoi(size, &rows) ||
        (std::size_t{first} + rows) * bench.dim > bench.rows.size()) {
      return absl::InvalidArgumentError(fmt::format("{}: not so many", sizes));
    }
    const VectorBlock block = {.data = bench.rows.data() + first * bench.dim,
                               .rows = rows};
    ASSIGN_OR_RETURN(auto index,
                     BuildIndex({}, spec,
                                {.blocks = {&block, 1}, .dim = bench.dim}, {}));
    bench.segments.push_back({first, std::move(index)});
    first += rows;
  }
  bench.rows.resize(first * bench.dim);
  const VectorBlock all = {.data = bench.rows.data(), .rows = first};
  const std::size_t nq = bench.query_count();
  std::vector<float> distances(nq * kTopK);
  bench.truth.resize(nq * kTopK);
  return BruteForceSearch({}, {.blocks = {&all, 1}, .dim = bench.dim},
                          bench.metric,
                          {.queries = bench.queries, .nq = nq, .k = kTopK},
                          {.distances = distances, .rows = bench.truth});
}

// How many of the nearest were found.
absl::StatusOr<std::size_t> SearchOne(const Bench& bench,
                                      const SearchParams& params, std::size_t q,
                                      bool is_limited) {
  TopK best(kTopK);
  float distances[kTopK];
  std::uint32_t rows[kTopK];
  for (const Segment& segment : bench.segments) {
    const float limit = best.bound();
    SearchQuery query = {
        .queries = std::span(bench.queries).subspan(q * bench.dim, bench.dim),
        .nq = 1,
        .k = kTopK,
        .params = params};
    if (is_limited) query.limits = {&limit, 1};
    RETURN_IF_ERROR(segment.index->Search(
        {}, query, {.distances = distances, .rows = rows}));
    for (std::size_t i = 0; i < kTopK && rows[i] != kNoRow; ++i) {
      best.Offer({distances[i], segment.first + rows[i]});
    }
  }
  const auto truth = std::span(bench.truth).subspan(q * kTopK, kTopK);
  const std::vector<Neighbor> hits = best.TakeSorted();
  return std::ranges::count_if(hits, [truth](const Neighbor& hit) {
    return std::ranges::count(truth, hit.row) != 0;
  });
}

absl::Status Measure(const Bench& bench, const IndexSpec& spec,
                     const std::string& text) {
  ASSIGN_OR_RETURN(const SearchParams params,
                   ParseSearchParams(spec.type, ParamsOf(text), kTopK));
  for (const bool is_limited : {false, true}) {
    double least = 0;
    std::size_t found = 0;
    for (int round = 0; round < kRounds; ++round) {
      found = 0;
      const double begin = CpuSeconds();
      for (std::size_t q = 0; q < bench.query_count(); ++q) {
        ASSIGN_OR_RETURN(const std::size_t right,
                         SearchOne(bench, params, q, is_limited));
        found += right;
      }
      const double took = CpuSeconds() - begin;
      least = round == 0 ? took : std::min(least, took);
    }
    const auto count = static_cast<double>(bench.query_count());
    fmt::print("{:20} {:8} {:9.0f} q/s  recall {:.4f}\n", text,
               is_limited ? "limited" : "alone", count / least,
               static_cast<double>(found) / (count * kTopK));
  }
  return absl::OkStatus();
}

absl::Status Run(std::span<const std::string> args) {
  const auto metric = types::MetricFromName(args[1]);
  if (!metric.has_value()) return absl::InvalidArgumentError(args[1]);
  ASSIGN_OR_RETURN(auto base, ReadNpyHalf(args[0] + "/base.f16.npy"));
  ASSIGN_OR_RETURN(auto queries, ReadNpyHalf(args[0] + "/query.f16.npy"));
  ASSIGN_OR_RETURN(const IndexSpec spec,
                   ParseIndexSpec({.type_name = args[2],
                                   .metric_name = args[1],
                                   .dim = base.columns,
                                   .params = ParamsOf(args[3])}));
  Bench bench{.metric = *metric,
              .dim = base.columns,
              .rows = std::move(base.values),
              .queries = std::move(queries.values)};
  RETURN_IF_ERROR(Build(bench, spec, args[4]));
  for (const std::string& search : args.subspan(5)) {
    RETURN_IF_ERROR(Measure(bench, spec, search));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace elanus::index

int main(int argc, char** argv) {
  if (argc < 7) {
    std::fputs(
        "usage: segments_bench FOLDER METRIC TYPE BUILD_PARAMS ROWS/ROWS/... "
        "SEARCH_PARAMS...\n",
        stderr);
    return 2;
  }
  const std::vector<std::string> args(argv + 1, argv + argc);
  const absl::Status status = elanus::index::Run(args);
  if (status.ok()) return 0;
  std::fputs((std::string(status.message()) + "\n").c_str(), stderr);
  return 1;
}
