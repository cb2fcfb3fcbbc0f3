#include "index/vector/hnsw/code_scan.h"

#include <algorithm>
#include <span>
#include <vector>

namespace elanus::index {
namespace {

// Rows whose codes are looked at together; few at first, since the bound falls
// quickly.
constexpr std::size_t kFirstBatch = 32;
constexpr std::size_t kBatch = 64;

}  // namespace

CodeScan::CodeScan(const HnswGraph& graph, const float* query,
                   WalkScratch& scratch, TopK& best)
    : graph_(graph),
      query_(query),
      scratch_(scratch),
      best_(best),
      probe_(graph.Bind(query, scratch.probe)),
      bound_(graph, *probe_.bytes),
      batch_(kFirstBatch) {
  if (best.bound() < kNoDistance) bound_.Set(best.bound());
  scratch_.batch.clear();
  scratch_.sums.resize(std::max(scratch_.sums.size(), kBatch));
  scratch_.distances.resize(std::max(scratch_.distances.size(), kBatch));
}

void CodeScan::LookAtFullBatch() {
  LookAtCodes();
  batch_ = std::min(2 * batch_, kBatch);
}

void CodeScan::LookAt(SketchSieve& sieve) {
  const auto add_all = [this](std::span<const std::uint32_t> rows) {
    for (const std::uint32_t row : rows) Add(row);
  };
  add_all(sieve.TakeNearest(BoundingRows(best_.k())));
  LookAtCodes();
  while (sieve.HasMore()) add_all(sieve.NextWithin(best_.bound()));
  LookAtCodes();
  sieve.Clear();
}

void CodeScan::LookAtCodes() {
  std::vector<std::uint32_t>& batch = scratch_.batch;
  graph_.Distances(probe_, batch.data(), batch.size(), scratch_.sums.data(),
                   scratch_.distances.data());
  std::size_t left = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::uint32_t row = batch[i];
    batch[left] = row;
    left +=
        bound_.IsBeyond(scratch_.distances[i], graph_.code_errors[row]) ? 0 : 1;
  }
  batch.resize(left);
  if (left != 0) Compute();
  batch.clear();
}

void CodeScan::Compute() {
  std::vector<std::uint32_t>& batch = scratch_.batch;
  const std::size_t count = batch.size();
  FillGroups(batch);
  graph_.ExactDistances(query_, batch.data(), batch.size(),
                        scratch_.distances.data());
  const float before = best_.bound();
  for (std::size_t i = 0; i < count; ++i) {
    const float distance = scratch_.distances[i];
    if (!(distance > best_.bound())) best_.Offer({distance, batch[i]});
  }
  if (best_.bound() != before) bound_.Set(best_.bound());
}

}  // namespace elanus::index
