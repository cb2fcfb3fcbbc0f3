#include "segment/tail/topic_tail.h"

#include <algorithm>
#include <utility>

#include "segment/record/record.h"

namespace elanus::segment {
namespace {

class IgnoringSink final : public storage::LogSink {
 public:
  void OnRecord(const storage::Position&, const storage::Position&,
                base::Buffer) override {}
  void OnEnd(const storage::Position&, std::int64_t) override {}
  void OnError(const absl::Status&) override {}
};

}  // namespace

std::shared_ptr<const TopicTail::Tails> TopicTail::Current() const {
  base::MutexLock lock(mutex_);
  return tails_;
}

absl::Status TopicTail::Add(std::shared_ptr<VchannelTail> tail) {
  if (Joins(tail)) {
    // A start behind the log's end must not go unnoticed.
    IgnoringSink sink;
    const absl::Status status =
        broker_.Follow(topic_, tail->applied(), sink).status();
    if (!status.ok()) Remove(tail);
    return status;
  }
  follower_ = nullptr;
  {
    base::MutexLock lock(mutex_);
    auto tails = std::make_shared<Tails>(*tails_);
    tails->push_back(tail);
    tails_ = std::move(tails);
  }
  absl::Status status = Follow();
  if (status.ok() || !Remove(tail)) return status;
  // The others go on without it.
  if (const absl::Status others = Follow(); !others.ok()) OnError(others);
  return status;
}

// The follower has not come to this tail's start yet: it needs no other.
bool TopicTail::Joins(const std::shared_ptr<VchannelTail>& tail) {
  base::MutexLock lock(mutex_);
  if (ended_ || tail->applied() < given_) return false;
  auto tails = std::make_shared<Tails>(*tails_);
  tails->push_back(tail);
  tails_ = std::move(tails);
  return true;
}

storage::Position TopicTail::FirstNeeded() const {
  storage::Position first;
  bool is_first = true;
  const std::shared_ptr<const Tails> tails = Current();
  for (const auto& tail : *tails) {
    if (!tail->status().ok()) continue;
    if (is_first || tail->applied() < first) first = tail->applied();
    is_first = false;
  }
  return first;
}

void TopicTail::SkipUnneeded() {
  {
    const storage::Position needed = FirstNeeded();
    base::MutexLock lock(mutex_);
    if (ended_ || given_ >= needed) return;
  }
  follower_ = nullptr;
  if (const absl::Status status = Follow(); !status.ok()) OnError(status);
}

absl::Status TopicTail::Follow() {
  const storage::Position from = FirstNeeded();
  {
    base::MutexLock lock(mutex_);
    given_ = from;
    ended_ = false;
  }
  auto follower = broker_.Follow(topic_, from, *this);
  if (!follower.ok()) {
    base::MutexLock lock(mutex_);
    ended_ = true;
    return follower.status();
  }
  follower_ = *std::move(follower);
  return absl::OkStatus();
}

bool TopicTail::Remove(const std::shared_ptr<VchannelTail>& tail) {
  base::MutexLock lock(mutex_);
  auto tails = std::make_shared<Tails>(*tails_);
  std::erase(*tails, tail);
  tails_ = std::move(tails);
  return !tails_->empty();
}

void TopicTail::OnRecord(const storage::Position& position,
                         const storage::Position& next, base::Buffer record) {
  std::shared_ptr<const Tails> tails;
  {
    base::MutexLock lock(mutex_);
    if (ended_) return;
    given_ = next;
    tails = tails_;
  }
  absl::StatusOr<RecordView> view = ParseRecord(std::move(record));
  if (!view.ok()) {
    OnError(base::Annotate(view.status(), "record at {} of {}",
                           position.ToString(), topic_));
    return;
  }
  for (const std::shared_ptr<VchannelTail>& tail : *tails) {
    if (tail->key() == view->header().vchannel) {
      tail->OnRecord(*view, position, next);
    } else {
      tail->Reached(next);
    }
  }
}

void TopicTail::OnEnd(const storage::Position& end, std::int64_t asked_at_ns) {
  const std::shared_ptr<const Tails> tails = Current();
  for (const auto& tail : *tails) tail->OnEnd(end, asked_at_ns);
}

void TopicTail::OnError(const absl::Status& status) {
  std::shared_ptr<const Tails> tails;
  {
    base::MutexLock lock(mutex_);
    ended_ = true;
    tails = tails_;
  }
  for (const auto& tail : *tails) tail->Stop(status);
}

}  // namespace elanus::segment
