// The tails of all vchannels that this process follows, one follower a topic.
//
//   TailSet tails(broker, services);
//   ASSIGN_OR_RETURN(std::shared_ptr<VchannelTail> tail, tails.Watch(spec));
//   ...
//   tails.Unwatch(tail->key());
//
// Watching a vchannel that starts behind the follower's place starts the
// follower again from there; the other vchannels skip what they have seen.
//
// Threads:   any, but not from a listener. Watch and Unwatch may wait for the
//            record in progress.
// Ownership: the broker and the services must outlive the set; tails may be
//            held beyond it and then stand still.
// Errors:    Follow's: truncated or unknown topics, a start behind the end.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "base/status.h"
#include "segment/tail/vchannel_tail.h"
#include "storage/log_broker.h"

namespace elanus::segment {

class TopicTail;

class TailSet {
 public:
  TailSet(storage::LogBroker& broker, const TailServices& services);
  ~TailSet();  // Stop()

  // The tail of this vchannel: a new one, or, if it is followed already, that
  // one. Each Watch needs an Unwatch.
  // Errors: kServiceInternal if the tail that is there does not reach back to
  // spec.start.
  absl::StatusOr<std::shared_ptr<VchannelTail>> Watch(VchannelSpec spec);
  // The last one ends the following; waiting requests are told.
  void Unwatch(const VchannelKey& key);
  // Null if it is not watched.
  std::shared_ptr<VchannelTail> Find(const VchannelKey& key) const;

  // Ends all following; waiting requests are told. Idempotent.
  void Stop();

 private:
  struct Watched {
    std::shared_ptr<VchannelTail> tail;
    std::size_t watchers = 0;
  };

  absl::StatusOr<std::shared_ptr<VchannelTail>> Join(
      const std::shared_ptr<VchannelTail>& tail, const VchannelSpec& spec);

  storage::LogBroker& broker_;
  const TailServices services_;
  // Serialises Watch, Unwatch and Stop, which start and end followers. Taken
  // before mutex_, never by a follower's thread.
  base::Mutex change_mutex_;
  mutable base::Mutex mutex_;
  std::map<VchannelKey, Watched> watched_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::unique_ptr<TopicTail>, std::less<>> topics_
      ABSL_GUARDED_BY(change_mutex_);
};

}  // namespace elanus::segment
