// Closing segments on demand, and the questions about segments and rows.
#include <algorithm>
#include <utility>

#include "base/join.h"
#include "coordinator/data/data_coordinator.h"
#include "segment/record/record_builder.h"

namespace elanus::coordinator {

struct DataCoordinator::FlushRun {
  base::OpContext ctx;
  CollectionRef collection;
  internal::FlushReply* reply = nullptr;
  base::Done done;
  internal::AllocTimestampRequest time_request;
  internal::AllocTimestampReply time;

  struct Shard {
    internal::WaitAppliedRequest request;
    internal::WaitAppliedReply reply;
  };
  std::vector<Shard> shards;
};

// Closes the collection's open segments in four steps: a timestamp, a
// CloseSegments record in each vchannel, the data node's word that it has
// applied them, and the list of what was closed.
void DataCoordinator::Flush(const base::OpContext& ctx,
                            const internal::CollectionIdRequest& request,
                            internal::FlushReply* reply, base::Done done) {
  auto collection = GetCollection(request.collection_id());
  if (!collection.ok()) return done(collection.status());
  auto run = std::make_shared<FlushRun>();
  run->ctx = ctx;
  run->collection = *std::move(collection);
  run->reply = reply;
  run->done = std::move(done);
  run->shards.resize(
      static_cast<std::size_t>(run->collection->vchannels_size()));
  run->time_request.set_count(1);
  deps_.root_coord.AllocTimestamp(ctx, run->time_request, &run->time,
                                  [this, run](absl::Status status) {
                                    if (!status.ok()) {
                                      return run->done(std::move(status));
                                    }
                                    AppendCloses(run);
                                  });
}

void DataCoordinator::AppendCloses(std::shared_ptr<FlushRun> run) {
  const base::Timestamp now{run->time.first()};
  run->reply->set_flush_ts(now.value);
  run->reply->set_seal_time_s(now.ms() / 1000);
  const auto join =
      base::Join::Make(run->shards.size(), [this, run](absl::Status status) {
        if (!status.ok()) return run->done(std::move(status));
        GatherClosed(run);
      });
  for (std::size_t i = 0; i < run->shards.size(); ++i) {
    const internal::VChannelMeta& vchannel =
        run->collection->vchannels(static_cast<int>(i));
    FlushRun::Shard& shard = run->shards[i];
    shard.request.set_collection_id(run->collection->id());
    shard.request.set_shard(vchannel.shard());
    CloseSegments(*run->collection, vchannel, {}, now,
                  [this, run, &shard,
                   join](absl::StatusOr<storage::AppendResult> appended) {
                    if (!appended.ok()) return join->Finish(appended.status());
                    shard.request.set_position(appended->next.Encode());
                    deps_.data_node.WaitApplied(run->ctx, shard.request,
                                                &shard.reply,
                                                base::Join::Part(join));
                  });
  }
}

void DataCoordinator::CloseSegments(const internal::CollectionMeta& collection,
                                    const internal::VChannelMeta& vchannel,
                                    std::vector<base::PartitionId> partitions,
                                    base::Timestamp proposed,
                                    storage::AppendDone done) {
  log_writer_.Append(
      {.topic = vchannel.topic(),
       .vchannel = {base::CollectionId{collection.id()},
                    static_cast<std::uint32_t>(vchannel.shard())},
       .proposed = proposed,
       .schema_version = collection.schema_version()},
      [&partitions](segment::RecordHeader header) {
        return segment::BuildCloseSegments(header, partitions);
      },
      std::move(done));
}

void DataCoordinator::GatherClosed(std::shared_ptr<FlushRun> run) {
  absl::flat_hash_set<std::int64_t> written;
  for (const Ref<internal::SegmentMeta>& segment :
       LiveSegments(run->collection->id())) {
    written.insert(segment->message.id());
    run->reply->add_segment_ids(segment->message.id());
  }
  for (const FlushRun::Shard& shard : run->shards) {
    internal::ChannelPosition* position = run->reply->add_positions();
    position->set_shard(shard.request.shard());
    position->set_position(shard.request.position());
    for (const auto& growing : shard.reply.state().growing()) {
      if (!growing.closed() || written.contains(growing.segment_id())) continue;
      run->reply->add_segment_ids(growing.segment_id());
      run->reply->add_flushing_ids(growing.segment_id());
    }
  }
  run->done(absl::OkStatus());
}

std::vector<Ref<internal::SegmentMeta>> DataCoordinator::LiveSegments(
    std::int64_t collection_id) const {
  auto segments = meta_.List<internal::SegmentMeta>(
      keys::SegmentsOf(base::CollectionId{collection_id}));
  std::erase_if(segments, [](const Ref<internal::SegmentMeta>& segment) {
    return segment->message.state() != internal::SEGMENT_FLUSHED;
  });
  return segments;
}

namespace {

// Asks the data node for the growing segments of a collection (0 = of all) and
// gives them to `use`.
struct StatesCall {
  internal::GetChannelStatesRequest request;
  internal::GetChannelStatesReply reply;
};

template <typename Use>
void WithChannelStates(role::DataNode& data_node, const base::OpContext& ctx,
                       std::int64_t collection_id, base::Done done, Use use) {
  auto call = std::make_shared<StatesCall>();
  call->request.set_collection_id(collection_id);
  data_node.GetChannelStates(
      ctx, call->request, &call->reply,
      [call, done = std::move(done),
       use = std::move(use)](absl::Status status) mutable {
        if (status.ok()) use(call->reply);
        done(std::move(status));
      });
}

}  // namespace

// Flushed is what the checkpoints have passed; the clock of a checkpoint tells
// it, so that the answer is the same after a restart.
bool DataCoordinator::IsFlushed(const FlushWaits::Question& question) const {
  const auto channels = meta_.List<internal::ChannelMeta>(
      keys::ChannelsOf(base::CollectionId{question.collection}));
  return std::ranges::all_of(
      channels, [&question](const Ref<internal::ChannelMeta>& channel) {
        return channel->message.clock() >= question.flush_ts;
      });
}

// Clients that send no time ask about segments: those that nobody holds
// unwritten.
void DataCoordinator::GetFlushState(
    const base::OpContext& ctx, const internal::GetFlushStateRequest& request,
    internal::GetFlushStateReply* reply, base::Done done) {
  if (request.collection_id() != 0 && request.flush_ts() != 0) {
    flush_waits_.Ask(
        ctx,
        {.collection = request.collection_id(), .flush_ts = request.flush_ts()},
        [reply, done = std::move(done)](bool is_flushed) mutable {
          reply->set_flushed(is_flushed);
          done(absl::OkStatus());
        });
    return;
  }
  reply->set_flushed(true);
  absl::flat_hash_set<std::int64_t> asked(request.segment_ids().begin(),
                                          request.segment_ids().end());
  for (const Ref<internal::SegmentMeta>& segment :
       meta_.List<internal::SegmentMeta>(keys::kSegments)) {
    asked.erase(segment->message.id());
  }
  WithChannelStates(
      deps_.data_node, ctx, request.collection_id(), std::move(done),
      [asked = std::move(asked),
       reply](const internal::GetChannelStatesReply& states) {
        for (const internal::ChannelState& channel : states.channels()) {
          for (const auto& growing : channel.growing()) {
            if (asked.contains(growing.segment_id())) {
              reply->set_flushed(false);
            }
          }
        }
      });
}

void DataCoordinator::GetSegments(const base::OpContext& ctx,
                                  const internal::CollectionIdRequest& request,
                                  internal::GetSegmentsReply* reply,
                                  base::Done done) {
  absl::flat_hash_set<std::int64_t> written;
  for (const Ref<internal::SegmentMeta>& segment :
       LiveSegments(request.collection_id())) {
    *reply->add_segments()->mutable_meta() = segment->message;
    written.insert(segment->message.id());
  }
  WithChannelStates(
      deps_.data_node, ctx, request.collection_id(), std::move(done),
      [written = std::move(written),
       reply](const internal::GetChannelStatesReply& states) {
        for (const internal::ChannelState& channel : states.channels()) {
          for (const auto& growing : channel.growing()) {
            if (written.contains(growing.segment_id())) continue;
            internal::SegmentInfo* info = reply->add_segments();
            info->set_growing(true);
            info->set_closed(growing.closed());
            internal::SegmentMeta* meta = info->mutable_meta();
            meta->set_id(growing.segment_id());
            meta->set_collection_id(channel.collection_id());
            meta->set_partition_id(growing.partition_id());
            meta->set_shard(channel.shard());
            meta->set_rows(growing.rows());
            meta->set_bytes(growing.bytes());
          }
        }
      });
}

void DataCoordinator::GetStatistics(
    const base::OpContext& ctx, const internal::GetStatisticsRequest& request,
    internal::GetStatisticsReply* reply, base::Done done) {
  struct Call {
    internal::CollectionIdRequest request;
    internal::GetSegmentsReply reply;
  };
  auto call = std::make_shared<Call>();
  call->request.set_collection_id(request.collection_id());
  absl::flat_hash_set<std::int64_t> partitions(request.partition_ids().begin(),
                                               request.partition_ids().end());
  GetSegments(ctx, call->request, &call->reply,
              [call, partitions = std::move(partitions), reply,
               done = std::move(done)](absl::Status status) mutable {
                std::int64_t rows = 0;
                for (const auto& segment : call->reply.segments()) {
                  if (partitions.empty() ||
                      partitions.contains(segment.meta().partition_id())) {
                    rows += segment.meta().rows();
                  }
                }
                reply->set_rows(rows);
                done(std::move(status));
              });
}

}  // namespace elanus::coordinator
