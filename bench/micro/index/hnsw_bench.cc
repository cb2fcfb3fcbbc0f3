// Measures HNSW on a measuring set: CPU seconds of the build, and for several
// ef queries per CPU second and recall@10, plain and under filters.
//
//   hnsw_bench FOLDER METRIC M EF_CONSTRUCTION [FILTERS]
//   hnsw_bench ../shared/data/text384 cosine 16 200 filters
//
// FOLDER holds base.f16.npy, query.f16.npy, gt_<metric>.ids.npy. One thread,
// one query a call, every point at least half a second.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "index/testing/npy.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

constexpr std::size_t kTopK = 10;

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) +
         1e-9 * static_cast<double>(time.tv_nsec);
}

struct Bench {
  NpyArray<float> base;
  NpyArray<float> queries;
  NpyArray<std::int32_t> truth;
  std::unique_ptr<VectorIndex> index;
  std::unique_ptr<VectorIndex> flat;
};

struct Point {
  double queries_per_second = 0;
  double recall = 0;
};

absl::StatusOr<Point> Measure(const VectorIndex& index, const Bench& bench,
                              std::size_t ef, types::BitsetView excluded,
                              const std::vector<std::uint32_t>& truth) {
  const base::OpContext ctx;
  const std::size_t dim = bench.base.columns;
  std::vector<float> distances(kTopK);
  std::vector<std::uint32_t> rows(kTopK);
  std::size_t hits = 0;
  std::size_t searches = 0;
  std::size_t rounds = 0;
  double spent = 0;
  for (; spent < 0.5; ++rounds) {
    for (std::size_t q = 0; q < bench.queries.rows; ++q, ++searches) {
      const double begin = CpuSeconds();
      RETURN_IF_ERROR(index.Search(
          ctx,
          {.queries = std::span(bench.queries.values).subspan(q * dim, dim),
           .nq = 1,
           .k = kTopK,
           .params = {.ef = ef},
           .excluded = excluded},
          {.distances = distances, .rows = rows}));
      spent += CpuSeconds() - begin;
      for (const std::uint32_t row : rows) {
        const auto first = truth.begin() + static_cast<long>(q * kTopK);
        hits += std::count(first, first + kTopK, row) != 0 ? 1 : 0;
      }
    }
  }
  return Point{.queries_per_second = static_cast<double>(searches) / spent,
               .recall = static_cast<double>(hits) /
                         static_cast<double>(searches * kTopK)};
}

// The share of rows that pass, by the measuring sets' own rule.
types::Bitset ExcludeAllBut(std::size_t rows, std::uint32_t per_mille) {
  types::Bitset excluded(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto hash = static_cast<std::uint32_t>(row * 2654435761U);
    if (hash % 1000 >= per_mille) excluded.Set(row);
  }
  return excluded;
}

absl::StatusOr<std::vector<std::uint32_t>> ExactRows(
    const Bench& bench, types::BitsetView excluded) {
  const base::OpContext ctx;
  std::vector<float> distances(bench.queries.rows * kTopK);
  std::vector<std::uint32_t> rows(distances.size());
  RETURN_IF_ERROR(bench.flat->Search(ctx,
                                     {.queries = bench.queries.values,
                                      .nq = bench.queries.rows,
                                      .k = kTopK,
                                      .excluded = excluded},
                                     {.distances = distances, .rows = rows}));
  return rows;
}

absl::Status Filters(const Bench& bench) {
  for (const std::uint32_t per_mille : {10, 50, 100, 200, 500, 800, 900, 990}) {
    const types::Bitset excluded = ExcludeAllBut(bench.base.rows, per_mille);
    ASSIGN_OR_RETURN(const auto truth, ExactRows(bench, excluded.view()));
    for (const std::size_t ef : {32, 64, 128}) {
      ASSIGN_OR_RETURN(const Point point, Measure(*bench.index, bench, ef,
                                                  excluded.view(), truth));
      fmt::print("pass {:5.1f} %  ef {:4}  {:9.0f} q/s  recall {:.4f}\n",
                 per_mille / 10.0, ef, point.queries_per_second, point.recall);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<VectorIndex>> Build(const Bench& bench,
                                                   const std::string& type,
                                                   const std::string& metric,
                                                   const ParamMap& params) {
  const VectorBlock block = {.data = bench.base.values.data(),
                             .rows = bench.base.rows};
  const VectorDataset dataset = {.blocks = std::span(&block, 1),
                                 .dim = bench.base.columns};
  ASSIGN_OR_RETURN(const IndexSpec spec, ParseIndexSpec({.type_name = type,
                                                         .metric_name = metric,
                                                         .dim = dataset.dim,
                                                         .params = params}));
  const double begin = CpuSeconds();
  ASSIGN_OR_RETURN(auto index,
                   BuildIndex(base::OpContext(), spec, dataset, {}));
  fmt::print("{} build {:.1f} CPU s, {} MB\n", type, CpuSeconds() - begin,
             index->memory_bytes() >> 20);
  return index;
}

absl::Status Run(const std::string& folder, const std::string& metric,
                 const ParamMap& params, bool with_filters) {
  Bench bench;
  ASSIGN_OR_RETURN(bench.base, ReadNpyHalf(folder + "/base.f16.npy"));
  ASSIGN_OR_RETURN(bench.queries, ReadNpyHalf(folder + "/query.f16.npy"));
  ASSIGN_OR_RETURN(bench.truth,
                   ReadNpyInt32(folder + "/gt_" + metric + ".ids.npy"));
  ASSIGN_OR_RETURN(bench.flat, Build(bench, "FLAT", metric, {}));
  ASSIGN_OR_RETURN(bench.index, Build(bench, "HNSW", metric, params));
  std::vector<std::uint32_t> truth;
  for (std::size_t q = 0; q < bench.queries.rows; ++q) {
    for (std::size_t i = 0; i < kTopK; ++i) {
      truth.push_back(static_cast<std::uint32_t>(
          bench.truth.values[q * bench.truth.columns + i]));
    }
  }
  for (const std::size_t ef :
       {10, 16, 24, 32, 48, 64, 80, 96, 128, 160, 200, 256, 400}) {
    ASSIGN_OR_RETURN(const Point point,
                     Measure(*bench.index, bench, ef, {}, truth));
    fmt::print("ef {:4}  {:9.0f} q/s  recall {:.4f}\n", ef,
               point.queries_per_second, point.recall);
  }
  ASSIGN_OR_RETURN(const Point exact,
                   Measure(*bench.flat, bench, 0, {}, truth));
  fmt::print("FLAT     {:9.0f} q/s  recall {:.4f}\n", exact.queries_per_second,
             exact.recall);
  return with_filters ? Filters(bench) : absl::OkStatus();
}

}  // namespace
}  // namespace elanus::index

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr,
               "usage: hnsw_bench FOLDER METRIC M EF_CONSTRUCTION [filters]\n");
    return 2;
  }
  const absl::Status status = elanus::index::Run(
      argv[1], argv[2], {{"M", argv[3]}, {"efConstruction", argv[4]}},
      argc > 5);
  if (!status.ok()) {
    fmt::print(stderr, "{}\n", elanus::base::MessageOf(status));
    return 1;
  }
  return 0;
}
