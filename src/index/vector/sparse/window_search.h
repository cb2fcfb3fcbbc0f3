// Searches inverted lists window by window: the lists that a hit must be in
// are added up in an array of scores, and what that leaves in question is
// completed from the others.
//
// With `prune` the lists whose largest values together cannot reach the k-th
// best score so far need no adding up (MaxScore: H. Turtle, J. Flood, "Query
// Evaluation: Strategies and Optimizations", IPM 31(6), 1995; with bounds of
// each range of rows), and a window where no list can is passed over.
//
//   WindowSearch search(postings, terms, options, scratch);
//   search.Run(ctx, best);                 // the k best into a TopK
//
// A hit shares a dimension with the query, and its score is above 0.
//
// Threads:   a scratch belongs to one search at a time.
// Ownership: all is borrowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/sparse/postings.h"
#include "index/vector/topk.h"
#include "types/bitset.h"
#include "types/sparse.h"

namespace elanus::index {

// The scores of a window, zero between searches.
struct WindowScores {
  std::vector<float> of_row = std::vector<float>(kWindowRows);
};

// Lends scores, because filling them with zeros would cost more than many a
// search. Thread-safe.
class WindowScoresPool {
 public:
  std::unique_ptr<WindowScores> Take();
  // Not after a search that failed on its way.
  void Give(std::unique_ptr<WindowScores> scores);

 private:
  base::Mutex mutex_;
  std::vector<std::unique_ptr<WindowScores>> free_ ABSL_GUARDED_BY(mutex_);
};

struct WindowOptions {
  bool prune = true;
  // The share of the query's dimensions that are left out, those with the
  // smallest values.
  double drop_ratio = 0;
  // Bounds are taken times this: below 1 searches pass over more than is safe.
  float bound_ratio = 1;
  types::BitsetView excluded = {};
};

class WindowSearch {
 public:
  WindowSearch(const Postings& postings,
               std::span<const types::SparseEntry> query,
               const WindowOptions& options, WindowScores& scores);

  // Offers rows to `best` at minus their score.
  absl::Status Run(const base::OpContext& ctx, TopK& best);

 private:
  struct Term {
    float weight;
    std::size_t next;  // chunk
    std::size_t end;
  };
  struct Live {
    Postings::Chunk chunk;
    float weight;
    float bound;
    float rest;  // of this and all behind
  };
  struct Candidate {
    float score;
    std::uint16_t row;
  };

  // The next window that any list has rows in, and those lists; false at the
  // end.
  bool NextWindow();
  void OrderByBound();
  void RunWindow(TopK& best);
  // The first `essential` lists are few enough of all postings.
  bool IsWorthSplitting(std::size_t essential) const;
  void Add(const Live& live);
  // The candidates: rows that the first `essential` lists, all added up, give
  // enough to get within `bound` with what the other lists may add. Leaves all
  // scores at zero.
  void Gather(std::size_t essential, std::size_t postings, float bound);
  void GatherFromAll(float least);
  void Consider(std::uint16_t row, float score);
  // Adds a list to the candidates, and drops those that are now out of reach.
  void Complete(const Live& live, float bound);
  // The score that a row needs if `rest` may still come.
  float Least(float bound, float rest) const;

  const Postings& postings_;
  const WindowOptions options_;
  WindowScores& scores_;
  bool prune_;
  float margin_ = 0;
  std::vector<Term> terms_;
  std::vector<Live> live_;
  std::vector<Candidate> candidates_;
  std::uint32_t window_ = 0;
};

}  // namespace elanus::index
