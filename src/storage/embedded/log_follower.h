// A follower of a topic of the embedded log: one thread that takes records out
// of memory, or from the files, and gives them to a sink.
//
// Threads:   the thread waits on the topic's condition variable while there is
//            nothing to give, and holds no lock while it reads or gives.
// Errors:    with retries, a read that fails is tried again and again, more
//            and more seldom, until it works: the sink sees a pause. Damage
//            ends the follower either way.
// Ownership: borrows the log's state; keeps the files that it reads open.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "storage/embedded/log_state.h"
#include "storage/log_broker.h"

namespace elanus::storage {

// What followers do about reads that fail.
struct LogRetries {
  bool enabled = false;
  base::Counter* failed_reads = nullptr;
};

// `mutex` guards `state`; all must outlive the follower.
struct LogView {
  base::Mutex& mutex;
  LogState& state;
  const base::Clock& clock;
  LogRetries retries;
};

// place: a place at or behind which records are given.
std::unique_ptr<LogFollower> MakeFollower(LogView view,
                                          LogState::TopicPtr topic,
                                          std::uint64_t place, LogSink& sink);

// The error for records before `topic`'s truncation.
absl::Status TruncatedAt(const LogState::Topic& topic, std::uint64_t place);

}  // namespace elanus::storage
