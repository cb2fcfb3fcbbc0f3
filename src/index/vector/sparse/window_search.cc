#include "index/vector/sparse/window_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace elanus::index {
namespace {

constexpr std::size_t kWindowsBetweenChecks = 8;
// What each addition may lose in float32, twice.
constexpr float kUlp = 1.2e-7F;

using types::SparseEntry;

// The entries that stay when the smallest are dropped.
std::vector<SparseEntry> Keep(std::span<const SparseEntry> query,
                              double drop_ratio) {
  std::vector<SparseEntry> kept(query.begin(), query.end());
  const auto drop =
      static_cast<std::size_t>(drop_ratio * static_cast<double>(query.size()));
  if (drop == 0) return kept;
  std::stable_sort(kept.begin(), kept.end(),
                   [](const SparseEntry& a, const SparseEntry& b) {
                     return std::abs(a.value) > std::abs(b.value);
                   });
  kept.resize(query.size() - drop);
  return kept;
}

}  // namespace

std::unique_ptr<WindowScores> WindowScoresPool::Take() {
  {
    base::MutexLock lock(mutex_);
    if (!free_.empty()) {
      auto scores = std::move(free_.back());
      free_.pop_back();
      return scores;
    }
  }
  return std::make_unique<WindowScores>();
}

void WindowScoresPool::Give(std::unique_ptr<WindowScores> scores) {
  base::MutexLock lock(mutex_);
  free_.push_back(std::move(scores));
}

WindowSearch::WindowSearch(const Postings& postings,
                           std::span<const SparseEntry> query,
                           const WindowOptions& options, WindowScores& scores)
    : postings_(postings),
      options_(options),
      scores_(scores),
      prune_(options.prune && postings.is_positive()) {
  for (const SparseEntry& entry : Keep(query, options.drop_ratio)) {
    const auto list = postings.Find(entry.index);
    if (!list.has_value() || entry.value == 0) continue;
    terms_.push_back({.weight = entry.value,
                      .next = postings.FirstChunk(*list),
                      .end = postings.EndChunk(*list)});
    // Bounds hold only where nothing can be taken away again.
    prune_ = prune_ && entry.value > 0;
  }
  margin_ =
      (1 + kUlp * static_cast<float>(terms_.size() + 2)) * options.bound_ratio;
}

absl::Status WindowSearch::Run(const base::OpContext& ctx, TopK& best) {
  RETURN_IF_ERROR(ctx.Check());
  for (std::size_t windows = 1; NextWindow(); ++windows) {
    RunWindow(best);
    if (windows % kWindowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
  }
  return absl::OkStatus();
}

bool WindowSearch::NextWindow() {
  live_.clear();
  std::uint32_t window = std::numeric_limits<std::uint32_t>::max();
  for (const Term& term : terms_) {
    if (term.next < term.end) {
      window = std::min(window, postings_.WindowOf(term.next));
    }
  }
  for (Term& term : terms_) {
    if (term.next == term.end || postings_.WindowOf(term.next) != window) {
      continue;
    }
    const Postings::Chunk chunk = postings_.At(term.next++);
    const float bound = term.weight * chunk.largest * margin_;
    live_.push_back(
        {.chunk = chunk, .weight = term.weight, .bound = bound, .rest = bound});
  }
  window_ = window;
  return !live_.empty();
}

void WindowSearch::OrderByBound() {
  std::sort(live_.begin(), live_.end(),
            [](const Live& a, const Live& b) { return a.bound > b.bound; });
  for (std::size_t i = live_.size() - 1; i-- > 0;) {
    live_[i].rest += live_[i + 1].rest;
  }
}

void WindowSearch::RunWindow(TopK& best) {
  std::size_t essential = live_.size();
  if (prune_ && best.is_full()) {
    OrderByBound();
    // Later rows must beat the k-th best: at equal scores the earlier row wins.
    const float least = -best.bound();
    while (essential > 0 && live_[essential - 1].rest <= least) --essential;
  }
  for (std::size_t i = 0; i < essential; ++i) Add(live_[i]);
  for (std::size_t i = 0; i < essential; ++i) {
    Collect(essential, live_[i], best);
  }
}

void WindowSearch::Add(const Live& live) {
  float* const scores = scores_.of_row.data();
  const std::uint16_t* const rows = live.chunk.rows.data();
  const float* const values = live.chunk.values;
  for (std::size_t i = 0; i < live.chunk.rows.size(); ++i) {
    scores[rows[i]] += live.weight * values[i];
  }
}

void WindowSearch::Collect(std::size_t essential, const Live& live,
                           TopK& best) {
  const std::size_t first = std::size_t{window_} * kWindowRows;
  const float rest = essential < live_.size() ? live_[essential].rest : 0;
  for (const std::uint16_t row : live.chunk.rows) {
    float score = std::exchange(scores_.of_row[row], 0.0F);
    if (score == 0) continue;  // or collected from another list
    const float least = -best.bound();
    if (score + rest < least || options_.excluded.Test(first + row)) continue;
    if (Complete(essential, row, least, score)) {
      best.Offer({-score, static_cast<std::uint32_t>(first + row)});
    }
  }
}

bool WindowSearch::Complete(std::size_t from, std::uint16_t row, float least,
                            float& score) const {
  for (std::size_t i = from; i < live_.size(); ++i) {
    if (score + live_[i].rest < least) return false;
    const auto rows = live_[i].chunk.rows;
    const auto found = std::lower_bound(rows.begin(), rows.end(), row);
    if (found != rows.end() && *found == row) {
      score += live_[i].weight * live_[i].chunk.values[found - rows.begin()];
    }
  }
  return score > 0 && score >= least;
}

}  // namespace elanus::index
