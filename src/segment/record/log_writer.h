// Appends records of this process to the log under one writer id: gives each
// its sequence, per vchannel in the order in which they are appended.
//
//   LogWriter writer(broker, writer_id);
//   writer.Append({.topic = topic, .vchannel = key, .proposed = now,
//                  .schema_version = 3},
//                 [](RecordHeader header) { return BuildTick(header); },
//                 [](absl::StatusOr<storage::AppendResult> result) { ... });
//
// After an unknown outcome nothing is appended again: the caller hears of it.
// A later record of the same vchannel has a higher sequence, so that one which
// turns up after all behind it is dropped by replay.
//
// Threads:   any. Records of different vchannels do not wait for each other.
// Ownership: `broker` outlives the writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "segment/record/record.h"
#include "segment/record/vchannel.h"
#include "storage/log_broker.h"

namespace elanus::segment {

struct AppendTarget {
  std::string_view topic;
  VchannelKey vchannel;
  base::Timestamp proposed;
  std::uint32_t schema_version = 0;
};

class LogWriter {
 public:
  // Makes the record out of its header; CPU only.
  using Build = absl::FunctionRef<absl::StatusOr<base::Buffer>(RecordHeader)>;

  // writer: never used before, by any process.
  LogWriter(storage::LogBroker& broker, base::WriterId writer)
      : broker_(broker), writer_(writer) {}

  // `build` runs before Append returns; if it fails nothing is appended and
  // `done` gets its error. `done` may run in place and must not append to the
  // same vchannel itself.
  void Append(const AppendTarget& target, Build build,
              storage::AppendDone done);

  // The vchannel is gone: forgets its sequence.
  void Forget(const VchannelKey& vchannel);
  // How many vchannels it knows.
  std::size_t size() const;

 private:
  struct Channel {
    base::Mutex mutex;  // orders sequences as the broker sees them
    std::uint64_t sequence ABSL_GUARDED_BY(mutex) = 0;
  };

  std::shared_ptr<Channel> ChannelOf(const VchannelKey& vchannel);

  storage::LogBroker& broker_;
  const base::WriterId writer_;
  mutable base::Mutex mutex_;
  absl::flat_hash_map<VchannelKey, std::shared_ptr<Channel>> channels_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::segment
