#include "coordinator/query/collection_load.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace elanus::coordinator {
namespace {

using base::ErrorCode;

// Fewer failed tries in a row may be chance, and nobody is told.
constexpr int kFailuresToTell = 3;

absl::Status NotLoaded(base::CollectionId id) {
  return base::Error(ErrorCode::kCollectionNotLoaded,
                     "collection not loaded[collection={}]", base::ToInt(id));
}

void AnswerAll(std::vector<base::Done> waiters, const absl::Status& status) {
  for (base::Done& done : waiters) done(status);
}

}  // namespace

struct CollectionLoad::LoadCall {
  std::uint64_t generation = 0;
  internal::ShardRequest where;
  internal::ListAssignmentsReply found;
  internal::LoadShardRequest request;
  internal::Empty reply;
};

// A refresh or a release.
struct CollectionLoad::ShardCall {
  internal::RefreshShardRequest refresh;
  internal::ReleaseShardRequest release;
  internal::Empty reply;
};

CollectionLoad::CollectionLoad(const QueryDeps& deps, base::CollectionId id,
                               std::vector<QueryNodeRef> nodes)
    : deps_(deps), id_(id), nodes_(std::move(nodes)) {
  shards_.resize(nodes_.size());
}

void CollectionLoad::SetWish(internal::LoadMeta wish) {
  {
    base::MutexLock lock(mutex_);
    if (wish_.has_value() &&
        wish_->SerializeAsString() == wish.SerializeAsString()) {
      return;
    }
    wish_ = std::move(wish);
    ++generation_;
    fail_reason_.clear();
    for (Shard& shard : shards_) {
      shard.waiting = false;
      shard.failures = 0;
      shard.retry = std::chrono::milliseconds{0};
    }
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) Pump(i);
}

std::optional<internal::LoadMeta> CollectionLoad::wish() const {
  base::MutexLock lock(mutex_);
  return wish_;
}

void CollectionLoad::Release(base::Done done) {
  if (nodes_.empty()) {
    done(absl::OkStatus());
    return;
  }
  {
    base::MutexLock lock(mutex_);
    wish_.reset();
    ++generation_;
    releases_.push_back(std::move(done));
  }
  // The last shard's answer may drop the last other reference.
  const std::shared_ptr<CollectionLoad> self = shared_from_this();
  for (std::size_t i = 0; i < nodes_.size(); ++i) Pump(i);
}

void CollectionLoad::Refresh(std::int32_t shard, base::Done done) {
  const auto i = static_cast<std::size_t>(shard);
  {
    base::MutexLock lock(mutex_);
    if (wish_.has_value() && i < shards_.size()) {
      shards_[i].refreshes.push_back(std::exchange(done, nullptr));
    }
  }
  // Still here: nothing is loaded, so there is nothing to refresh.
  if (done) return done(absl::OkStatus());
  Pump(i);
}

void CollectionLoad::Pump(std::size_t shard) {
  enum class Next { kNothing, kLoad, kRefresh, kRelease };
  Next next = Next::kNothing;
  std::vector<base::Done> refreshes;
  std::vector<base::Done> releases;
  {
    base::MutexLock lock(mutex_);
    Shard& state = shards_[shard];
    if (!state.busy && !wish_.has_value()) {
      refreshes.swap(state.refreshes);
      if (state.on_node) next = Next::kRelease;
      const bool all_gone =
          std::none_of(shards_.begin(), shards_.end(),
                       [](const Shard& s) { return s.on_node || s.busy; });
      if (all_gone) releases.swap(releases_);
    } else if (!state.busy && state.loaded != generation_) {
      if (!state.waiting) next = Next::kLoad;
    } else if (!state.busy && !state.refreshes.empty()) {
      next = Next::kRefresh;
      refreshes.swap(state.refreshes);
    }
    state.busy = state.busy || next != Next::kNothing;
  }
  if (next == Next::kLoad) CallLoad(shard);
  if (next == Next::kRelease) CallRelease(shard);
  if (next == Next::kRefresh) {
    CallRefresh(shard, std::move(refreshes));
  } else {
    AnswerAll(std::move(refreshes), absl::OkStatus());
  }
  AnswerAll(std::move(releases), absl::OkStatus());
}

void CollectionLoad::CallLoad(std::size_t shard) {
  auto call = std::make_shared<LoadCall>();
  {
    base::MutexLock lock(mutex_);
    call->generation = generation_;
    shards_[shard].on_node = true;
    if (wish_.has_value()) {
      call->request.set_whole_collection(wish_->whole_collection());
      *call->request.mutable_partition_ids() = wish_->partition_ids();
    }
  }
  call->where.set_collection_id(base::ToInt(id_));
  call->where.set_shard(static_cast<std::int32_t>(shard));
  call->request.set_shard(static_cast<std::int32_t>(shard));
  LoadCall& parts = *call;
  deps_.data_coord.GetAssignment(
      base::OpContext(), parts.where, &parts.found,
      [self = shared_from_this(), shard,
       call = std::move(call)](absl::Status status) {
        if (status.ok() && call->found.assignments().empty()) {
          status = base::Error(ErrorCode::kChannelNotFound,
                               "channel not found: shard {} of collection {}",
                               shard, base::ToInt(self->id_));
        }
        if (!status.ok()) {
          self->Loaded(shard, *call, status);
          return;
        }
        auto& assignment = *call->found.mutable_assignments(0);
        *call->request.mutable_collection() = assignment.collection();
        call->request.mutable_assignment()->Swap(&assignment);
        self->nodes_[shard].node->LoadShard(
            base::OpContext(), call->request, &call->reply,
            [self, shard, call](const absl::Status& loaded) {
              self->Loaded(shard, *call, loaded);
            });
      });
}

void CollectionLoad::Loaded(std::size_t shard, const LoadCall& call,
                            const absl::Status& status) {
  std::vector<base::Done> refreshes;
  std::chrono::milliseconds delay{0};
  {
    base::MutexLock lock(mutex_);
    Shard& state = shards_[shard];
    state.busy = false;
    if (status.ok()) {
      state.loaded = call.generation;
      state.serves_whole = call.request.whole_collection();
      state.serves = {call.request.partition_ids().begin(),
                      call.request.partition_ids().end()};
      state.failures = 0;
      state.retry = std::chrono::milliseconds{0};
    } else if (wish_.has_value()) {
      ++state.failures;
      fail_reason_ = std::string(base::MessageOf(status));
      // Their views stay as they are for now.
      refreshes.swap(state.refreshes);
      state.retry =
          std::clamp(state.retry * 2, deps_.retry_min, deps_.retry_max);
      state.waiting = true;
      delay = state.retry;
    }
  }
  if (delay.count() > 0) {
    LOG_WARN("load of shard {} of collection {}: {} (again in {} ms)", shard,
             base::ToInt(id_), base::MessageOf(status), delay.count());
    AnswerAll(std::move(refreshes), status);
    RetryLater(shard, delay);
    return;
  }
  Pump(shard);
}

void CollectionLoad::RetryLater(std::size_t shard,
                                std::chrono::milliseconds delay) {
  deps_.timer.After(delay, [self = shared_from_this(), shard] {
    {
      base::MutexLock lock(self->mutex_);
      self->shards_[shard].waiting = false;
    }
    self->Pump(shard);
  });
}

void CollectionLoad::CallRefresh(std::size_t shard,
                                 std::vector<base::Done> waiters) {
  auto call = std::make_shared<ShardCall>();
  call->refresh.set_collection_id(base::ToInt(id_));
  call->refresh.set_shard(static_cast<std::int32_t>(shard));
  ShardCall& parts = *call;
  nodes_[shard].node->RefreshShard(
      base::OpContext(), parts.refresh, &parts.reply,
      [self = shared_from_this(), shard, call = std::move(call),
       waiters = std::move(waiters)](const absl::Status& status) mutable {
        {
          base::MutexLock lock(self->mutex_);
          self->shards_[shard].busy = false;
        }
        AnswerAll(std::move(waiters), status);
        // The old view holds files that are garbage by now.
        if (!status.ok()) self->RefreshLater(shard);
        self->Pump(shard);
      });
}

// Once, however many refreshes have failed.
void CollectionLoad::RefreshLater(std::size_t shard) {
  {
    base::MutexLock lock(mutex_);
    if (std::exchange(shards_[shard].refresh_due, true)) return;
  }
  deps_.timer.After(deps_.retry_max, [self = shared_from_this(), shard] {
    {
      base::MutexLock lock(self->mutex_);
      self->shards_[shard].refresh_due = false;
    }
    self->Refresh(static_cast<std::int32_t>(shard),
                  [](const absl::Status& again) {
                    base::LogIfError(again, "tried again later");
                  });
  });
}

void CollectionLoad::CallRelease(std::size_t shard) {
  auto call = std::make_shared<ShardCall>();
  call->release.set_collection_id(base::ToInt(id_));
  call->release.set_shard(static_cast<std::int32_t>(shard));
  ShardCall& parts = *call;
  nodes_[shard].node->ReleaseShard(
      base::OpContext(), parts.release, &parts.reply,
      [self = shared_from_this(), shard,
       call = std::move(call)](const absl::Status& status) {
        std::vector<base::Done> releases;
        bool goes_on = true;
        {
          base::MutexLock lock(self->mutex_);
          Shard& state = self->shards_[shard];
          state.busy = false;
          if (status.ok()) {
            state.on_node = false;
            state.loaded = 0;
            state.serves_whole = false;
            state.serves.clear();
          } else {
            releases.swap(self->releases_);
            // A load may have come meanwhile; a release waits for the next one.
            goes_on = self->wish_.has_value();
          }
        }
        AnswerAll(std::move(releases), status);
        if (goes_on) self->Pump(shard);
      });
}

bool CollectionLoad::Serves(const Shard& shard,
                            const std::vector<std::int64_t>& partitions) const {
  if (shard.loaded == 0) return false;
  if (shard.serves_whole) return true;
  if (partitions.empty() && wish_->whole_collection()) return false;
  const auto has = [&shard](std::int64_t id) {
    return shard.serves.contains(id);
  };
  if (!partitions.empty()) {
    return std::all_of(partitions.begin(), partitions.end(), has);
  }
  return std::all_of(wish_->partition_ids().begin(),
                     wish_->partition_ids().end(), has);
}

bool CollectionLoad::WholeServedByAll() const {
  return std::all_of(shards_.begin(), shards_.end(), [](const Shard& shard) {
    return shard.loaded != 0 && shard.serves_whole;
  });
}

std::set<std::int64_t> CollectionLoad::ServedByAll() const {
  std::set<std::int64_t> served;
  bool first = true;
  for (const Shard& shard : shards_) {
    if (shard.serves_whole) continue;
    if (first) {
      served = shard.serves;
      first = false;
      continue;
    }
    std::erase_if(served, [&shard](std::int64_t id) {
      return !shard.serves.contains(id);
    });
  }
  return served;
}

void CollectionLoad::Describe(const std::vector<std::int64_t>& partitions,
                              internal::GetLoadStateReply* reply) const {
  base::MutexLock lock(mutex_);
  reply->set_state(internal::GetLoadStateReply::NOT_LOADED);
  if (!wish_.has_value()) return;
  if (Fails()) reply->set_fail_reason(fail_reason_);
  reply->set_whole_collection(wish_->whole_collection());
  *reply->mutable_partition_ids() = wish_->partition_ids();
  const auto& wished = wish_->partition_ids();
  const bool all_wished =
      wish_->whole_collection() ||
      std::all_of(
          partitions.begin(), partitions.end(), [&wished](std::int64_t id) {
            return std::find(wished.begin(), wished.end(), id) != wished.end();
          });
  if (!all_wished) return;
  std::size_t ready = 0;
  for (const Shard& shard : shards_) {
    if (Serves(shard, partitions)) ++ready;
  }
  const bool done = ready == shards_.size();
  reply->set_state(done ? internal::GetLoadStateReply::LOADED
                        : internal::GetLoadStateReply::LOADING);
  reply->set_progress(static_cast<std::int64_t>(
      100 * ready / std::max<std::size_t>(shards_.size(), 1)));
  const bool refreshing =
      std::any_of(shards_.begin(), shards_.end(), [](const Shard& shard) {
        return shard.busy || !shard.refreshes.empty();
      });
  reply->set_refresh_progress(refreshing ? 0 : 100);
}

absl::Status CollectionLoad::Leaders(
    internal::GetShardLeadersReply* reply) const {
  base::MutexLock lock(mutex_);
  if (!wish_.has_value()) return NotLoaded(id_);
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i].loaded == 0) return NotLoadedYet(reply);
    internal::ShardLeader& leader = *reply->add_leaders();
    leader.set_shard(static_cast<std::int32_t>(i));
    leader.set_node_id(base::ToInt(nodes_[i].id));
    leader.set_address(nodes_[i].address);
  }
  // A partition that is being released is gone for readers at once.
  reply->set_whole_collection(WholeServedByAll() && wish_->whole_collection());
  if (reply->whole_collection()) return absl::OkStatus();
  const std::set<std::int64_t> served = ServedByAll();
  const bool whole = WholeServedByAll();
  for (const std::int64_t id : wish_->partition_ids()) {
    if (whole || served.contains(id)) reply->add_partition_ids(id);
  }
  if (wish_->whole_collection()) {
    for (const std::int64_t id : served) reply->add_partition_ids(id);
  }
  if (reply->partition_ids().empty()) return NotLoadedYet(reply);
  return absl::OkStatus();
}

bool CollectionLoad::Fails() const {
  return std::ranges::any_of(shards_, [](const Shard& shard) {
    return shard.failures >= kFailuresToTell;
  });
}

absl::Status CollectionLoad::NotLoadedYet(
    internal::GetShardLeadersReply* reply) const {
  reply->Clear();
  if (Fails()) {
    return base::Error(ErrorCode::kCollectionNotFullyLoaded,
                       "collection not fully loaded[collection={}]: {}",
                       base::ToInt(id_), fail_reason_);
  }
  reply->set_is_loading(true);
  return absl::OkStatus();
}

}  // namespace elanus::coordinator
