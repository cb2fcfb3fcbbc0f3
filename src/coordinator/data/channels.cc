// The vchannels of a collection: made, followed, dropped; and what a data node
// or a query node needs to serve one.
#include <utility>

#include "base/join.h"
#include "base/log.h"
#include "coordinator/data/data_coordinator.h"

namespace elanus::coordinator {
namespace {

// The index as far as it is: finished, or still to be built if `is_built` says
// that somebody will; nothing if that has failed.
void AddIndexOf(const DataTables& tables, const internal::SegmentMeta& segment,
                const internal::IndexMeta& index, bool is_built,
                internal::Target* target) {
  const auto task = tables.segment_indexes.find(keys::SegmentIndex(
      base::CollectionId{segment.collection_id()},
      base::SegmentId{segment.id()}, base::IndexId{index.id()}));
  if (task != tables.segment_indexes.end()) {
    const internal::SegmentIndexMeta& known = task->second->message;
    if (known.state() == internal::INDEX_FINISHED ||
        (is_built && known.state() != internal::INDEX_FAILED)) {
      *target->add_indexes() = known;
    }
  } else if (is_built) {  // its task is about to be made
    internal::SegmentIndexMeta& waiting = *target->add_indexes();
    waiting.set_collection_id(segment.collection_id());
    waiting.set_segment_id(segment.id());
    waiting.set_index_id(index.id());
    waiting.set_field_id(index.field_id());
  }
}

}  // namespace

void DataCoordinator::WatchCollection(
    const base::OpContext&, const internal::WatchCollectionRequest& request,
    internal::Empty*, base::Done done) {
  {
    base::MutexLock lock(mutex_);
    collections_[request.collection().id()] =
        std::make_shared<const internal::CollectionMeta>(request.collection());
  }
  deps_.background.Submit(
      [this, id = request.collection().id(), done = std::move(done)]() mutable {
        const CollectionRef collection = FindCollection(id);
        absl::Status made = MakeChannels(*collection);
        if (!made.ok()) return done(std::move(made));
        std::vector<internal::ChannelAssignment> assignments;
        for (const Ref<internal::ChannelMeta>& channel :
             meta_.List<internal::ChannelMeta>(
                 keys::ChannelsOf(base::CollectionId{id}))) {
          if (channel->message.checkpoint().empty()) continue;
          assignments.push_back(AssignmentOf(*collection, channel->message));
        }
        WatchChannels(assignments, std::move(done));
      });
}

// Twice in the life of a collection: before its CreateCollection records are
// appended, without start positions, so that nobody truncates the log under
// them (an empty checkpoint holds the whole topic); and behind that, with them.
absl::Status DataCoordinator::MakeChannels(
    const internal::CollectionMeta& collection) {
  for (const internal::VChannelMeta& vchannel : collection.vchannels()) {
    const std::string key =
        keys::Channel(base::CollectionId{collection.id()}, vchannel.shard());
    const Ref<internal::ChannelMeta> known =
        meta_.Find<internal::ChannelMeta>(key);
    if (known != nullptr && !known->message.checkpoint().empty()) continue;
    internal::ChannelMeta channel;
    channel.set_collection_id(collection.id());
    channel.set_shard(vchannel.shard());
    channel.set_topic(vchannel.topic());
    channel.set_checkpoint(vchannel.start_position());
    channel.set_clock(collection.created_at());
    channel.set_owner_epoch(base::ToInt(deps_.epoch));
    MetaChange change;
    if (known == nullptr) {
      change.ExpectAbsent(key);
    } else {
      change.Expect(*known);
    }
    change.Put(key, std::move(channel));
    ASSIGN_OR_RETURN(const bool done, meta_.Commit(std::move(change)));
    if (!done) {
      return base::Error(base::ErrorCode::kUnexpected,
                         "channel {} was changed by another owner", key);
    }
  }
  return absl::OkStatus();
}

internal::ChannelAssignment DataCoordinator::AssignmentOf(
    const internal::CollectionMeta& collection,
    const internal::ChannelMeta& channel) const {
  internal::ChannelAssignment assignment;
  *assignment.mutable_collection() = collection;
  *assignment.mutable_channel() = channel;
  for (const Ref<internal::SegmentMeta>& segment :
       meta_.List<internal::SegmentMeta>(
           keys::SegmentsOf(base::CollectionId{collection.id()}))) {
    if (segment->message.shard() != channel.shard()) continue;
    internal::ChannelAssignment::Written* written = assignment.add_written();
    written->set_segment_id(segment->message.id());
    written->set_synced_to(segment->message.synced_to());
  }
  return assignment;
}

void DataCoordinator::WatchChannels(
    const std::vector<internal::ChannelAssignment>& channels, base::Done done) {
  struct Call {
    internal::WatchChannelRequest request;
    internal::Empty reply;
  };
  const auto join = base::Join::Make(channels.size(), std::move(done));
  for (const internal::ChannelAssignment& channel : channels) {
    auto call = std::make_shared<Call>();
    *call->request.mutable_assignment() = channel;
    deps_.data_node.WatchChannel(
        base::OpContext(), call->request, &call->reply,
        [call, join](absl::Status status) { join->Finish(status); });
  }
}

void DataCoordinator::DropCollection(
    const base::OpContext&, const internal::CollectionIdRequest& request,
    internal::Empty*, base::Done done) {
  struct Call {
    internal::ShardRequest request;
    internal::Empty reply;
  };
  const std::int64_t id = request.collection_id();
  const auto channels = meta_.List<internal::ChannelMeta>(
      keys::ChannelsOf(base::CollectionId{id}));
  auto then_delete = [this, id,
                      done = std::move(done)](absl::Status status) mutable {
    if (!status.ok()) return done(std::move(status));
    InBackground([this, id] { return DeleteRecords(id); }, std::move(done));
  };
  const auto join = base::Join::Make(channels.size(), std::move(then_delete));
  for (const Ref<internal::ChannelMeta>& channel : channels) {
    auto call = std::make_shared<Call>();
    call->request.set_collection_id(id);
    call->request.set_shard(channel->message.shard());
    deps_.data_node.UnwatchChannel(
        base::OpContext(), call->request, &call->reply,
        [call, join](absl::Status status) { join->Finish(status); });
  }
}

// The channels go first: every commit of a data node expects its channel, so
// that none can follow.
absl::Status DataCoordinator::DeleteRecords(std::int64_t collection_id) {
  const base::CollectionId id{collection_id};
  for (const Ref<internal::ChannelMeta>& channel :
       meta_.List<internal::ChannelMeta>(keys::ChannelsOf(id))) {
    log_writer_.Forget(
        {id, static_cast<std::uint32_t>(channel->message.shard())});
  }
  RETURN_IF_ERROR(DeleteAll<internal::ChannelMeta>(keys::ChannelsOf(id)));
  // A call that is repeated, since the rest fails, finds no channels any more.
  if (const CollectionRef collection = FindCollection(collection_id)) {
    for (const internal::VChannelMeta& vchannel : collection->vchannels()) {
      TruncateLog(vchannel.topic());
    }
  }
  RETURN_IF_ERROR(
      DeleteAll<internal::SegmentIndexMeta>(keys::SegmentIndexesOf(id)));
  RETURN_IF_ERROR(DeleteAll<internal::IndexMeta>(keys::IndexesOf(id)));
  RETURN_IF_ERROR(DeleteAll<internal::SegmentMeta>(keys::SegmentsOf(id)));
  {
    base::MutexLock lock(mutex_);
    collections_.erase(collection_id);
  }
  return absl::OkStatus();
}

void DataCoordinator::DropPartition(const base::OpContext&,
                                    const internal::PartitionIdRequest& request,
                                    internal::Empty*, base::Done done) {
  InBackground(
      [this, collection = request.collection_id(),
       partition = request.partition_id()]() -> absl::Status {
        RETURN_IF_ERROR(DropSegmentsOf(collection, partition));
        for (const Ref<internal::ChannelMeta>& channel :
             meta_.List<internal::ChannelMeta>(
                 keys::ChannelsOf(base::CollectionId{collection}))) {
          NotifyTarget(collection, channel->message.shard());
        }
        return absl::OkStatus();
      },
      std::move(done));
}

// The records stay until the checkpoint has passed the segments' close, so
// that replay goes on skipping their rows; files and indexes are garbage now.
absl::Status DataCoordinator::DropSegmentsOf(std::int64_t collection_id,
                                             std::int64_t partition_id) {
  for (const Ref<internal::SegmentMeta>& segment :
       LiveSegments(collection_id)) {
    if (segment->message.partition_id() != partition_id) continue;
    internal::SegmentMeta dropped = segment->message;
    dropped.set_state(internal::SEGMENT_DROPPED);
    MetaChange change;
    change.Expect(*segment);
    change.Put(segment->key, std::move(dropped));
    for (const Ref<internal::SegmentIndexMeta>& index :
         meta_.List<internal::SegmentIndexMeta>(
             keys::SegmentIndexesOf(base::CollectionId{collection_id},
                                    base::SegmentId{segment->message.id()}))) {
      change.Delete<internal::SegmentIndexMeta>(index->key);
    }
    ASSIGN_OR_RETURN(const bool done, meta_.Commit(std::move(change)));
    // A compaction replaced it meanwhile; what it made is found on the next
    // round of the saga.
    if (!done) return DropSegmentsOf(collection_id, partition_id);
  }
  return absl::OkStatus();
}

void DataCoordinator::GetTarget(const base::OpContext&,
                                const internal::ShardRequest& request,
                                internal::GetTargetReply* reply,
                                base::Done done) {
  const base::CollectionId id{request.collection_id()};
  const std::string channel_key = keys::Channel(id, request.shard());
  const bool found = meta_.ReadTables([&](const DataTables& tables) {
    const auto channel = tables.channels.find(channel_key);
    if (channel == tables.channels.end()) return false;
    internal::Target& target = *reply->mutable_target();
    target.set_revision(static_cast<std::int64_t>(channel->second->revision));
    *target.mutable_channel() = channel->second->message;
    std::vector<Ref<internal::SegmentMeta>> live;
    for (const auto& segment : DataMeta::ListIn<internal::SegmentMeta>(
             tables, keys::SegmentsOf(id))) {
      if (segment->message.shard() != request.shard()) continue;
      if (segment->message.state() != internal::SEGMENT_FLUSHED) {
        target.add_gone_segment_ids(segment->message.id());
        continue;
      }
      live.push_back(segment);
      *target.add_segments() = segment->message;
    }
    for (const auto& index :
         DataMeta::ListIn<internal::IndexMeta>(tables, keys::IndexesOf(id))) {
      *target.add_index_defs() = index->message;
      for (const auto& segment : live) {
        const bool is_built = deps_.index_node != nullptr &&
                              NeedsBuild(index->message, segment->message);
        AddIndexOf(tables, segment->message, index->message, is_built, &target);
      }
    }
    return true;
  });
  done(found ? absl::OkStatus()
             : base::Error(base::ErrorCode::kChannelNotFound,
                           "channel not found: collection {}, shard {}",
                           request.collection_id(), request.shard()));
}

void DataCoordinator::ListAssignments(const base::OpContext&,
                                      const internal::Empty&,
                                      internal::ListAssignmentsReply* reply,
                                      base::Done done) {
  for (const Ref<internal::ChannelMeta>& channel :
       meta_.List<internal::ChannelMeta>(keys::kChannels)) {
    const CollectionRef collection =
        FindCollection(channel->message.collection_id());
    if (collection == nullptr) continue;
    *reply->add_assignments() = AssignmentOf(*collection, channel->message);
  }
  done(absl::OkStatus());
}

void DataCoordinator::GetAssignment(const base::OpContext&,
                                    const internal::ShardRequest& request,
                                    internal::ListAssignmentsReply* reply,
                                    base::Done done) {
  const CollectionRef collection = FindCollection(request.collection_id());
  const Ref<internal::ChannelMeta> channel =
      meta_.Find<internal::ChannelMeta>(keys::Channel(
          base::CollectionId{request.collection_id()}, request.shard()));
  if (collection == nullptr || channel == nullptr) {
    return done(base::Error(base::ErrorCode::kChannelNotFound,
                            "channel not found: collection {}, shard {}",
                            request.collection_id(), request.shard()));
  }
  *reply->add_assignments() = AssignmentOf(*collection, channel->message);
  done(absl::OkStatus());
}

DataCoordinator::CollectionRef DataCoordinator::FindCollection(
    std::int64_t collection_id) const {
  base::MutexLock lock(mutex_);
  const auto it = collections_.find(collection_id);
  return it == collections_.end() ? nullptr : it->second;
}

absl::StatusOr<DataCoordinator::CollectionRef> DataCoordinator::GetCollection(
    std::int64_t collection_id) const {
  CollectionRef collection = FindCollection(collection_id);
  if (collection == nullptr) {
    return base::Error(base::ErrorCode::kCollectionNotFound,
                       "collection not found[collection={}]", collection_id);
  }
  return collection;
}

}  // namespace elanus::coordinator
