#include "storage/embedded/watch_hub.h"

#include <algorithm>
#include <utility>

#include "storage/errors.h"

namespace elanus::storage {
namespace {

constexpr std::size_t kMaxHistoryBytes = 8 << 20;
constexpr std::size_t kEventOverhead = 96;  // of the objects, about

std::size_t BytesOf(const std::vector<MetaEvent>& events) {
  std::size_t bytes = 0;
  for (const MetaEvent& event : events) {
    bytes += kEventOverhead + event.key.size() + event.value.size();
  }
  return bytes;
}

}  // namespace

class WatchHub::Handle final : public MetaWatch {
 public:
  Handle(WatchHub& hub, WatcherPtr watcher)
      : hub_(hub), watcher_(std::move(watcher)) {}
  ~Handle() override { hub_.Remove(watcher_); }

 private:
  WatchHub& hub_;
  const WatcherPtr watcher_;
};

WatchHub::WatchHub(std::uint64_t revision)
    : history_after_(revision), thread_([this] { RunThread(); }) {}

WatchHub::~WatchHub() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void WatchHub::Publish(std::vector<MetaEvent> events) {
  if (events.empty()) return;
  const auto shared =
      std::make_shared<const std::vector<MetaEvent>>(std::move(events));
  {
    base::MutexLock lock(mutex_);
    Remember(shared);
    for (const WatcherPtr& watcher : watchers_) Offer(*watcher, shared);
  }
  changed_.NotifyAll();
}

void WatchHub::Remember(const Events& events) {
  history_.push_back(events);
  history_bytes_ += BytesOf(*events);
  while (history_bytes_ > kMaxHistoryBytes) {
    history_bytes_ -= BytesOf(*history_.front());
    history_after_ = history_.front()->front().revision;
    history_.pop_front();
  }
}

void WatchHub::Offer(Watcher& watcher, const Events& events) {
  if (events->front().revision <= watcher.after_revision) return;
  std::vector<MetaEvent> wanted;
  for (const MetaEvent& event : *events) {
    if (event.key.starts_with(watcher.prefix)) wanted.push_back(event);
  }
  if (wanted.empty()) return;
  watcher.pending.push_back(
      wanted.size() == events->size()
          ? events
          : std::make_shared<const std::vector<MetaEvent>>(std::move(wanted)));
}

absl::StatusOr<std::unique_ptr<MetaWatch>> WatchHub::Add(
    std::string_view prefix, std::uint64_t after_revision,
    WatchCallback callback) {
  auto watcher = std::make_shared<Watcher>();
  watcher->prefix = prefix;
  watcher->after_revision = after_revision;
  watcher->callback = std::move(callback);
  {
    base::MutexLock lock(mutex_);
    if (after_revision < history_after_) {
      return RevisionGone(fmt::format(
          "changes behind revision {} were asked for, kept are those behind {}",
          after_revision, history_after_));
    }
    for (const Events& events : history_) Offer(*watcher, events);
    watchers_.push_back(watcher);
  }
  changed_.NotifyAll();
  return std::make_unique<Handle>(*this, std::move(watcher));
}

void WatchHub::Remove(const WatcherPtr& watcher) {
  base::MutexLock lock(mutex_);
  std::erase(watchers_, watcher);
  if (std::this_thread::get_id() == thread_.get_id()) return;
  while (watcher->running) changed_.Wait(mutex_);
}

WatchHub::WatcherPtr WatchHub::NextReady() {
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    const WatcherPtr& watcher = watchers_[(turn_ + i) % watchers_.size()];
    if (watcher->pending.empty()) continue;
    turn_ = (turn_ + i + 1) % watchers_.size();
    return watcher;
  }
  return nullptr;
}

void WatchHub::RunThread() {
  for (;;) {
    WatcherPtr watcher;
    Events events;
    {
      base::MutexLock lock(mutex_);
      while (!stopping_ && (watcher = NextReady()) == nullptr) {
        changed_.Wait(mutex_);
      }
      if (stopping_) return;
      events = watcher->pending.front();
      watcher->pending.pop_front();
      watcher->running = true;
    }
    watcher->callback(*events);
    {
      base::MutexLock lock(mutex_);
      watcher->running = false;
    }
    changed_.NotifyAll();
  }
}

}  // namespace elanus::storage
