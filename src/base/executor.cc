#include "base/executor.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "base/give_way.h"
#include "base/idle_thread.h"
#include "base/log.h"

namespace elanus::base {

ThreadPool::ThreadPool(ThreadPoolOptions options)
    : options_(std::move(options)) {
  CHECK(options_.threads > 0);
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { RunThread(); });
  }
}

ThreadPool::~ThreadPool() { Stop(); }

void ThreadPool::Submit(Task task) {
  MutexLock lock(mutex_);
  if (stopping_) return;
  tasks_.push_back(std::move(task));
  wake_.NotifyOne();
}

void ThreadPool::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t ThreadPool::queued() const {
  MutexLock lock(mutex_);
  return tasks_.size();
}

void ThreadPool::RunThread() {
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  if (options_.nice > 0) {
    // On Linux a nice value belongs to the thread, not to the process.
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)),
                options_.nice);
  }
  BackgroundThread background(options_.gives_way_to);
  IdleThread idle;
  while (true) {
    Task task;
    {
      MutexLock lock(mutex_);
      while (tasks_.empty() && !stopping_) idle.Wait(wake_, mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    idle.Works();
    background.Works();
    task();
  }
}

}  // namespace elanus::base
