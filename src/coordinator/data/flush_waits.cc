#include "coordinator/data/flush_waits.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace elanus::coordinator {
namespace {

std::chrono::milliseconds PatienceOf(const base::OpContext& ctx) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::nanoseconds(ctx.RemainingNs()));
  return std::min(FlushWaits::kWaitMax, left / 2);
}

}  // namespace

void FlushWaits::Ask(const base::OpContext& ctx, const Question& question,
                     Answer answer) {
  if (is_flushed_(question)) return answer(true);
  const std::chrono::milliseconds patience = PatienceOf(ctx);
  std::uint64_t number = 0;
  bool waits = false;
  {
    base::MutexLock lock(mutex_);
    waits = !stopped_ && patience.count() > 0;
    if (waits) {
      number = next_++;
      waiting_.emplace(number, Waiting{question, std::move(answer)});
    }
  }
  if (!waits) return answer(false);
  timer_.After(patience, [this, number] { Expire(number); });
  // What was flushed before the question stood in the list told nobody.
  Look(question.collection);
}

void FlushWaits::Look(std::int64_t collection) {
  std::vector<std::pair<std::uint64_t, Question>> asked;
  {
    base::MutexLock lock(mutex_);
    for (const auto& [number, waiting] : waiting_) {
      if (waiting.question.collection == collection) {
        asked.emplace_back(number, waiting.question);
      }
    }
  }
  for (const auto& [number, question] : asked) {
    if (is_flushed_(question)) Expire(number);
  }
}

void FlushWaits::Stop() {
  std::map<std::uint64_t, Waiting> waiting;
  {
    base::MutexLock lock(mutex_);
    stopped_ = true;
    waiting.swap(waiting_);
  }
  for (auto& [number, item] : waiting) item.answer(is_flushed_(item.question));
}

void FlushWaits::Expire(std::uint64_t number) {
  std::map<std::uint64_t, Waiting>::node_type taken;
  {
    base::MutexLock lock(mutex_);
    taken = waiting_.extract(number);
  }
  if (taken.empty()) return;
  Waiting& waiting = taken.mapped();
  waiting.answer(is_flushed_(waiting.question));
}

}  // namespace elanus::coordinator
