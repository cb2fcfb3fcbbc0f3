#include "coordinator/key_sequencer.h"

#include <utility>

namespace elanus::coordinator {

KeySequencer::Turn& KeySequencer::Turn::operator=(Turn&& other) noexcept {
  if (this != &other) {
    Release();
    sequencer_ = std::move(other.sequencer_);
    entry_ = std::move(other.entry_);
  }
  return *this;
}

void KeySequencer::Turn::Release() {
  if (entry_ == nullptr) return;
  const std::shared_ptr<Entry> entry = std::move(entry_);
  const std::shared_ptr<KeySequencer> sequencer = std::move(sequencer_);
  sequencer->Finish(*entry);
}

void KeySequencer::Run(std::vector<std::string> keys, Task task) {
  auto entry = std::make_shared<Entry>();
  entry->keys = std::move(keys);
  entry->task = std::move(task);
  {
    base::MutexLock lock(mutex_);
    for (const std::string& key : entry->keys) {
      auto& queue = queues_[key];
      if (!queue.empty()) ++entry->not_first_on;
      queue.push_back(entry);
    }
    if (entry->not_first_on > 0) return;
  }
  Submit(std::move(entry));
}

void KeySequencer::Submit(std::shared_ptr<Entry> entry) {
  Turn turn;
  turn.sequencer_ = shared_from_this();
  turn.entry_ = std::move(entry);
  executor_.Submit([turn = std::move(turn)]() mutable {
    Task task = std::move(turn.entry_->task);
    task(std::move(turn));
  });
}

void KeySequencer::Finish(const Entry& entry) {
  std::vector<std::shared_ptr<Entry>> ready;
  {
    base::MutexLock lock(mutex_);
    for (const std::string& key : entry.keys) {
      const auto found = queues_.find(key);
      found->second.pop_front();
      if (found->second.empty()) {
        queues_.erase(found);
      } else if (--found->second.front()->not_first_on == 0) {
        ready.push_back(found->second.front());
      }
    }
  }
  for (auto& next : ready) Submit(std::move(next));
}

}  // namespace elanus::coordinator
