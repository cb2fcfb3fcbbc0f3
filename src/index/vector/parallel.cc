#include "index/vector/parallel.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/mutex.h"

namespace elanus::index {
namespace {

// Outlives the call: a helper may start when everything is over.
struct Crew {
  base::Mutex mutex;
  base::CondVar idle;
  const std::function<absl::Status(std::size_t)>* work ABSL_GUARDED_BY(mutex) =
      nullptr;  // null = too late to join
  std::size_t joined ABSL_GUARDED_BY(mutex) = 0;
  std::size_t active ABSL_GUARDED_BY(mutex) = 0;
  absl::Status status ABSL_GUARDED_BY(mutex);
};

void Help(Crew& crew) {
  const std::function<absl::Status(std::size_t)>* work = nullptr;
  std::size_t worker = 0;
  {
    base::MutexLock lock(crew.mutex);
    if (crew.work == nullptr) return;
    work = crew.work;
    worker = ++crew.joined;
    ++crew.active;
  }
  absl::Status status = (*work)(worker);
  base::MutexLock lock(crew.mutex);
  crew.status.Update(std::move(status));
  --crew.active;
  crew.idle.NotifyAll();
}

}  // namespace

absl::Status WorkTogether(
    base::Executor* executor, std::size_t max_threads,
    const std::function<absl::Status(std::size_t worker)>& work) {
  if (executor == nullptr || max_threads <= 1) return work(0);
  auto crew = std::make_shared<Crew>();
  {
    base::MutexLock lock(crew->mutex);
    crew->work = &work;
  }
  const std::size_t helpers = std::min(max_threads - 1, executor->width());
  for (std::size_t i = 0; i < helpers; ++i) {
    executor->Submit([crew] { Help(*crew); });
  }
  absl::Status status = work(0);
  base::MutexLock lock(crew->mutex);
  crew->work = nullptr;
  // Only for helpers that run already, and they are about to end.
  while (crew->active != 0) crew->idle.Wait(crew->mutex);
  status.Update(crew->status);
  return status;
}

}  // namespace elanus::index
