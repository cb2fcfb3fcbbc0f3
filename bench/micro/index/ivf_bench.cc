// Measures an index of the IVF family on a measuring set: CPU seconds of the
// build, and for a sweep of nprobe queries per CPU second and recall@10.
//
//   ivf_bench FOLDER METRIC TYPE nlist=1024,nprobe=8/16/32,reorder_k=100
//   ivf_bench ../shared/data/glove100 cosine SCANN nlist=1024,reorder_k=64/128
//
// Parameters go to the build and to the search by their wire names; nprobe and
// a search parameter with several values are swept. FOLDER holds base.f16.npy,
// query.f16.npy, gt_<metric>.ids.npy. One thread; nq=N asks N at a time.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
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

std::vector<std::string> Split(const std::string& text, char by) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == by) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

struct Bench {
  NpyArray<float> base;
  NpyArray<float> queries;
  NpyArray<std::int32_t> truth;
  std::unique_ptr<VectorIndex> index;
  std::size_t nq = 1;
};

absl::Status Measure(const Bench& bench, const ParamMap& params) {
  ASSIGN_OR_RETURN(const SearchParams search,
                   ParseSearchParams(bench.index->type(), params, kTopK));
  const std::size_t dim = bench.base.columns;
  std::vector<float> distances(kTopK * bench.nq);
  std::vector<std::uint32_t> rows(kTopK * bench.nq);
  std::size_t hits = 0;
  std::size_t searches = 0;
  double spent = 0;
  while (spent < 0.4) {
    for (std::size_t q = 0; q + bench.nq <= bench.queries.rows; q += bench.nq) {
      const double begin = CpuSeconds();
      RETURN_IF_ERROR(bench.index->Search(
          base::OpContext(),
          {.queries =
               std::span(bench.queries.values).subspan(q * dim, bench.nq * dim),
           .nq = bench.nq,
           .k = kTopK,
           .params = search},
          {.distances = distances, .rows = rows}));
      spent += CpuSeconds() - begin;
      searches += bench.nq;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto first =
            bench.truth.values.begin() +
            static_cast<long>((q + i / kTopK) * bench.truth.columns);
        hits += std::count(first, first + kTopK,
                           static_cast<std::int32_t>(rows[i])) != 0
                    ? 1
                    : 0;
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
absl::Status Sweep(const Bench& bench,
                   const std::map<std::string, std::vector<std::string>>& all,
                   ParamMap chosen) {
  for (const auto& [name, values] : all) {
    if (chosen.contains(name)) continue;
    for (const std::string& value : values) {
      chosen[name] = value;
      RETURN_IF_ERROR(Sweep(bench, all, chosen));
    }
    return absl::OkStatus();
  }
  return Measure(bench, chosen);
}

absl::Status Run(const std::string& folder, const std::string& metric,
                 const std::string& type, const std::string& params) {
  Bench bench;
  ASSIGN_OR_RETURN(bench.base, ReadNpyHalf(folder + "/base.f16.npy"));
  ASSIGN_OR_RETURN(bench.queries, ReadNpyHalf(folder + "/query.f16.npy"));
  ASSIGN_OR_RETURN(bench.truth,
                   ReadNpyInt32(folder + "/gt_" + metric + ".ids.npy"));
  ParamMap build;
  std::map<std::string, std::vector<std::string>> search;
  for (const std::string& part : Split(params, ',')) {
    const std::size_t at = part.find('=');
    if (at == std::string::npos) continue;
    const std::string name = part.substr(0, at);
    const std::string value = part.substr(at + 1);
    const bool is_search = name == "nprobe" || name == "reorder_k" ||
                           name == "refine_k" || name == "rbq_query_bits";
    if (name == "nq") {
      bench.nq = std::strtoul(value.c_str(), nullptr, 10);
    } else if (is_search) {
      search[name] = Split(value, '/');
    } else {
      build[name] = value;
    }
  }
  if (!search.contains("nprobe")) {
    search["nprobe"] = {"4", "8", "16", "32", "64", "128"};
  }
  const VectorBlock block = {.data = bench.base.values.data(),
                             .rows = bench.base.rows};
  const VectorDataset dataset = {.blocks = std::span(&block, 1),
                                 .dim = bench.base.columns};
  ASSIGN_OR_RETURN(const IndexSpec spec, ParseIndexSpec({.type_name = type,
                                                         .metric_name = metric,
                                                         .dim = dataset.dim,
                                                         .params = build}));
  const double begin = CpuSeconds();
  ASSIGN_OR_RETURN(bench.index,
                   BuildIndex(base::OpContext(), spec, dataset, {}));
  fmt::print("{} {} build {:.2f} CPU s, {:.1f} bytes a row\n", type, params,
             CpuSeconds() - begin,
             static_cast<double>(bench.index->memory_bytes()) /
                 static_cast<double>(bench.base.rows));
  return Sweep(bench, search, {});
}

}  // namespace
}  // namespace elanus::index

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr,
               "usage: ivf_bench FOLDER METRIC TYPE [NAME=VALUE,...]\n");
    return 2;
  }
  const absl::Status status =
      elanus::index::Run(argv[1], argv[2], argv[3], argc > 4 ? argv[4] : "");
  if (!status.ok()) {
    fmt::print(stderr, "{}\n", elanus::base::MessageOf(status));
    return 1;
  }
  return 0;
}
