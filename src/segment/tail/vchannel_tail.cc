#include "segment/tail/vchannel_tail.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace elanus::segment {
namespace {

std::size_t IndexOf(TailUser user) { return static_cast<std::size_t>(user); }

}  // namespace

absl::StatusOr<std::shared_ptr<VchannelTail>> VchannelTail::Create(
    VchannelSpec spec, const TailServices& services) {
  Replay replay(spec.key);
  if (!spec.replay_state.empty()) {
    ASSIGN_OR_RETURN(
        replay,
        Replay::Deserialize(
            spec.replay_state,
            fmt::format("checkpoint of collection {} shard {}",
                        base::ToInt(spec.key.collection), spec.key.shard)));
  }
  return std::shared_ptr<VchannelTail>(
      new VchannelTail(std::move(spec), services, std::move(replay)));
}

VchannelTail::VchannelTail(VchannelSpec spec, const TailServices& services,
                           Replay replay)
    : spec_(std::move(spec)),
      services_(services),
      waits_(std::make_shared<WaitList>(services.timer, services.executor,
                                        spec_.start)),
      tombstones_(
          std::make_shared<TombstoneLog>(replay.clock(), services.budget)),
      replay_(std::move(replay)),
      next_(spec_.start),
      clock_(replay_.clock().value),
      growing_(std::make_shared<const GrowingList>()),
      schema_(spec_.schema) {}

template <typename Tell>
void VchannelTail::ForEachListener(Tell tell) {
  for (const std::shared_ptr<TailListener>& listener : listeners_) {
    if (listener != nullptr) tell(*listener);
  }
}

void VchannelTail::OnRecord(const RecordView& record,
                            const storage::Position& position,
                            const storage::Position& next) {
  gate_.Enter();
  absl::Status status;
  const bool is_new = !stopped_ && position >= next_;
  if (is_new) {
    status = Apply(record, position, next);
    failed_ = !status.ok();
    if (status.ok()) {
      clock_.store(replay_.clock().value, std::memory_order_release);
    }
  }
  gate_.Leave();
  if (!status.ok()) {
    Stop(base::Annotate(std::move(status),
                        "collection {} shard {}, record at {} of {}",
                        base::ToInt(spec_.key.collection), spec_.key.shard,
                        position.ToString(), spec_.topic));
  } else if (is_new) {
    waits_->Advance(next);
  }
}

void VchannelTail::Reached(const storage::Position& next) {
  gate_.Enter();
  const bool is_new = !stopped_ && next_ < next;
  if (is_new) next_ = next;
  gate_.Leave();
  if (is_new) waits_->Advance(next);
}

void VchannelTail::OnEnd(const storage::Position& end,
                         std::int64_t asked_at_ns) {
  Reached(end);
  caught_up_at_ns_.store(asked_at_ns, std::memory_order_release);
}

void VchannelTail::Stop(const absl::Status& status) {
  waits_->Stop(status);
  gate_.Post([self = shared_from_this(), status] {
    if (std::exchange(self->stopped_, true)) return;
    self->ForEachListener(
        [&](TailListener& listener) { listener.OnStopped(status); });
    for (auto& listener : self->listeners_) listener = nullptr;
  });
}

absl::Status VchannelTail::Apply(const RecordView& record,
                                 const storage::Position& position,
                                 const storage::Position& next) {
  const ReplayStep step = replay_.Apply(record, position);
  next_ = next;
  if (step.effect == ReplayEffect::kDuplicate) return absl::OkStatus();
  ApplyCloses(step, next);
  RETURN_IF_ERROR(ApplyTombstones(step));
  RETURN_IF_ERROR(ApplyRows(record, step));
  RETURN_IF_ERROR(ApplyDdl(record, step));
  const bool may_seal =
      record.type() == RecordType::kCloseSegments || !step.closed.empty();
  if (may_seal && replay_.open_segments().empty()) {
    // None where a listener has stopped the tail meanwhile.
    if (const std::optional<SealPoint> point = SealPointHere()) {
      ForEachListener(
          [&](TailListener& listener) { listener.OnSealPoint(*point); });
    }
  }
  ForEachListener([&](TailListener& listener) {
    listener.OnApplied(next, replay_.clock());
  });
  return absl::OkStatus();
}

void VchannelTail::ApplyCloses(const ReplayStep& step,
                               const storage::Position& next) {
  for (const ClosedSegment& closed : step.closed) {
    const auto it = open_.find(closed.segment);
    if (it == open_.end()) continue;  // it has files already
    const std::shared_ptr<GrowingSegment> segment = it->second;
    open_.erase(it);
    {
      base::MutexLock lock(mutex_);
      for (Held& held : held_) {
        if (held.segment != segment) continue;
        held.open = false;
        held.closed_next = next;
      }
    }
    // What is dropped needs no files.
    if (step.partition_dropped.has_value() || step.collection_dropped) continue;
    ForEachListener([&](TailListener& listener) {
      listener.OnSegmentClosed(segment, next);
    });
  }
}

absl::Status VchannelTail::ApplyTombstones(const ReplayStep& step) {
  if (step.tombstones.empty()) return absl::OkStatus();
  const std::shared_ptr<const GrowingList> segments = growing();
  for (const TombstoneRun& run : step.tombstones) {
    for (const auto& segment : *segments) {
      RETURN_IF_ERROR(segment->Delete(run));
    }
    tombstones_->Append(run);
  }
  ForEachListener(
      [&](TailListener& listener) { listener.OnTombstones(step.tombstones); });
  return absl::OkStatus();
}

absl::Status VchannelTail::ApplyRows(const RecordView& record,
                                     const ReplayStep& step) {
  for (const InsertedRun& run : step.inserted) {
    const auto written = spec_.synced_to.find(run.segment);
    if (written != spec_.synced_to.end() && step.position <= written->second) {
      continue;
    }
    const auto it = open_.find(run.segment);
    std::shared_ptr<GrowingSegment> segment;
    if (it != open_.end()) {
      segment = it->second;
    } else if (run.opened) {
      segment = std::make_shared<GrowingSegment>(
          Segment::Identity{.id = run.segment,
                            .partition = run.partition,
                            .schema = schema()},
          services_.budget);
    }
    if (segment == nullptr || segment->rows() != run.first_row) {
      return base::DataLoss(
          "segment {} goes on at row {}, but {} of its rows are here",
          base::ToInt(run.segment), run.first_row,
          segment == nullptr ? 0 : segment->rows());
    }
    RETURN_IF_ERROR(segment->Append(
        {.record = record, .row_begin = run.row_begin, .rows = run.rows},
        step.at));
    if (it == open_.end()) Hold(std::move(segment));
  }
  return absl::OkStatus();
}

void VchannelTail::Hold(std::shared_ptr<GrowingSegment> segment) {
  open_.emplace(segment->id(), segment);
  {
    base::MutexLock lock(mutex_);
    held_.push_back(
        {.segment = segment, .opened_ns = services_.clock.MonotonicNs()});
    PublishListLocked();
  }
  ForEachListener(
      [&](TailListener& listener) { listener.OnSegmentOpened(segment); });
}

absl::Status VchannelTail::ApplyDdl(const RecordView& record,
                                    const ReplayStep& step) {
  if (step.schema_changed && spec_.read_schema != nullptr) {
    ASSIGN_OR_RETURN(std::shared_ptr<const types::Schema> schema,
                     spec_.read_schema(record.payload()));
    base::MutexLock lock(mutex_);
    // The one given at the start may be newer than this record.
    if (schema->version > schema_->version) schema_ = std::move(schema);
  }
  if (step.partition_dropped.has_value()) {
    DropGrowing(*step.partition_dropped);
  }
  if (step.collection_dropped) DropGrowing(base::kAllPartitions);
  ForEachListener([&](TailListener& listener) {
    if (step.schema_changed) listener.OnSchemaChanged(record);
    if (step.imported) listener.OnImported(record);
    if (step.partition_created.has_value()) {
      listener.OnPartitionCreated(*step.partition_created);
    }
    if (step.partition_dropped.has_value()) {
      listener.OnPartitionDropped(*step.partition_dropped);
    }
    if (step.collection_dropped) listener.OnCollectionDropped();
  });
  return absl::OkStatus();
}

void VchannelTail::DropGrowing(base::PartitionId partition) {
  base::MutexLock lock(mutex_);
  dropped_.insert(partition);
  std::erase_if(held_, [&](const Held& held) {
    return partition == base::kAllPartitions ||
           held.segment->partition() == partition;
  });
  PublishListLocked();
}

void VchannelTail::PublishListLocked() {
  auto list = std::make_shared<GrowingList>();
  list->reserve(held_.size());
  for (const Held& held : held_) list->push_back(held.segment);
  growing_ = std::move(list);
}

void VchannelTail::AddListener(TailUser user,
                               std::shared_ptr<TailListener> listener,
                               absl::AnyInvocable<void(const Joined&)> joined) {
  gate_.Post([self = shared_from_this(), user, listener = std::move(listener),
              joined = std::move(joined)]() mutable {
    if (self->stopped_) {
      listener->OnStopped(self->status());
      return;
    }
    self->listeners_[IndexOf(user)] = std::move(listener);
    Joined here{.growing = self->growing(), .clock = self->clock()};
    {
      base::MutexLock lock(self->mutex_);
      self->present_[IndexOf(user)] = true;
      for (Held& held : self->held_) {
        held.released[IndexOf(user)] = false;
        if (!held.open) here.closed.push_back({held.segment, held.closed_next});
      }
    }
    joined(here);
  });
}

void VchannelTail::RemoveListener(TailUser user, base::Task removed) {
  gate_.Post([self = shared_from_this(), user,
              removed = std::move(removed)]() mutable {
    self->listeners_[IndexOf(user)] = nullptr;
    {
      base::MutexLock lock(self->mutex_);
      self->present_[IndexOf(user)] = false;
      self->RemoveReleasedLocked();
    }
    if (removed) removed();
  });
}

std::shared_ptr<const GrowingList> VchannelTail::growing() const {
  base::MutexLock lock(mutex_);
  return growing_;
}

std::shared_ptr<const types::Schema> VchannelTail::schema() const {
  base::MutexLock lock(mutex_);
  return schema_;
}

bool VchannelTail::IsOpen(base::SegmentId segment) const {
  base::MutexLock lock(mutex_);
  return std::ranges::any_of(held_, [&](const Held& held) {
    return held.open && held.segment->id() == segment;
  });
}

bool VchannelTail::IsDropped(base::PartitionId partition) const {
  base::MutexLock lock(mutex_);
  return dropped_.contains(partition) ||
         dropped_.contains(base::kAllPartitions);
}

void VchannelTail::ReleaseSegment(base::SegmentId segment, TailUser user) {
  base::MutexLock lock(mutex_);
  for (Held& held : held_) {
    if (held.segment->id() == segment && !held.open) {
      held.released[IndexOf(user)] = true;
    }
  }
  RemoveReleasedLocked();
}

void VchannelTail::RemoveReleasedLocked() {
  const bool absent[2] = {!present_[0], !present_[1]};
  const bool anybody = !absent[0] || !absent[1];
  const std::size_t removed = std::erase_if(held_, [&](const Held& held) {
    return anybody && !held.open && (held.released[0] || absent[0]) &&
           (held.released[1] || absent[1]);
  });
  if (removed != 0) PublishListLocked();
}

Unwritten VchannelTail::unwritten() const {
  Unwritten sum;
  base::MutexLock lock(mutex_);
  for (const Held& held : held_) {
    if (held.released[IndexOf(TailUser::kDataNode)]) continue;
    if (sum.segments == 0) sum.since_ns = held.opened_ns;
    ++sum.segments;
    sum.rows += held.segment->rows();
    sum.bytes += held.segment->memory_bytes();
  }
  return sum;
}

std::optional<SealPoint> VchannelTail::SealPointHere() const {
  // Behind a record that could not be applied nothing may be committed.
  if (failed_ || stopped_ || !replay_.open_segments().empty()) {
    return std::nullopt;
  }
  return SealPoint{.position = next_,
                   .clock = replay_.clock(),
                   .replay_state = replay_.Serialize()};
}

void VchannelTail::TrySealPoint(
    absl::AnyInvocable<void(std::optional<SealPoint>)> receive) {
  gate_.Post(
      [self = shared_from_this(), receive = std::move(receive)]() mutable {
        receive(self->SealPointHere());
      });
}

}  // namespace elanus::segment
