#include "worker/query_node/scan_gathering.h"

#include <algorithm>
#include <utility>

namespace elanus::worker {

void ScanGathering::Run(const std::string& key, PassedSearch search) {
  Searches alone;
  bool submits = false;
  {
    base::MutexLock lock(mutex_);
    Gathered& gathered = by_key_[key];
    if (gathered.scans == 0 && gathered.waiting.empty()) {
      ++gathered.scans;
      ++gathered.scanned_for;
      alone.push_back(std::move(search));
    } else {
      gathered.waiting.push_back(std::move(search));
      submits = ClaimTask(gathered);
    }
  }
  if (submits) Submit(key);
  if (!alone.empty()) Answer(key, std::move(alone));
}

bool ScanGathering::ClaimTask(Gathered& gathered) const {
  const std::size_t waiting = gathered.waiting.size();
  if (gathered.has_task || waiting == 0) return false;
  gathered.has_task =
      gathered.scans == 0 ||
      waiting >= (waiting + gathered.scanned_for) / executor_.width();
  return gathered.has_task;
}

void ScanGathering::Submit(const std::string& key) {
  executor_.Submit([this, key] { RunTask(key); });
}

void ScanGathering::RunTask(const std::string& key) {
  Searches taken;
  bool submits = false;
  {
    base::MutexLock lock(mutex_);
    Gathered& gathered = by_key_[key];
    gathered.has_task = false;
    taken = TakeShare(gathered);
    ++gathered.scans;
    gathered.scanned_for += taken.size();
    submits = ClaimTask(gathered);
  }
  if (submits) Submit(key);
  Answer(key, std::move(taken));
}

ScanGathering::Searches ScanGathering::TakeShare(Gathered& gathered) const {
  std::deque<PassedSearch>& waiting = gathered.waiting;
  const std::size_t threads = executor_.width();
  const std::size_t share =
      std::max(kShareMin,
               (waiting.size() + gathered.scanned_for + threads - 1) / threads);
  Searches taken;
  std::size_t queries = 0;
  std::size_t k = 0;
  while (!waiting.empty() && taken.size() < share) {
    const internal::SearchShardsRequest& request = *waiting.front().request;
    queries += static_cast<std::size_t>(request.nq());
    k = std::max(k, static_cast<std::size_t>(request.top_k()));
    const bool fits = queries <= kQueriesMax && queries * k <= kHitsMax;
    if (!fits && !taken.empty()) break;
    taken.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
  return taken;
}

void ScanGathering::Answer(const std::string& key, Searches searches) {
  for (PassedSearch& search : searches) search.outcome = search.ctx.Check();
  const auto gone = std::partition(
      searches.begin(), searches.end(),
      [](const PassedSearch& search) { return search.outcome.ok(); });
  const std::span wanted(searches.begin(), gone);
  if (!wanted.empty()) {
    counters_.searches.Add(static_cast<double>(wanted.size()));
    counters_.scans.Add();
    scan_(wanted);
  }
  // First: whoever is answered may come back before all are.
  End(key, searches.size());
  for (PassedSearch& search : searches) search.Finish();
}

void ScanGathering::End(const std::string& key, std::size_t searches) {
  bool submits = false;
  {
    base::MutexLock lock(mutex_);
    const auto it = by_key_.find(key);
    Gathered& gathered = it->second;
    --gathered.scans;
    gathered.scanned_for -= searches;
    submits = ClaimTask(gathered);
    if (gathered.scans == 0 && gathered.waiting.empty()) by_key_.erase(it);
  }
  if (submits) Submit(key);
}

}  // namespace elanus::worker
