// Lets operations that share a key run one after another, in the order in
// which they came, without a thread that waits. An operation may name several
// keys; it starts when it is the first on all of them.
//
//   sequencer.Run({"name/books", "id/7"}, [](KeySequencer::Turn turn) {
//     ...  // the keys are ours until `turn` is destroyed
//   });
//
// Threads:   any; `task` runs on the executor.
// Ownership: executor outlives it; keep it in a shared_ptr, turns do.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "base/mutex.h"

namespace elanus::coordinator {

class KeySequencer : public std::enable_shared_from_this<KeySequencer> {
  struct Entry;

 public:
  // Holds the keys; gives them back when destroyed, on whatever thread.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept = default;
    Turn& operator=(Turn&& other) noexcept;
    ~Turn() { Release(); }

    void Release();

   private:
    friend class KeySequencer;
    std::shared_ptr<KeySequencer> sequencer_;
    std::shared_ptr<Entry> entry_;
  };
  using Task = absl::AnyInvocable<void(Turn)>;

  explicit KeySequencer(base::Executor& executor) : executor_(executor) {}

  // `keys` without repeats.
  void Run(std::vector<std::string> keys, Task task);

 private:
  struct Entry {
    std::vector<std::string> keys;
    Task task;
    std::size_t not_first_on = 0;  // keys on which somebody is before it
  };

  void Submit(std::shared_ptr<Entry> entry);
  void Finish(const Entry& entry);

  base::Executor& executor_;
  base::Mutex mutex_;
  absl::flat_hash_map<std::string, std::deque<std::shared_ptr<Entry>>> queues_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::coordinator
