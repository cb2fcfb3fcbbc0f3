#include "worker/query_node/shard.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace elanus::worker {

Shard::Shard(const Dependencies& dependencies,
             std::shared_ptr<segment::VchannelTail> tail,
             std::shared_ptr<const types::Schema> schema)
    : deps_(dependencies), tail_(std::move(tail)) {
  auto view = std::make_shared<View>();
  view->schema = std::move(schema);
  view_ = std::move(view);
}

bool Shard::Join() {
  {
    base::MutexLock lock(mutex_);
    if (joined_) return false;
    joined_ = true;
  }
  tail_->AddListener(
      segment::TailUser::kQueryNode, shared_from_this(),
      [self = shared_from_this()](const segment::VchannelTail::Joined& joined) {
        self->ChangeView(
            [&joined](View& view) { view.growing = *joined.growing; });
      });
  return true;
}

void Shard::Leave() {
  {
    base::MutexLock lock(mutex_);
    left_ = true;
    serving_ = false;
  }
  tail_->RemoveListener(segment::TailUser::kQueryNode, nullptr);
}

void Shard::SetPartitions(LoadedPartitions partitions) {
  base::MutexLock lock(mutex_);
  partitions_ = std::move(partitions);
}

LoadedPartitions Shard::partitions() const {
  base::MutexLock lock(mutex_);
  return partitions_;
}

bool Shard::is_serving() const {
  base::MutexLock lock(mutex_);
  return serving_;
}

std::shared_ptr<const View> Shard::view() const {
  base::MutexLock lock(mutex_);
  return view_;
}

template <typename Change>
void Shard::ChangeView(Change change) {
  auto changed = std::make_shared<View>(*view());
  change(*changed);
  base::MutexLock lock(mutex_);
  view_ = std::move(changed);
}

void Shard::OnTombstones(std::span<const segment::TombstoneRun> runs) {
  const std::shared_ptr<const View> now = view();
  for (const segment::TombstoneRun& run : runs) {
    for (const auto& sealed : now->sealed) {
      const absl::Status deleted = sealed->Delete(run);
      if (!deleted.ok()) {
        // A damaged key column: reads of the segment fail by name as well.
        LOG_ERROR("segment {}: {}", base::ToInt(sealed->id()),
                  base::MessageOf(deleted));
      }
    }
  }
}

void Shard::OnSegmentOpened(
    const std::shared_ptr<segment::GrowingSegment>& segment) {
  ChangeView([&segment](View& view) { view.growing.push_back(segment); });
}

void Shard::OnPartitionDropped(base::PartitionId partition) {
  const auto is_in = [partition](const auto& segment) {
    return segment->partition() == partition;
  };
  ChangeView([&is_in](View& view) {
    std::erase_if(view.growing, is_in);
    std::erase_if(view.unindexed, is_in);
    std::erase_if(view.sealed, is_in);
  });
}

void Shard::OnCollectionDropped() {
  ChangeView([](View& view) {
    view.growing.clear();
    view.unindexed.clear();
    view.sealed.clear();
  });
}

void Shard::DescribeSegments(internal::GetQuerySegmentInfoReply* reply) const {
  const std::shared_ptr<const View> now = view();
  const LoadedPartitions loaded = partitions();
  const auto describe = [&](const segment::Segment& segment, bool is_growing) {
    if (!loaded.Contains(segment.partition())) return;
    internal::QuerySegmentInfo* info = reply->add_segments();
    info->set_segment_id(base::ToInt(segment.id()));
    info->set_collection_id(base::ToInt(tail_->key().collection));
    info->set_partition_id(base::ToInt(segment.partition()));
    info->set_rows(static_cast<std::int64_t>(segment.rows()));
    info->set_memory_bytes(static_cast<std::int64_t>(segment.memory_bytes()));
    info->set_growing(is_growing);
    info->set_shard(static_cast<std::int32_t>(tail_->key().shard));
    for (const auto& [field, definition] : now->indexes) {
      if (segment.vector_index(field) == nullptr) continue;
      info->set_index_name(definition.name);
      info->set_index_id(base::ToInt(definition.id));
    }
  };
  for (const auto& segment : now->sealed) describe(*segment, false);
  for (const auto& segment : now->unindexed) describe(*segment, false);
  for (const auto& segment : now->growing) describe(*segment, true);
}

}  // namespace elanus::worker
