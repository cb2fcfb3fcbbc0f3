// From one target to the next: see shard.h.
#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/log.h"
#include "storage/errors.h"
#include "types/metric.h"
#include "worker/delete_files.h"
#include "worker/index_spec.h"
#include "worker/query_node/shard.h"

namespace elanus::worker {
namespace {

// A disk or a memory that has no room now may have some then.
constexpr std::chrono::milliseconds kIndexRetryDelay{30'000};

// The segment of that id among `segments`, or null.
template <typename List>
typename List::value_type FindById(const List& segments, std::int64_t id) {
  const auto it = std::ranges::find_if(segments, [id](const auto& segment) {
    return base::ToInt(segment->id()) == id;
  });
  return it == segments.end() ? nullptr : *it;
}

// Puts the segments of `now` that have the rows of `meta` into `next`; false,
// and nothing, if `now` lacks one of them.
bool KeepInstead(const internal::SegmentMeta& meta, const View& now,
                 View& next) {
  std::vector<std::int64_t> ids(meta.made_from().begin(),
                                meta.made_from().end());
  if (ids.empty()) ids.push_back(meta.id());
  std::vector<std::shared_ptr<segment::SealedSegment>> sealed;
  std::vector<std::shared_ptr<segment::GrowingSegment>> growing;
  for (const std::int64_t id : ids) {
    if (auto found = FindById(now.sealed, id)) {
      sealed.push_back(std::move(found));
    } else if (auto closed = FindById(now.unindexed, id)) {
      growing.push_back(std::move(closed));
    } else if (auto written = FindById(now.growing, id)) {
      growing.push_back(std::move(written));
    } else {
      return false;
    }
  }
  next.sealed.insert(next.sealed.end(), sealed.begin(), sealed.end());
  next.unindexed.insert(next.unindexed.end(), growing.begin(), growing.end());
  return true;
}

}  // namespace

struct Shard::Handover {
  segment::TombstonePin pin;
  internal::ShardRequest request;
  internal::GetTargetReply reply;
  std::shared_ptr<View> next;
  // Those of `next` that the view did not have before.
  std::vector<std::shared_ptr<segment::SealedSegment>> opened;
  base::Timestamp told_to;  // `opened` know the tombstones up to here
  OpenIndexes open_indexes;
  std::optional<DeleteFiles> deletes;  // the target's
  bool lacks_index = false;            // that is whole, as far as is known
};

void Shard::Refresh(base::Done done) {
  {
    base::MutexLock lock(mutex_);
    waiting_.push_back(std::move(done));
    if (refreshing_) return;
    refreshing_ = true;
  }
  StartRefresh();
}

void Shard::StartRefresh() {
  {
    base::MutexLock lock(mutex_);
    running_.swap(waiting_);
  }
  // At a boundary, which comes after the joining: what leaves the tail from
  // here on is in the target.
  tail_->RunAtBoundary([self = shared_from_this()] {
    auto handover = std::make_shared<Handover>();
    handover->pin = self->tail_->tombstones().Pin();
    self->deps_.background.Submit(
        [self, handover] { self->FetchTarget(handover); });
  });
}

void Shard::FetchTarget(std::shared_ptr<Handover> handover) {
  handover->request.set_collection_id(base::ToInt(tail_->key().collection));
  handover->request.set_shard(static_cast<std::int32_t>(tail_->key().shard));
  deps_.data_coord.GetTarget(
      base::OpContext(), handover->request, &handover->reply,
      [self = shared_from_this(), handover](const absl::Status& status) {
        if (!status.ok()) return self->FinishRefresh(status);
        self->deps_.background.Submit([self, handover] {
          const absl::Status opened = self->OpenSegments(*handover);
          if (!opened.ok()) return self->FinishRefresh(opened);
          self->tail_->RunAtBoundary([self, handover] {
            const absl::Status installed = self->Install(*handover);
            handover->pin.Release();
            if (installed.ok() && handover->lacks_index) self->RefreshLater();
            self->FinishRefresh(installed);
          });
        });
      });
}

absl::Status Shard::OpenSegments(Handover& handover) {
  const internal::Target& target = handover.reply.target();
  const std::shared_ptr<const View> now = view();
  const LoadedPartitions loaded = partitions();
  handover.next = std::make_shared<View>();
  handover.next->schema = now->schema;
  handover.deletes.emplace(deps_.objects, target.channel().delete_files());
  for (const internal::IndexMeta& index : target.index_defs()) {
    const auto metric = types::MetricFromName(index.metric_type());
    if (!metric.has_value()) continue;  // a scalar field
    IndexDefinition& definition =
        handover.next->indexes[base::FieldId{index.field_id()}];
    definition = {.id = base::IndexId{index.id()},
                  .name = index.name(),
                  .type = index.index_type(),
                  .metric = *metric};
    if (*metric == types::MetricType::kMhJaccard) {
      ASSIGN_OR_RETURN(const index::IndexSpec spec,
                       SpecOfIndex(index, *handover.next->schema));
      definition.minhash = spec.minhash;
    }
  }
  {
    base::MutexLock lock(mutex_);
    handover.open_indexes = open_indexes_;
  }
  for (const internal::SegmentMeta& meta : target.segments()) {
    if (!loaded.Contains(base::PartitionId{meta.partition_id()})) continue;
    RETURN_IF_ERROR(OpenSegmentOf(meta, *now, handover));
  }
  absl::flat_hash_set<base::SegmentId> kept;
  for (const auto& segment : handover.next->sealed) kept.insert(segment->id());
  std::erase_if(handover.open_indexes, [&kept](const auto& entry) {
    return !kept.contains(entry.first);
  });
  // Most of them here, where no record waits.
  handover.told_to = handover.pin.since();
  RETURN_IF_ERROR(
      TellTombstones(handover, std::max(handover.told_to, tail_->clock())));
  for (const auto& segment : handover.opened) segment->PublishDeletes();
  return absl::OkStatus();
}

absl::Status Shard::TellTombstones(Handover& handover,
                                   base::Timestamp upto) const {
  ASSIGN_OR_RETURN(const segment::TombstoneBatches tombstones,
                   tail_->tombstones().Between(handover.told_to, upto));
  for (const auto& segment : handover.opened) {
    for (const auto& batch : tombstones) {
      RETURN_IF_ERROR(segment->Delete(batch->run()));
    }
  }
  handover.told_to = upto;
  return absl::OkStatus();
}

// The segment as it is in the view, or what it is opened from, or what serves
// in its stead.
absl::Status Shard::OpenSegmentOf(const internal::SegmentMeta& meta,
                                  const View& now, Handover& handover) {
  std::shared_ptr<segment::SealedSegment> segment =
      FindById(now.sealed, meta.id());
  if (segment == nullptr) {
    const bool is_unindexed = std::ranges::any_of(
        handover.reply.target().indexes(), [&meta](const auto& index) {
          return index.segment_id() == meta.id() &&
                 index.state() != internal::INDEX_FINISHED;
        });
    // Growing rows are held in memory, written ones are mapped: beyond half of
    // the budget the memory matters more than the speed.
    const bool has_room = deps_.budget.used() < deps_.budget.limit() / 2;
    if (is_unindexed && has_room && KeepInstead(meta, now, *handover.next)) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(segment, OpenSegment(meta, handover));
    handover.opened.push_back(segment);
  }
  OpenIndexesOf(handover, *segment);
  handover.next->sealed.push_back(std::move(segment));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<segment::SealedSegment>> Shard::OpenSegment(
    const internal::SegmentMeta& meta, Handover& handover) const {
  auto segment =
      segment::SealedSegment::Open(deps_.objects, deps_.budget,
                                   {.manifest = meta.manifest().name(),
                                    .manifest_crc32c = meta.manifest().crc32c(),
                                    .schema = handover.next->schema,
                                    .use_mmap = deps_.use_mmap});
  if (!segment.ok()) {
    return base::Annotate(segment.status(), "load segment {}", meta.id());
  }
  RETURN_IF_ERROR(handover.deletes->Apply(base::Timestamp::Max(), **segment));
  return segment;
}

// Data coord has it built again, and tells of that as of any new index.
void Shard::ReportDamaged(const internal::SegmentIndexMeta& index,
                          const absl::Status& status) const {
  struct Call {
    internal::CommitIndexRequest request;
    internal::Empty reply;
  };
  auto call = std::make_shared<Call>();
  call->request.set_attempt_id(index.attempt_id());
  call->request.set_collection_id(index.collection_id());
  call->request.set_segment_id(index.segment_id());
  call->request.set_index_id(index.index_id());
  call->request.set_fail_reason(std::string(base::MessageOf(status)));
  deps_.data_coord.CommitIndex(
      base::OpContext(), call->request, &call->reply,
      [call](const absl::Status& reported) {
        base::LogIfError(reported, "reported again at the next load");
      });
}

// No reason to stop serving: the segment is scanned until there is a new index
// in the place of a damaged one, or room for one that is whole. The log says
// which it was.
void Shard::OpenIndexesOf(Handover& handover, segment::SealedSegment& segment) {
  std::map<base::FieldId, base::IndexId>& open =
      handover.open_indexes[segment.id()];
  std::map<base::FieldId, base::IndexId> wanted;
  for (const auto& index : handover.reply.target().indexes()) {
    if (index.segment_id() != base::ToInt(segment.id()) ||
        index.state() != internal::INDEX_FINISHED) {
      continue;
    }
    const base::FieldId field{index.field_id()};
    const base::IndexId id{index.index_id()};
    wanted[field] = id;
    const auto it = open.find(field);
    if (it != open.end() && it->second == id) continue;
    std::vector<std::string> files;
    for (const auto& file : index.files()) files.push_back(file.name());
    const absl::Status loaded = segment.LoadIndex(field, files);
    if (!loaded.ok()) {
      LOG_ERROR("index {} of segment {} is not used: {}", index.index_id(),
                index.segment_id(), base::MessageOf(loaded));
      if (base::CodeOf(loaded) == base::ErrorCode::kDataIntegrity ||
          storage::IsObjectNotFound(loaded)) {
        ReportDamaged(index, loaded);
      } else {
        handover.lacks_index = true;
      }
      continue;
    }
    open[field] = id;
  }
  for (auto it = open.begin(); it != open.end();) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    segment.DropIndex(it->first);
    it = open.erase(it);
  }
}

// Between two records: nothing is added or deleted while this runs.
absl::Status Shard::Install(Handover& handover) {
  {
    // The tail's segments may be another shard's by now.
    base::MutexLock lock(mutex_);
    if (left_) return absl::OkStatus();
  }
  const internal::Target& target = handover.reply.target();
  RETURN_IF_ERROR(TellTombstones(handover, base::Timestamp::Max()));
  // The target was fetched before this boundary.
  const auto is_dropped = [this](const auto& segment) {
    return tail_->IsDropped(segment->partition());
  };
  std::erase_if(handover.next->sealed, is_dropped);
  std::erase_if(handover.next->unindexed, is_dropped);
  absl::flat_hash_set<std::int64_t> written(target.gone_segment_ids().begin(),
                                            target.gone_segment_ids().end());
  for (const auto& segment : target.segments()) written.insert(segment.id());
  std::vector<base::SegmentId> left;
  const std::shared_ptr<const View> now = view();
  const auto stays = [&handover](const auto& segment) {
    return std::ranges::count(handover.next->unindexed, segment) != 0;
  };
  for (const auto& unindexed : now->unindexed) {
    if (!stays(unindexed)) left.push_back(unindexed->id());
  }
  for (const auto& growing : now->growing) {
    if (stays(growing)) continue;
    // Of a segment that the checkpoint has passed the record may be gone
    // already, replaced by one that is in the target.
    const bool is_passed = !tail_->IsOpen(growing->id()) &&
                           growing->max_at().value <= target.channel().clock();
    if (is_passed || written.contains(base::ToInt(growing->id()))) {
      left.push_back(growing->id());
    } else {
      handover.next->growing.push_back(growing);
    }
  }
  {
    base::MutexLock lock(mutex_);
    view_ = handover.next;
    open_indexes_ = std::move(handover.open_indexes);
    serving_ = true;
  }
  for (const base::SegmentId id : left) {
    tail_->ReleaseSegment(id, segment::TailUser::kQueryNode);
  }
  return absl::OkStatus();
}

// Once, however many refreshes lack an index meanwhile.
void Shard::RefreshLater() {
  {
    base::MutexLock lock(mutex_);
    if (std::exchange(refresh_due_, true)) return;
  }
  deps_.timer.After(kIndexRetryDelay, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    {
      base::MutexLock lock(self->mutex_);
      self->refresh_due_ = false;
      if (!self->serving_) return;  // released
    }
    self->Refresh([weak](const absl::Status& status) {
      const auto shard = weak.lock();
      if (!status.ok() && shard != nullptr) shard->RefreshLater();
    });
  });
}

void Shard::FinishRefresh(const absl::Status& status) {
  std::vector<base::Done> finished;
  bool again = false;
  {
    base::MutexLock lock(mutex_);
    finished.swap(running_);
    again = !waiting_.empty();
    refreshing_ = again;
  }
  for (base::Done& done : finished) done(status);
  if (again) {
    deps_.background.Submit(
        [self = shared_from_this()] { self->StartRefresh(); });
  }
}

}  // namespace elanus::worker
