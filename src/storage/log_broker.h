// The log broker: topics of records in one order each, appended durably,
// followed, truncated from the front. An embedded log in standalone, Kafka or
// Pulsar in a cluster.
//
//   broker.Append("pchannel-3", record, [](absl::StatusOr<AppendResult> r) {
//     ...   // durable at r->position; the next record is at or behind r->next
//   });
//   ASSIGN_OR_RETURN(auto follower, broker.Follow("pchannel-3", from, sink));
//
// Readers see durable records only. Records that one thread appends to a topic
// stand there in the order of its calls.
//
// Threads:   all methods from any thread, Done functions included. Append, End
//            and Follow never wait for I/O; the other methods do.
// Ownership: record buffers are shared, not copied; a sink is borrowed and
//            must outlive its follower; followers must be destroyed before the
//            broker.
// Errors:    IsTopicNotFound, IsTruncated, IsOutcomeUnknown; a log that takes
//            no writes answers kServiceUnavailable, retriable.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/buffer.h"
#include "base/status.h"

namespace elanus::storage {

inline constexpr std::size_t kMaxRecordBytes = 72ULL << 20;

// A place between the records of a topic, ordered bytewise; the bytes' meaning
// is the backend's own. The default one is the beginning of every topic.
class Position {
 public:
  static constexpr std::size_t kMaxSize = 24;

  Position() = default;

  // From what Encode gave. Errors: InvalidInput beyond kMaxSize bytes.
  static absl::StatusOr<Position> Decode(std::string_view bytes);
  std::string Encode() const { return std::string(bytes()); }

  // Hexadecimal, "start" for the beginning.
  std::string ToString() const;

  std::string_view bytes() const { return {bytes_.data(), size_}; }
  bool is_beginning() const { return size_ == 0; }

  friend bool operator==(const Position& a, const Position& b) {
    return a.bytes() == b.bytes();
  }
  friend std::strong_ordering operator<=>(const Position& a,
                                          const Position& b) {
    return a.bytes().compare(b.bytes()) <=> 0;
  }

  // `bytes` must not be longer than kMaxSize.
  static Position FromBytes(std::string_view bytes);

 private:
  std::array<char, kMaxSize> bytes_{};
  std::uint8_t size_ = 0;
};

struct AppendResult {
  Position position;  // of the record
  Position next;      // where a record behind it would stand, at the earliest
};

// Called exactly once, perhaps before Append returns; on a thread of the
// broker, so it must be short.
using AppendDone = absl::AnyInvocable<void(absl::StatusOr<AppendResult>)>;
using EndDone = absl::AnyInvocable<void(absl::StatusOr<Position>)>;

// Where a follower puts its records: one call at a time, in order, on a thread
// of the follower. Blocking holds this follower back and no other.
class LogSink {
 public:
  virtual ~LogSink() = default;

  // `next` is the position to follow from after this record.
  virtual void OnRecord(const Position& position, const Position& next,
                        base::Buffer record) = 0;

  // All records before `end` have been given. `asked_at_ns` (monotonic, of the
  // broker's clock) is when the question that gave this answer was sent: what
  // was acknowledged before that has been given. Called whenever the follower
  // finds itself at the end; not repeated while the topic is idle on a backend
  // that answers End from memory.
  virtual void OnEnd(const Position& end, std::int64_t asked_at_ns) = 0;

  // The follower has ended for good. IsTruncated: records that it had yet to
  // give are gone. IsTopicNotFound: the topic was dropped.
  virtual void OnError(const absl::Status& status) = 0;
};

// Destroying it ends the delivery: no sink method runs afterwards. Not from
// within a sink method.
class LogFollower {
 public:
  virtual ~LogFollower() = default;
};

class LogBroker {
 public:
  virtual ~LogBroker() = default;

  // Makes all of them or none, by one write. OK also for those that exist, with
  // their records. Names: 1-200 characters of [A-Za-z0-9._-].
  virtual absl::Status CreateTopics(std::span<const std::string> topics) = 0;
  absl::Status CreateTopic(std::string_view topic) {
    const std::string name(topic);
    return CreateTopics({&name, 1});
  }
  // Ascending.
  virtual absl::StatusOr<std::vector<std::string>> ListTopics() = 0;
  // OK also if there is none. A topic made again under the name is empty.
  virtual absl::Status DropTopic(std::string_view topic) = 0;

  // Puts one record of at most kMaxRecordBytes at the end: all or nothing.
  // An error that is not IsOutcomeUnknown means that it is not there and never
  // will be.
  virtual void Append(std::string_view topic, base::Buffer record,
                      AppendDone done) = 0;

  // Pushes all records at or behind `from`, then new ones as they get durable.
  // Errors: IsTopicNotFound; IsTruncated; DATA_LOSS if `from` lies behind the
  // end (the log has lost records that somebody saw), with both positions.
  virtual absl::StatusOr<std::unique_ptr<LogFollower>> Follow(
      std::string_view topic, const Position& from, LogSink& sink) = 0;

  // The position of the next record, as of a moment after the call: whoever
  // follows up to it has seen every record that was acknowledged before.
  virtual void End(std::string_view topic, EndDone done) = 0;

  // Gives up the records before `position`, which must not lie behind the end.
  // Never gives up others; may keep some for a while. Going back does nothing.
  virtual absl::Status TruncateBefore(std::string_view topic,
                                      const Position& position) = 0;
};

// The rule for names above, the same for all backends.
absl::Status CheckTopicName(std::string_view topic);

}  // namespace elanus::storage
