// Follows one topic and gives each record to the tail of its vchannel.
//
// Threads:   Add and Remove by one thread at a time; the sink's methods by the
//            follower's.
// Ownership: the broker must outlive it; shares the tails.
// Errors:    a record that cannot be read stops all tails, since nobody knows
//            whose it is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "segment/tail/vchannel_tail.h"
#include "storage/log_broker.h"

namespace elanus::segment {

class TopicTail final : public storage::LogSink {
 public:
  TopicTail(storage::LogBroker& broker, std::string topic)
      : broker_(broker), topic_(std::move(topic)) {}
  ~TopicTail() override { follower_ = nullptr; }

  // Follows for this tail too, from its applied().
  absl::Status Add(std::shared_ptr<VchannelTail> tail);
  // True if tails are left.
  bool Remove(const std::shared_ptr<VchannelTail>& tail);
  // After Remove: what only that tail needed may be truncated at any moment, so
  // the follower must not be on its way through it.
  void SkipUnneeded();

  void OnRecord(const storage::Position& position,
                const storage::Position& next, base::Buffer record) override;
  void OnEnd(const storage::Position& end, std::int64_t asked_at_ns) override;
  void OnError(const absl::Status& status) override;

 private:
  using Tails = std::vector<std::shared_ptr<VchannelTail>>;

  bool Joins(const std::shared_ptr<VchannelTail>& tail);
  absl::Status Follow();
  // Where the first record lies that somebody needs.
  storage::Position FirstNeeded() const;
  std::shared_ptr<const Tails> Current() const;

  storage::LogBroker& broker_;
  const std::string topic_;
  std::unique_ptr<storage::LogFollower> follower_;

  mutable base::Mutex mutex_;
  std::shared_ptr<const Tails> tails_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<const Tails>();
  // No record before this one will be given any more.
  storage::Position given_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = true;
};

}  // namespace elanus::segment
