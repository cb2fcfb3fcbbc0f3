#include "worker/data_node/data_node.h"

#include <chrono>
#include <utility>
#include <vector>

#include "base/join.h"
#include "base/log.h"
#include "worker/channel_spec.h"

namespace elanus::worker {
namespace {

constexpr std::chrono::milliseconds kIdlePeriod{5000};
// Each move is a transaction: a thousand idle collections must not make a
// thousand of them at once.
constexpr std::size_t kIdleMovesMax = 16;

}  // namespace

DataNode::DataNode(const Dependencies& dependencies) : deps_(dependencies) {
  deps_.timer.After(kIdlePeriod, [this] { MoveIdleCheckpoints(); });
}

DataNode::~DataNode() = default;

void DataNode::Stop(base::Done done) {
  Writers writers;
  {
    base::MutexLock lock(mutex_);
    stopped_ = true;
    writers.swap(writers_);
  }
  const auto join = base::Join::Make(writers.size(), std::move(done));
  for (const auto& [key, writer] : writers) {
    writer->Stop(base::Join::Part(join));
    deps_.tails.Unwatch(key);
  }
}

void DataNode::WatchChannel(const base::OpContext&,
                            const internal::WatchChannelRequest& request,
                            internal::Empty*, base::Done done) {
  deps_.background.Submit([this, &request, done = std::move(done)]() mutable {
    done(Watch(request.assignment()));
  });
}

absl::Status DataNode::Watch(const internal::ChannelAssignment& assignment) {
  const segment::VchannelKey key =
      KeyOf(assignment.channel().collection_id(), assignment.channel().shard());
  {
    base::MutexLock lock(mutex_);
    if (stopped_ || writers_.contains(key)) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(segment::VchannelSpec spec, SpecOf(assignment));
  ASSIGN_OR_RETURN(std::shared_ptr<segment::VchannelTail> tail,
                   deps_.tails.Watch(std::move(spec)));
  auto writer = std::make_shared<ChannelWriter>(
      ChannelWriter::Dependencies{.data_coord = deps_.data_coord,
                                  .objects = deps_.objects,
                                  .background = deps_.background,
                                  .timer = deps_.timer},
      assignment, std::move(tail));
  bool is_new = false;
  {
    base::MutexLock lock(mutex_);
    is_new = !stopped_ && writers_.emplace(key, writer).second;
  }
  // Else it was watched or stopped meanwhile.
  if (is_new) {
    writer->Start();
  } else {
    deps_.tails.Unwatch(key);
  }
  return absl::OkStatus();
}

void DataNode::UnwatchChannel(const base::OpContext&,
                              const internal::ShardRequest& request,
                              internal::Empty*, base::Done done) {
  const segment::VchannelKey key =
      KeyOf(request.collection_id(), request.shard());
  std::shared_ptr<ChannelWriter> writer;
  {
    base::MutexLock lock(mutex_);
    const auto it = writers_.find(key);
    if (it != writers_.end()) {
      writer = it->second;
      writers_.erase(it);
    }
  }
  if (writer == nullptr) return done(absl::OkStatus());
  deps_.background.Submit(
      [this, key, writer, done = std::move(done)]() mutable {
        deps_.tails.Unwatch(key);
        writer->Stop(std::move(done));
      });
}

void DataNode::GetChannelStates(
    const base::OpContext&, const internal::GetChannelStatesRequest& request,
    internal::GetChannelStatesReply* reply, base::Done done) {
  std::vector<std::shared_ptr<ChannelWriter>> writers;
  {
    base::MutexLock lock(mutex_);
    for (const auto& [key, writer] : writers_) {
      if (request.collection_id() == 0 ||
          base::ToInt(key.collection) == request.collection_id()) {
        writers.push_back(writer);
      }
    }
  }
  for (const auto& writer : writers) *reply->add_channels() = writer->State();
  done(absl::OkStatus());
}

void DataNode::WaitApplied(const base::OpContext& ctx,
                           const internal::WaitAppliedRequest& request,
                           internal::WaitAppliedReply* reply, base::Done done) {
  auto writer = FindWriter(request.collection_id(), request.shard());
  if (!writer.ok()) return done(writer.status());
  const auto position = storage::Position::Decode(request.position());
  if (!position.ok()) return done(position.status());
  segment::VchannelTail& tail = (*writer)->tail();
  tail.WaitFor(*position, ctx,
               [writer = *std::move(writer), reply,
                done = std::move(done)](absl::Status status) mutable {
                 if (status.ok()) *reply->mutable_state() = writer->State();
                 done(std::move(status));
               });
}

absl::StatusOr<std::shared_ptr<ChannelWriter>> DataNode::FindWriter(
    std::int64_t collection_id, std::int32_t shard) const {
  base::MutexLock lock(mutex_);
  const auto it = writers_.find(KeyOf(collection_id, shard));
  if (it == writers_.end()) {
    return base::Error(base::ErrorCode::kChannelNotFound,
                       "channel not found: collection {}, shard {}",
                       collection_id, shard);
  }
  return it->second;
}

void DataNode::MoveIdleCheckpoints() {
  std::vector<std::shared_ptr<ChannelWriter>> writers;
  {
    base::MutexLock lock(mutex_);
    if (stopped_) return;
    // In turn, so that none is left out for ever.
    auto it = writers_.upper_bound(last_moved_);
    for (std::size_t i = 0;
         i < writers_.size() && writers.size() < kIdleMovesMax; ++i, ++it) {
      if (it == writers_.end()) it = writers_.begin();
      if (it->second->IsBehind()) writers.push_back(it->second);
    }
    if (!writers.empty()) last_moved_ = writers.back()->tail().key();
  }
  for (const auto& writer : writers) writer->MoveIfIdle();
  deps_.timer.After(kIdlePeriod, [this] { MoveIdleCheckpoints(); });
}

}  // namespace elanus::worker
