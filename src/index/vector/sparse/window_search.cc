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
// Looking a row up in a list costs as much as going over so many postings.
constexpr std::size_t kLookupCost = 12;

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
  margin_ = kUlp * static_cast<float>(terms_.size() + 2);
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
    // No number, out of a file that nobody verified, bounds nothing.
    const float bound = Orderly(term.weight * chunk.largest * (1 + margin_) *
                                options_.bound_ratio);
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
    while (essential > 0 && live_[essential - 1].rest <= -best.bound()) {
      --essential;
    }
    if (essential > 0 && !IsWorthSplitting(essential)) {
      essential = live_.size();
    }
  }
  if (essential == 0) return;
  std::size_t postings = 0;
  for (std::size_t i = 0; i < essential; ++i) {
    Add(live_[i]);
    postings += live_[i].chunk.rows.size();
  }
  Gather(essential, postings, best.bound());
  for (std::size_t i = essential; i < live_.size(); ++i) {
    Complete(live_[i], best.bound());
  }
  const std::size_t first = std::size_t{window_} * kWindowRows;
  for (const Candidate& candidate : candidates_) {
    if (candidate.score < -best.bound()) continue;
    best.Offer(
        {-candidate.score, static_cast<std::uint32_t>(first + candidate.row)});
  }
}

bool WindowSearch::IsWorthSplitting(std::size_t essential) const {
  std::size_t first = 0;
  std::size_t all = 0;
  for (std::size_t i = 0; i < live_.size(); ++i) {
    all += live_[i].chunk.rows.size();
    if (i < essential) first += live_[i].chunk.rows.size();
  }
  // Going over candidates costs about what adding a list does.
  return first * 3 < all;
}

void WindowSearch::Add(const Live& live) {
  float* const scores = scores_.of_row.data();
  const std::uint16_t* const rows = live.chunk.rows.data();
  const float* const values = live.chunk.values;
  for (std::size_t i = 0; i < live.chunk.rows.size(); ++i) {
    scores[rows[i]] += live.weight * values[i];
  }
}

float WindowSearch::Least(float bound, float rest) const {
  // Sums lose up to an ulp of the score with each addition.
  const float least = -bound * (1 - margin_);
  return std::max(least - rest, std::numeric_limits<float>::denorm_min());
}

void WindowSearch::Gather(std::size_t essential, std::size_t postings,
                          float bound) {
  candidates_.clear();
  const float rest = essential < live_.size() ? live_[essential].rest : 0;
  const float least = Least(bound, rest);
  if (postings * 2 > kWindowRows) {
    GatherFromAll(least);
    return;
  }
  float* const scores = scores_.of_row.data();
  for (std::size_t i = 0; i < essential; ++i) {
    for (const std::uint16_t row : live_[i].chunk.rows) {
      // Zero as well if gathered from another list before.
      const float score = std::exchange(scores[row], 0.0F);
      if (score >= least) Consider(row, score);
    }
  }
}

void WindowSearch::GatherFromAll(float least) {
  constexpr std::size_t kStep = 16;
  float* const scores = scores_.of_row.data();
  for (std::size_t row = 0; row < kWindowRows; row += kStep) {
    unsigned any = 0;
    for (std::size_t i = 0; i < kStep; ++i) {
      any |= scores[row + i] >= least ? 1U : 0U;
    }
    if (any == 0) continue;
    for (std::size_t i = 0; i < kStep; ++i) {
      if (scores[row + i] >= least) {
        Consider(static_cast<std::uint16_t>(row + i), scores[row + i]);
      }
    }
  }
  std::fill_n(scores, kWindowRows, 0.0F);
}

void WindowSearch::Consider(std::uint16_t row, float score) {
  if (options_.excluded.Test(std::size_t{window_} * kWindowRows + row)) return;
  candidates_.push_back({score, row});
}

void WindowSearch::Complete(const Live& live, float bound) {
  if (candidates_.size() * kLookupCost < live.chunk.rows.size()) {
    const auto rows = live.chunk.rows;
    for (Candidate& candidate : candidates_) {
      const auto found =
          std::lower_bound(rows.begin(), rows.end(), candidate.row);
      if (found == rows.end() || *found != candidate.row) continue;
      candidate.score += live.weight * live.chunk.values[found - rows.begin()];
    }
  } else {
    Add(live);
    float* const scores = scores_.of_row.data();
    for (Candidate& candidate : candidates_) {
      candidate.score += scores[candidate.row];
    }
    for (const std::uint16_t row : live.chunk.rows) scores[row] = 0;
  }
  const float least = Least(bound, live.rest - live.bound);
  std::erase_if(candidates_, [least](const Candidate& candidate) {
    return candidate.score < least;
  });
}

}  // namespace elanus::index
