#include "base/timer.h"

#include <pthread.h>

#include <algorithm>

namespace elanus::base {

ThreadTimer::ThreadTimer(Executor& executor)
    : executor_(executor), thread_([this] { RunThread(); }) {}

ThreadTimer::~ThreadTimer() { Stop(); }

Timer::Id ThreadTimer::After(std::chrono::milliseconds delay, Task task) {
  MutexLock lock(mutex_);
  const Id id{next_id_++};
  const Due due{std::chrono::steady_clock::now() + delay, id};
  const bool is_first = tasks_.empty() || due < tasks_.begin()->first;
  tasks_.emplace(due, std::move(task));
  due_.emplace(id, due);
  if (is_first) wake_.NotifyOne();
  return id;
}

bool ThreadTimer::Cancel(Id id) {
  MutexLock lock(mutex_);
  const auto it = due_.find(id);
  if (it == due_.end()) return false;
  tasks_.erase(it->second);
  due_.erase(it);
  return true;
}

void ThreadTimer::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

void ThreadTimer::RunThread() {
  pthread_setname_np(pthread_self(), "timer");
  mutex_.Lock();
  while (!stopping_) {
    if (tasks_.empty()) {
      wake_.Wait(mutex_);
      continue;
    }
    const auto first = tasks_.begin();
    const auto wait = first->first.first - std::chrono::steady_clock::now();
    if (wait > std::chrono::steady_clock::duration::zero()) {
      wake_.WaitFor(mutex_, wait);
      continue;
    }
    Task task = std::move(first->second);
    due_.erase(first->first.second);
    tasks_.erase(first);
    mutex_.Unlock();
    executor_.Submit(std::move(task));
    mutex_.Lock();
  }
  mutex_.Unlock();
}

}  // namespace elanus::base
