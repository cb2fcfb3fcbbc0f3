// What a vchannel's tail tells the data node and the query node, in log order.
//
// Threads: all methods on the replay thread (or that of RunAtBoundary's caller
//          between two records), one at a time, before the clock of their
//          record is published. They must be short and must not wait for a
//          request; calling the tail's methods is allowed.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/hybrid_time.h"
#include "base/ids.h"
#include "base/status.h"
#include "segment/growing/growing_segment.h"
#include "segment/record/record.h"
#include "segment/replay/replay_step.h"
#include "storage/log_broker.h"

namespace elanus::segment {

// Everything that replay needs to go on from a place in the log where no
// segment is open: what a checkpoint stores.
struct SealPoint {
  storage::Position position;  // of the next record
  base::Timestamp clock;
  std::string replay_state;  // Replay::Serialize
};

class TailListener {
 public:
  virtual ~TailListener() = default;

  // Growing segments have been told already; sealed ones are the listener's.
  // The keys point into the record.
  virtual void OnTombstones(std::span<const TombstoneRun>) {}
  // Its first rows are in already.
  virtual void OnSegmentOpened(const std::shared_ptr<GrowingSegment>&) {}
  // No more rows will come. next: the position behind the record that closed
  // it, its `synced_to` once written.
  virtual void OnSegmentClosed(const std::shared_ptr<GrowingSegment>&,
                               const storage::Position& /*next*/) {}
  // A CloseSegments record left nothing open.
  virtual void OnSealPoint(const SealPoint&) {}
  // The partition's growing segments have left the tail.
  virtual void OnPartitionDropped(base::PartitionId) {}
  virtual void OnPartitionCreated(base::PartitionId) {}
  // All growing segments have left the tail.
  virtual void OnCollectionDropped() {}
  virtual void OnSchemaChanged(const RecordView&) {}
  virtual void OnImported(const RecordView&) {}
  // A record was applied, its clock is about to be published; next: the
  // position behind it. Not called for records of other vchannels.
  virtual void OnApplied(const storage::Position& /*next*/,
                         base::Timestamp /*clock*/) {}
  // The tail has stopped for good.
  virtual void OnStopped(const absl::Status&) {}
};

}  // namespace elanus::segment
