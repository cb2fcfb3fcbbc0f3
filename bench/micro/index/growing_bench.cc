// Measures the graph of growing rows (index/vector/interim) on a measuring set:
// CPU seconds that the rows take to go in, and for what a search may ask for
// queries per CPU second and recall@10 among the rows that are in.
//
//   growing_bench FOLDER METRIC ROWS
//   growing_bench ../shared/data/glove100 cosine 60000
//
// Rows go in by 128, as they do in a segment. FOLDER holds base.f16.npy and
// query.f16.npy. One thread.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cpu_clock.h"
#include "index/testing/npy.h"
#include "index/vector/brute_force.h"
#include "index/vector/interim/interim_graph.h"
#include "index/vector/metric_kernels.h"

namespace elanus::index {
namespace {

constexpr std::size_t kTopK = 10;
constexpr std::size_t kRowsAtOnce = 128;
constexpr std::size_t kQueries = 500;

struct Bench {
  types::MetricType metric;
  std::size_t dim = 0;
  std::vector<float> rows;
  std::vector<float> queries;
  std::vector<std::uint32_t> truth;
  std::unique_ptr<InterimGraph> graph;

  VectorBlock Block(std::size_t begin, std::size_t end) const {
    return {.data = rows.data() + begin * dim, .rows = end - begin};
  }
  std::size_t row_count() const { return rows.size() / dim; }
  std::size_t query_count() const { return queries.size() / dim; }
};

absl::Status Grow(Bench& bench) {
  for (std::size_t at = 0; at < bench.row_count(); at += kRowsAtOnce) {
    const std::size_t end = std::min(bench.row_count(), at + kRowsAtOnce);
    const VectorBlock added = bench.Block(at, end);
    if (bench.graph == nullptr || bench.graph->IsOutgrownBy({&added, 1})) {
      const VectorBlock all = bench.Block(0, end);
      ASSIGN_OR_RETURN(bench.graph, InterimGraph::Make(
                                        {}, bench.metric,
                                        {.blocks = {&all, 1}, .dim = bench.dim},
                                        bench.graph.get()));
    }
    RETURN_IF_ERROR(bench.graph->Add({}, added.floats(), added.rows));
    bench.graph->Publish();
  }
  return absl::OkStatus();
}

absl::Status FindTruth(Bench& bench) {
  const std::size_t nq = bench.query_count();
  const VectorBlock all = bench.Block(0, bench.row_count());
  std::vector<float> distances(nq * kTopK);
  bench.truth.resize(nq * kTopK);
  return BruteForceSearch({}, {.blocks = {&all, 1}, .dim = bench.dim},
                          bench.metric,
                          {.queries = bench.queries, .nq = nq, .k = kTopK},
                          {.distances = distances, .rows = bench.truth});
}

absl::Status Measure(const Bench& bench, const std::string& label,
                     const SearchParams& params) {
  const HnswGraph now = bench.graph->Snapshot();
  const std::size_t ef = bench.graph->EffortFor(params, kTopK).ef;
  std::size_t found = 0;
  std::vector<float> storage;
  const double begin = CpuSeconds();
  for (std::size_t q = 0; q < bench.query_count(); ++q) {
    const auto query =
        BindQueries(bench.metric,
                    std::span(bench.queries).subspan(q * bench.dim, bench.dim),
                    bench.dim, storage);
    ASSIGN_OR_RETURN(
        const std::vector<Neighbor> hits,
        bench.graph->Search(
            {}, now, ef,
            {.query = query.data(), .k = kTopK, .end = bench.row_count()}));
    const std::uint32_t* const truth = bench.truth.data() + q * kTopK;
    for (const Neighbor& hit : hits) {
      found += std::count(truth, truth + kTopK, hit.row) != 0 ? 1 : 0;
    }
  }
  const auto count = static_cast<double>(bench.query_count());
  fmt::print("{:20} ef {:4}  {:9.0f} q/s  recall {:.4f}\n", label, ef,
             count / (CpuSeconds() - begin),
             static_cast<double>(found) / (count * kTopK));
  return absl::OkStatus();
}

absl::Status Run(const std::string& folder, const std::string& metric,
                 std::size_t rows) {
  const auto parsed = types::MetricFromName(metric);
  if (!parsed.has_value()) return absl::InvalidArgumentError(metric);
  ASSIGN_OR_RETURN(auto base, ReadNpyHalf(folder + "/base.f16.npy"));
  ASSIGN_OR_RETURN(auto queries, ReadNpyHalf(folder + "/query.f16.npy"));
  Bench bench{.metric = *parsed, .dim = base.columns};
  base.values.resize(std::min(rows, base.rows) * bench.dim);
  queries.values.resize(std::min(kQueries, queries.rows) * bench.dim);
  bench.rows = std::move(base.values);
  bench.queries = std::move(queries.values);
  const double begin = CpuSeconds();
  RETURN_IF_ERROR(Grow(bench));
  fmt::print("{} rows in {:.2f} CPU s\n", bench.row_count(),
             CpuSeconds() - begin);
  RETURN_IF_ERROR(FindTruth(bench));
  for (const std::size_t ef : {32, 64, 128}) {
    RETURN_IF_ERROR(Measure(bench, fmt::format("ef {}", ef), {.ef = ef}));
  }
  for (const double recall : {0.9, 0.95, 0.99}) {
    RETURN_IF_ERROR(Measure(bench, fmt::format("target_recall {}", recall),
                            {.target_recall = recall}));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace elanus::index

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: growing_bench FOLDER METRIC ROWS\n", stderr);
    return 2;
  }
  const absl::Status status = elanus::index::Run(
      argv[1], argv[2], static_cast<std::size_t>(std::atoll(argv[3])));
  if (status.ok()) return 0;
  fmt::print(stderr, "{}\n", std::string(status.message()));
  return 1;
}
