// The model test's program: runs seeds, shrinks what fails, replays.
//
//   model_test                              what CI runs
//   model_test --seeds 1..10000 --ops 500 --jobs 16
//   model_test --seed 4711 --ops 500 --keep 3,17,40 --verbose
//   model_test --seeds 1..8 --twice         does a seed repeat itself?
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/log.h"
#include "model/run.h"

namespace elanus::model {
namespace {

// Leaves operations out while it still fails: halves first, then less.
std::vector<int> Shrink(const RunOptions& options, std::vector<int> keep,
                        int runs_max) {
  for (std::size_t part = keep.size() / 2; part > 0 && runs_max > 0;
       part = part == 1 && keep.size() > 1 ? 0 : part / 2) {
    for (std::size_t begin = 0; begin < keep.size() && runs_max > 0;) {
      RunOptions fewer = options;
      fewer.verbose = false;
      fewer.keep = keep;
      const auto first =
          fewer.keep.begin() + static_cast<std::ptrdiff_t>(begin);
      const std::size_t count = std::min(part, keep.size() - begin);
      fewer.keep.erase(first, first + static_cast<std::ptrdiff_t>(count));
      --runs_max;
      if (!fewer.keep.empty() && RunOperations(fewer).failure.has_value()) {
        keep = fewer.keep;
      } else {
        begin += count;
      }
    }
  }
  return keep;
}

struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t failed = 0;
  std::uint64_t reads = 0;
  std::uint64_t refused_reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t doubtful_writes = 0;
  std::uint64_t restarts = 0;
  std::uint64_t fingerprint = 0;
};

struct Manner {
  bool shrinks = true;
  bool twice = false;
};

void RunSeed(const RunOptions& options, const Manner& manner, Totals& totals) {
  const Run run = RunOperations(options);
  ++totals.runs;
  totals.reads += run.reads;
  totals.refused_reads += run.refused_reads;
  totals.writes += run.writes;
  totals.doubtful_writes += run.doubtful_writes;
  totals.restarts += run.restarts;
  totals.fingerprint += run.fingerprint;
  if (manner.twice && RunOperations(options).fingerprint != run.fingerprint) {
    ++totals.failed;
    fmt::print("FAILED --seed {} --ops {}: a second run goes another way\n",
               options.seed, options.operations);
  }
  if (!run.failure.has_value()) return;
  ++totals.failed;
  fmt::print("FAILED --seed {} --ops {}: {}\n", options.seed,
             options.operations, *run.failure);
  if (manner.shrinks && !run.done.empty()) {
    const std::vector<int> keep = Shrink(options, run.done, 400);
    RunOptions shrunk = options;
    shrunk.keep = keep;
    shrunk.verbose = false;
    fmt::print("  shrunk to --keep {}: {}\n", fmt::join(keep, ","),
               RunOperations(shrunk).failure.value_or("it fails no more"));
  }
  std::fflush(stdout);
}

// Each job takes every n-th seed, in a process of its own.
Totals RunSeeds(std::uint64_t first, std::uint64_t last, int operations,
                int job, int jobs, const Manner& manner) {
  Totals totals;
  for (std::uint64_t seed = first + static_cast<std::uint64_t>(job);
       seed <= last; seed += static_cast<std::uint64_t>(jobs)) {
    RunSeed({.seed = seed, .operations = operations}, manner, totals);
  }
  return totals;
}

Totals RunJobs(std::uint64_t first, std::uint64_t last, int operations,
               int jobs, const Manner& manner) {
  if (jobs == 1) return RunSeeds(first, last, operations, 0, 1, manner);
  int pipe_ends[2];
  CHECK(pipe(pipe_ends) == 0);
  std::fflush(stdout);
  for (int job = 0; job < jobs; ++job) {
    if (fork() != 0) continue;
    const Totals totals = RunSeeds(first, last, operations, job, jobs, manner);
    std::fflush(stdout);
    CHECK(write(pipe_ends[1], &totals, sizeof(totals)) == sizeof(totals));
    _exit(0);
  }
  close(pipe_ends[1]);
  Totals all;
  Totals part;
  int answered = 0;
  while (read(pipe_ends[0], &part, sizeof(part)) == sizeof(part)) {
    ++answered;
    all.runs += part.runs;
    all.failed += part.failed;
    all.reads += part.reads;
    all.refused_reads += part.refused_reads;
    all.writes += part.writes;
    all.doubtful_writes += part.doubtful_writes;
    all.restarts += part.restarts;
    all.fingerprint += part.fingerprint;
  }
  while (wait(nullptr) > 0) {
  }
  // One that crashed has said nothing.
  all.failed += static_cast<std::uint64_t>(jobs - answered);
  return all;
}

int Main(int argc, char** argv) {
  CLI::App app("Random operations against a reference, over faulty storage");
  std::string seeds = "1..120";
  RunOptions one;
  int jobs = 1;
  bool no_shrink = false;
  Manner manner;
  app.add_option("--seeds", seeds, "FIRST..LAST");
  auto* seed = app.add_option("--seed", one.seed, "one seed, again");
  app.add_option("--ops", one.operations, "operations a seed");
  app.add_option("--keep", one.keep, "only these operations")->delimiter(',');
  app.add_option("--jobs", jobs, "processes");
  app.add_flag("--verbose", one.verbose, "tell what happens");
  app.add_flag("--no-shrink", no_shrink, "report failures as they are");
  app.add_flag("--twice", manner.twice, "compare with a second run");
  CLI11_PARSE(app, argc, argv);
  manner.shrinks = !no_shrink && one.keep.empty();
  base::InitLog(
      {.level = one.verbose ? base::LogLevel::kDebug : base::LogLevel::kError});
  const auto start = std::chrono::steady_clock::now();
  Totals totals;
  if (seed->count() > 0) {
    RunSeed(one, manner, totals);
  } else {
    const std::size_t dots = seeds.find("..");
    CHECK(dots != std::string::npos);
    totals = RunJobs(std::stoull(seeds.substr(0, dots)),
                     std::stoull(seeds.substr(dots + 2)), one.operations, jobs,
                     manner);
  }
  const std::chrono::duration<double> spent =
      std::chrono::steady_clock::now() - start;
  fmt::print(
      "{} runs of {} operations, {} failed; {} reads compared ({} refused), {} "
      "writes acknowledged ({} doubtful), {} restarts; fingerprint {:016x}; "
      "{:.1f} s\n",
      totals.runs, one.operations, totals.failed, totals.reads,
      totals.refused_reads, totals.writes, totals.doubtful_writes,
      totals.restarts, totals.fingerprint, spent.count());
  return totals.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace elanus::model

int main(int argc, char** argv) { return elanus::model::Main(argc, argv); }
