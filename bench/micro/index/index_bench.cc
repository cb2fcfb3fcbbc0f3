// Measures an index of dense vectors on a measuring set: CPU seconds of the
// build, and for a sweep of search parameters queries per CPU second and
// recall@10.
//
//   index_bench FOLDER METRIC TYPE NAME=VALUE,...
//   index_bench ../shared/data/glove100 cosine HNSW M=16,efConstruction=200
//   index_bench ../shared/data/glove100 cosine SCANN nlist=1024,reorder_k=64
//   index_bench ../shared/data/text384 ip HNSW M=16,ef=64,pass=10/100,along=100
//
// Parameters go to the build and to the search by their wire names; those of a
// search take several values. nq=N asks N queries a call; pass=P lets only P
// rows of a thousand pass a filter, with FLAT's answer as the truth; along=P
// the P of a thousand that point most where the first row does, so that most
// queries lie where nothing passes. FOLDER holds base.f16.npy, query.f16.npy,
// gt_<metric>.ids.npy. One thread.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include "cpu_clock.h"
#include "index/testing/npy.h"
#include "index/vector/registry.h"
#include "simd/distance.h"

namespace elanus::index {
namespace {

constexpr std::size_t kTopK = 10;
constexpr double kSecondsAPoint = 0.4;

// The values of each search parameter.
using Choices = std::map<std::string, std::vector<std::string>>;

struct Arguments {
  ParamMap build;
  Choices search;
  std::size_t nq = 1;
  std::vector<std::uint32_t> pass = {1000};
  std::vector<std::uint32_t> along;
};

struct Bench {
  NpyArray<float> base;
  NpyArray<float> queries;
  NpyArray<std::int32_t> truth;
  std::unique_ptr<VectorIndex> index;
  std::size_t nq = 1;
};

// The rows of a measurement and the right answers among them.
struct Rows {
  types::BitsetView excluded;
  std::vector<std::uint32_t> truth;
};

std::vector<std::uint32_t> TruthOfAllRows(const Bench& bench) {
  std::vector<std::uint32_t> truth;
  for (std::size_t q = 0; q < bench.queries.rows; ++q) {
    for (std::size_t i = 0; i < kTopK; ++i) {
      truth.push_back(static_cast<std::uint32_t>(
          bench.truth.values[q * bench.truth.columns + i]));
    }
  }
  return truth;
}

absl::Status Measure(const Bench& bench, const ParamMap& params,
                     const Rows& only) {
  ASSIGN_OR_RETURN(const SearchParams search,
                   ParseSearchParams(bench.index->type(), params, kTopK));
  const std::size_t dim = bench.base.columns;
  std::vector<float> distances(kTopK * bench.nq);
  std::vector<std::uint32_t> rows(kTopK * bench.nq);
  std::size_t hits = 0;
  std::size_t searches = 0;
  double spent = 0;
  while (spent < kSecondsAPoint) {
    for (std::size_t q = 0; q + bench.nq <= bench.queries.rows; q += bench.nq) {
      const double begin = CpuSeconds();
      RETURN_IF_ERROR(bench.index->Search(
          base::OpContext(),
          {.queries =
               std::span(bench.queries.values).subspan(q * dim, bench.nq * dim),
           .nq = bench.nq,
           .k = kTopK,
           .params = search,
           .excluded = only.excluded},
          {.distances = distances, .rows = rows}));
      spent += CpuSeconds() - begin;
      searches += bench.nq;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto first = only.truth.begin() +
                           static_cast<std::ptrdiff_t>((q + i / kTopK) * kTopK);
        hits += std::count(first, first + kTopK, rows[i]) != 0 ? 1 : 0;
      }
    }
  }
  std::string label;
  for (const auto& [name, value] : params) label += name + "=" + value + " ";
  fmt::print("{:40} {:9.0f} q/s  recall {:.4f}\n", label,
             static_cast<double>(searches) / spent,
             static_cast<double>(hits) / static_cast<double>(searches * kTopK));
  return absl::OkStatus();
}

// Every choice of one value for each name.
absl::Status Sweep(const Bench& bench, const Choices& all, const Rows& only,
                   ParamMap chosen) {
  for (const auto& [name, values] : all) {
    if (chosen.contains(name)) continue;
    for (const std::string& value : values) {
      chosen[name] = value;
      RETURN_IF_ERROR(Sweep(bench, all, only, chosen));
    }
    return absl::OkStatus();
  }
  return Measure(bench, chosen, only);
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

// The share of rows that have the largest products with the first.
types::Bitset ExcludeAllAlong(const NpyArray<float>& base,
                              std::uint32_t per_mille) {
  std::vector<std::pair<float, std::size_t>> products;
  for (std::size_t row = 0; row < base.rows; ++row) {
    const float* const x = base.values.data() + row * base.columns;
    products.emplace_back(
        simd::Kernels().dot(base.values.data(), x, base.columns), row);
  }
  std::ranges::sort(products, std::greater<>());
  types::Bitset excluded(base.rows);
  for (std::size_t i = base.rows * per_mille / 1000; i < base.rows; ++i) {
    excluded.Set(products[i].second);
  }
  return excluded;
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
  return BuildIndex(base::OpContext(), spec, dataset, {});
}

absl::Status SweepUnderFilter(const Bench& bench, const VectorIndex& flat,
                              const Choices& choices,
                              const types::Bitset& excluded) {
  std::vector<float> distances(bench.queries.rows * kTopK);
  Rows only = {.excluded = excluded.view()};
  only.truth.resize(distances.size());
  RETURN_IF_ERROR(flat.Search(base::OpContext(),
                              {.queries = bench.queries.values,
                               .nq = bench.queries.rows,
                               .k = kTopK,
                               .excluded = only.excluded},
                              {.distances = distances, .rows = only.truth}));
  return Sweep(bench, choices, only, {});
}

std::vector<std::uint32_t> Shares(const std::vector<std::string>& values) {
  std::vector<std::uint32_t> shares;
  for (const std::string& value : values) {
    shares.push_back(static_cast<std::uint32_t>(
        std::strtoul(value.c_str(), nullptr, 10)));
  }
  return shares;
}

Arguments Parse(const std::string& type, const std::string& text) {
  static const std::set<std::string> kOfSearches = {
      "ef",          "nprobe",       "reorder_k", "refine_k", "rbq_query_bits",
      "search_list", "target_recall"};
  Arguments arguments;
  const std::vector<std::string> parts =
      absl::StrSplit(text, ',', absl::SkipEmpty());
  for (const std::string& part : parts) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    const std::vector<std::string> values = absl::StrSplit(pair.second, '/');
    if (pair.first == "nq") {
      arguments.nq = std::strtoul(pair.second.c_str(), nullptr, 10);
    } else if (pair.first == "pass") {
      arguments.pass = Shares(values);
    } else if (pair.first == "along") {
      arguments.along = Shares(values);
    } else if (kOfSearches.contains(pair.first)) {
      arguments.search[pair.first] = values;
    } else {
      arguments.build[pair.first] = pair.second;
    }
  }
  if (type == "AUTOINDEX") {
    arguments.search.try_emplace(
        "target_recall", std::vector<std::string>{"0.9", "0.95", "0.99"});
  } else if (arguments.search.contains("target_recall")) {
    // It says how far to search.
  } else if (type.starts_with("HNSW")) {
    arguments.search.try_emplace(
        "ef", std::vector<std::string>{"10", "16", "24", "32", "48", "64", "96",
                                       "128", "200", "400"});
  } else if (type.starts_with("IVF") || type == "SCANN") {
    arguments.search.try_emplace(
        "nprobe", std::vector<std::string>{"4", "8", "16", "32", "64", "128"});
  }
  return arguments;
}

absl::Status Run(const std::string& folder, const std::string& metric,
                 const std::string& type, const Arguments& arguments) {
  Bench bench{.nq = arguments.nq};
  ASSIGN_OR_RETURN(bench.base, ReadNpyHalf(folder + "/base.f16.npy"));
  ASSIGN_OR_RETURN(bench.queries, ReadNpyHalf(folder + "/query.f16.npy"));
  ASSIGN_OR_RETURN(bench.truth,
                   ReadNpyInt32(folder + "/gt_" + metric + ".ids.npy"));
  ASSIGN_OR_RETURN(const auto flat, Build(bench, "FLAT", metric, {}));
  const double begin = CpuSeconds();
  ASSIGN_OR_RETURN(bench.index, Build(bench, type, metric, arguments.build));
  fmt::print("{} is {}: build {:.2f} CPU s, {:.1f} bytes a row\n", type,
             NameOf(bench.index->type()), CpuSeconds() - begin,
             static_cast<double>(bench.index->memory_bytes()) /
                 static_cast<double>(bench.base.rows));
  for (const std::uint32_t pass : arguments.pass) {
    if (pass >= 1000) {
      RETURN_IF_ERROR(Sweep(bench, arguments.search,
                            {.truth = TruthOfAllRows(bench)}, {}));
      continue;
    }
    fmt::print("{} of 1000 rows pass\n", pass);
    RETURN_IF_ERROR(SweepUnderFilter(bench, *flat, arguments.search,
                                     ExcludeAllBut(bench.base.rows, pass)));
  }
  for (const std::uint32_t along : arguments.along) {
    fmt::print("{} of 1000 rows pass, all to one side\n", along);
    RETURN_IF_ERROR(SweepUnderFilter(bench, *flat, arguments.search,
                                     ExcludeAllAlong(bench.base, along)));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace elanus::index

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr,
               "usage: index_bench FOLDER METRIC TYPE [NAME=VALUE,...]\n");
    return 2;
  }
  const std::string type = argv[3];
  const absl::Status status =
      elanus::index::Run(argv[1], argv[2], type,
                         elanus::index::Parse(type, argc > 4 ? argv[4] : ""));
  if (!status.ok()) {
    fmt::print(stderr, "{}\n", elanus::base::MessageOf(status));
    return 1;
  }
  return 0;
}
