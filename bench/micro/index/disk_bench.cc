// Measures DISKANN as it is used: built, written to a file, opened mapped.
//
//   disk_bench FOLDER METRIC FILE [NAME=VALUE,...] [cold|bare]
//   disk_bench ../shared/data/glove100 cosine /var/tmp/d search_list=20/40/80
//
// Parameters go to the build and to the search by their wire names;
// search_list and beamwidth are swept. An existing FILE is opened, not built.
// FOLDER holds base.f16.npy, query.f16.npy, gt_<metric>.ids.npy. Of each
// setting: queries per second of CPU and of the clock, recall@10, and a query's
// reads: blocks not among those kept, and how many of them came from the disk.
// `cold`: before each setting the file's pages are given back to the kernel;
// `bare`: before each query, so that what another query read is no help, as if
// the file was read past the page cache. One thread, one query a call.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/executor.h"
#include "cpu_clock.h"
#include "index/testing/npy.h"
#include "index/vector/diskann/disk_index.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

constexpr std::size_t kTopK = 10;

double WallSeconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
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

// The number behind `name` in a file of /proc; 0 if there is none.
double NumberIn(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    double value = 0;
    if (word == name && file >> value) return value;
  }
  return 0;
}

double BlocksFetched() {
  return NumberIn("/proc/self/io", "read_bytes:") / 4096;
}

double AnonymousMib() {
  return NumberIn("/proc/self/status", "RssAnon:") / 1024;
}

// A file of this process's own, mapped.
struct Mapped {
  int fd = -1;
  base::Buffer bytes;

  void Forget() const {
    madvise(const_cast<std::byte*>(bytes.bytes().data()), bytes.size(),
            MADV_DONTNEED);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  }
};

absl::StatusOr<Mapped> Map(const std::string& path) {
  Mapped mapped{.fd = open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  const off_t size = mapped.fd < 0 ? 0 : lseek(mapped.fd, 0, SEEK_END);
  void* const memory = size <= 0 ? MAP_FAILED
                                 : mmap(nullptr, static_cast<std::size_t>(size),
                                        PROT_READ, MAP_SHARED, mapped.fd, 0);
  if (memory == MAP_FAILED) return base::DataLoss("{}: not to be read", path);
  mapped.bytes = base::Buffer(
      std::shared_ptr<const void>(memory, [](const void*) {}),
      {static_cast<const std::byte*>(memory), static_cast<std::size_t>(size)});
  return mapped;
}

absl::Status BuildFile(const std::string& folder, const std::string& metric,
                       const ParamMap& params, const std::string& path) {
  ASSIGN_OR_RETURN(const NpyArray<float> base,
                   ReadNpyHalf(folder + "/base.f16.npy"));
  const VectorBlock block = {.data = base.values.data(), .rows = base.rows};
  ASSIGN_OR_RETURN(const IndexSpec spec, ParseIndexSpec({.type_name = "DISKANN",
                                                         .metric_name = metric,
                                                         .dim = base.columns,
                                                         .params = params}));
  const std::size_t threads =
      std::max<std::size_t>(1, std::thread::hardware_concurrency());
  base::ThreadPool pool({.name = "build", .threads = threads});
  const double cpu = CpuSeconds();
  const double clock = WallSeconds();
  ASSIGN_OR_RETURN(
      const auto index,
      BuildIndex(base::OpContext(), spec,
                 {.blocks = std::span(&block, 1), .dim = base.columns},
                 {.executor = &pool, .max_threads = threads}));
  fmt::print("{} rows of {}: built in {:.1f} CPU s, {:.1f} s\n", base.rows,
             base.columns, CpuSeconds() - cpu, WallSeconds() - clock);
  ASSIGN_OR_RETURN(const std::vector<IndexFile> files, index->Save());
  std::ofstream(path, std::ios::binary) << files[0].bytes.view();
  pool.Stop();
  return absl::OkStatus();
}

enum class Cache { kWarm, kCold, kBare };

struct Bench {
  NpyArray<float> queries;
  NpyArray<std::int32_t> truth;
  Mapped file;
  std::unique_ptr<VectorIndex> index;
  Cache cache = Cache::kWarm;
};

struct Totals {
  std::size_t searches = 0;
  std::size_t hits = 0;
  double cpu_s = 0;
  double clock_s = 0;
};

absl::Status SearchAll(const Bench& bench, const SearchParams& search,
                       Totals& totals) {
  const std::size_t dim = bench.queries.columns;
  std::vector<float> distances(kTopK);
  std::vector<std::uint32_t> rows(kTopK);
  for (std::size_t q = 0; q < bench.queries.rows; ++q) {
    if (bench.cache == Cache::kBare) bench.file.Forget();
    const double cpu = CpuSeconds();
    const double clock = WallSeconds();
    RETURN_IF_ERROR(bench.index->Search(
        base::OpContext(),
        {.queries = std::span(bench.queries.values).subspan(q * dim, dim),
         .nq = 1,
         .k = kTopK,
         .params = search},
        {.distances = distances, .rows = rows}));
    totals.clock_s += WallSeconds() - clock;
    totals.cpu_s += CpuSeconds() - cpu;
    ++totals.searches;
    const auto first =
        bench.truth.values.begin() + static_cast<long>(q * bench.truth.columns);
    for (const std::uint32_t row : rows) {
      const auto id = static_cast<std::int32_t>(row);
      if (std::count(first, first + kTopK, id) != 0) ++totals.hits;
    }
  }
  return absl::OkStatus();
}

absl::Status Measure(const Bench& bench, const ParamMap& params) {
  ASSIGN_OR_RETURN(const SearchParams search,
                   ParseSearchParams(bench.index->type(), params, kTopK));
  const auto& disk = static_cast<const DiskAnnIndex&>(*bench.index);
  if (bench.cache == Cache::kCold) bench.file.Forget();
  const std::uint64_t reads = disk.reads();
  const double fetched = BlocksFetched();
  Totals totals;
  do {
    RETURN_IF_ERROR(SearchAll(bench, search, totals));
  } while (bench.cache == Cache::kWarm && totals.clock_s < 0.5);
  const auto done = static_cast<double>(totals.searches);
  std::string label;
  for (const auto& [name, value] : params) label += name + "=" + value + " ";
  fmt::print(
      "{:32} {:8.0f} q/CPU s {:8.0f} q/s  recall {:.4f}  reads {:.1f}  "
      "from disk {:.1f}\n",
      label, done / totals.cpu_s, done / totals.clock_s,
      static_cast<double>(totals.hits) / (done * kTopK),
      static_cast<double>(disk.reads() - reads) / done,
      (BlocksFetched() - fetched) / done);
  return absl::OkStatus();
}

absl::Status Run(const std::string& folder, const std::string& metric,
                 const std::string& path, const std::string& params,
                 Cache cache) {
  ParamMap build;
  std::vector<std::string> lists = {"10", "16", "24", "32", "48", "64", "96"};
  std::vector<std::string> beams = {"1", "4"};
  for (const std::string& part : Split(params, ',')) {
    const std::size_t at = part.find('=');
    if (at == std::string::npos) continue;
    const std::string name = part.substr(0, at);
    const std::string value = part.substr(at + 1);
    if (name == "search_list") {
      lists = Split(value, '/');
    } else if (name == "beamwidth") {
      beams = Split(value, '/');
    } else {
      build[name] = value;
    }
  }
  Bench bench{.cache = cache};
  ASSIGN_OR_RETURN(bench.queries, ReadNpyHalf(folder + "/query.f16.npy"));
  ASSIGN_OR_RETURN(bench.truth,
                   ReadNpyInt32(folder + "/gt_" + metric + ".ids.npy"));
  if (access(path.c_str(), R_OK) != 0) {
    RETURN_IF_ERROR(BuildFile(folder, metric, build, path));
  }
  const double before_mib = AnonymousMib();
  ASSIGN_OR_RETURN(bench.file, Map(path));
  ASSIGN_OR_RETURN(bench.index, LoadIndex({{"diskann", bench.file.bytes}},
                                          {.verify = false}));
  const auto rows = static_cast<double>(bench.index->size());
  const auto resident = static_cast<double>(
      static_cast<const DiskAnnIndex&>(*bench.index).resident_bytes());
  fmt::print(
      "in memory {:.1f} bytes a row, {:.3f} of the raw {}; on disk {:.1f}\n",
      resident / rows,
      resident / rows / static_cast<double>(bench.index->dim() * sizeof(float)),
      bench.index->dim() * sizeof(float),
      static_cast<double>(bench.file.bytes.size()) / rows);
  for (const std::string& beam : beams) {
    for (const std::string& list : lists) {
      RETURN_IF_ERROR(
          Measure(bench, {{"search_list", list}, {"beamwidth", beam}}));
    }
  }
  fmt::print("anonymous memory, grown since before it was opened: {:.1f} MiB\n",
             AnonymousMib() - before_mib);
  return absl::OkStatus();
}

}  // namespace
}  // namespace elanus::index

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(
        stderr,
        "usage: disk_bench FOLDER METRIC FILE [NAME=VALUE,...] [cold|bare]\n");
    return 2;
  }
  using elanus::index::Cache;
  const std::string last = argc > 5 ? argv[5] : "";
  const Cache cache = last == "cold"   ? Cache::kCold
                      : last == "bare" ? Cache::kBare
                                       : Cache::kWarm;
  const absl::Status status = elanus::index::Run(
      argv[1], argv[2], argv[3], argc > 4 ? argv[4] : "", cache);
  if (!status.ok()) {
    fmt::print(stderr, "{}\n", elanus::base::MessageOf(status));
    return 1;
  }
  return 0;
}
