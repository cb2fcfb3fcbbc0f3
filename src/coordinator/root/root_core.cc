#include "coordinator/root/root_core.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/hybrid_time.h"
#include "base/join.h"
#include "base/log.h"
#include "coordinator/meta_records.h"
#include "coordinator/root/resume.h"
#include "coordinator/root/topic_choice.h"

namespace elanus::coordinator {
namespace {

// The oracle's bound goes this far ahead: one write to the meta store a second
// and a half under load, and time that is at most so much ahead after a crash.
constexpr std::int64_t kTimeStepMs = 3000;
constexpr std::uint64_t kIdStep = 100'000;
constexpr std::uint64_t kFirstId = 1000;
constexpr std::chrono::milliseconds kProxyRetry{100};

}  // namespace

RootCore::RootCore(const RootDeps& root_deps,
                   const RootCoordinatorOptions& settings)
    : deps(root_deps),
      options(settings),
      catalog(root_deps.store),
      times(std::make_shared<BlockAllocator>(
          root_deps.store, root_deps.executor,
          BlockAllocatorOptions{
              .key = keys::kTimeBound,
              .step = base::Timestamp::FromMs(kTimeStepMs).value,
              .floor =
                  [&clock = root_deps.clock] {
                    return base::Timestamp::FromMs(clock.WallMs()).value;
                  }})),
      ids(std::make_shared<BlockAllocator>(
          root_deps.store, root_deps.executor,
          BlockAllocatorOptions{
              .key = keys::kIdBound, .step = kIdStep, .first = kFirstId})),
      sequencer(std::make_shared<KeySequencer>(root_deps.executor)) {}

absl::Status RootCore::Start() {
  RETURN_IF_ERROR(times->Prefetch());
  RETURN_IF_ERROR(ids->Prefetch());
  RETURN_IF_ERROR(PrepareDatabase());
  RETURN_IF_ERROR(PrepareTopics());
  RETURN_IF_ERROR(catalog.Refresh());
  absl::Status status;
  // In place, after Prefetch.
  ids->Allocate(1, [&](absl::StatusOr<std::uint64_t> id) {
    status = id.status();
    if (id.ok()) writer_.emplace(deps.broker, base::WriterId{*id});
  });
  return status;
}

absl::Status RootCore::PrepareDatabase() {
  internal::DatabaseMeta database;
  database.set_id(base::ToInt(kDefaultDatabase));
  database.set_name(std::string(kDefaultDatabaseName));
  database.set_created_at(base::Timestamp::FromMs(deps.clock.WallMs()).value);
  storage::MetaTxn txn;
  txn.puts.push_back(PutRecord(keys::Database(kDefaultDatabase), database));
  txn.compares.push_back(storage::MetaCompare::Absent(txn.puts.front().key));
  return deps.store.Txn(txn).status();
}

// Their number holds for ever: a collection's vchannels name their topics.
absl::Status RootCore::PrepareTopics() {
  storage::MetaTxn txn;
  txn.puts.push_back(PutNumber(keys::kPchannels,
                               static_cast<std::uint64_t>(options.pchannels)));
  txn.compares.push_back(storage::MetaCompare::Absent(txn.puts.front().key));
  RETURN_IF_ERROR(deps.store.Txn(txn).status());
  ASSIGN_OR_RETURN(topics_, ListTopics(deps.store));
  if (topics_.empty()) {
    return base::DataLoss("the meta store's record {} is missing or 0",
                          keys::kPchannels);
  }
  if (topics_.size() != static_cast<std::size_t>(options.pchannels)) {
    LOG_WARN(
        "rootCoord.dmlChannelNum = {} is ignored: the first start made {} "
        "channels",
        options.pchannels, topics_.size());
  }
  return deps.broker.CreateTopics(topics_);
}

void RootCore::AppendToShards(const internal::CollectionMeta& collection,
                              Build build, Appended done) {
  times->Allocate(
      1, [self = shared_from_this(), collection, build = std::move(build),
          done = std::move(done)](absl::StatusOr<std::uint64_t> time) mutable {
        if (!time.ok()) {
          done(time.status());
          return;
        }
        self->AppendAt({*time}, collection, build, std::move(done));
      });
}

void RootCore::AppendAt(base::Timestamp time,
                        const internal::CollectionMeta& collection,
                        const Build& build, Appended done) {
  const auto count = static_cast<std::size_t>(collection.vchannels_size());
  auto positions = std::make_shared<std::vector<storage::Position>>(count);
  const auto join = base::Join::Make(
      count, [positions, &executor = deps.executor,
              done = std::move(done)](absl::Status status) mutable {
        // Off the broker's thread, and out of the writer.
        executor.Submit([positions, done = std::move(done),
                         status = std::move(status)]() mutable {
          if (status.ok()) {
            done(*std::move(positions));
          } else {
            done(std::move(status));
          }
        });
      });
  for (std::size_t i = 0; i < count; ++i) {
    const auto& vchannel = collection.vchannels(static_cast<int>(i));
    writer_->Append(
        {.topic = vchannel.topic(),
         .vchannel = {.collection = base::CollectionId{collection.id()},
                      .shard = static_cast<std::uint32_t>(vchannel.shard())},
         .proposed = time,
         .schema_version = collection.schema_version()},
        build,
        [positions, join, i](absl::StatusOr<storage::AppendResult> result) {
          if (result.ok()) (*positions)[i] = result->position;
          join->Finish(result.status());
        });
  }
}

void RootCore::Forget(const internal::CollectionMeta& collection) {
  for (const auto& vchannel : collection.vchannels()) {
    writer_->Forget({.collection = base::CollectionId{collection.id()},
                     .shard = static_cast<std::uint32_t>(vchannel.shard())});
  }
  internal::InvalidateCacheRequest request;
  auto& dropped = *request.add_dropped();
  dropped.set_collection_id(collection.id());
  dropped.set_shards(collection.vchannels_size());
  TellProxies(std::move(request), [] {});
}

std::vector<std::string> RootCore::ChooseTopics(std::int32_t shards) const {
  absl::flat_hash_map<std::string, std::size_t> number;
  for (std::size_t i = 0; i < topics_.size(); ++i) number[topics_[i]] = i;
  std::vector<std::size_t> used(topics_.size());
  for (const CollectionRecord& collection : catalog.Collections()) {
    for (const auto& vchannel : collection->vchannels()) {
      const auto found = number.find(vchannel.topic());
      if (found != number.end()) ++used[found->second];
    }
  }
  std::vector<std::string> chosen;
  for (const std::size_t topic :
       ChooseLeastUsed(std::move(used), static_cast<std::size_t>(shards))) {
    chosen.push_back(topics_[topic]);
  }
  return chosen;
}

void RootCore::SetProxies(std::vector<role::Proxy*> proxies) {
  base::MutexLock lock(mutex_);
  proxies_ = std::move(proxies);
}

struct RootCore::Invalidation {
  internal::InvalidateCacheRequest request;
  std::int64_t leases_end_ns = 0;
  std::shared_ptr<base::Join> join;
};

void RootCore::InvalidateProxies(base::CollectionId id,
                                 std::vector<std::string> names,
                                 absl::AnyInvocable<void()> done) {
  internal::InvalidateCacheRequest request;
  request.add_collection_ids(base::ToInt(id));
  for (std::string& name : names) {
    auto& entry = *request.add_names();
    entry.set_database_name(std::string(kDefaultDatabaseName));
    entry.set_name(std::move(name));
  }
  TellProxies(std::move(request), std::move(done));
}

void RootCore::TellProxies(internal::InvalidateCacheRequest request,
                           absl::AnyInvocable<void()> done) {
  std::vector<role::Proxy*> proxies;
  {
    base::MutexLock lock(mutex_);
    proxies = proxies_;
  }
  auto invalidation = std::make_shared<Invalidation>();
  invalidation->request = std::move(request);
  using std::chrono::nanoseconds;
  invalidation->leases_end_ns =
      deps.clock.MonotonicNs() + nanoseconds(options.proxy_lease).count();
  invalidation->join = base::Join::Make(
      proxies.size(),
      [done = std::move(done)](const absl::Status&) mutable { done(); });
  for (role::Proxy* proxy : proxies) TellProxy(invalidation, proxy);
}

void RootCore::TellProxy(std::shared_ptr<Invalidation> invalidation,
                         role::Proxy* proxy) {
  const internal::InvalidateCacheRequest& request = invalidation->request;
  auto reply = std::make_unique<internal::Empty>();
  internal::Empty* reply_to = reply.get();
  proxy->InvalidateCache(
      base::OpContext(), request, reply_to,
      [self = shared_from_this(), invalidation = std::move(invalidation), proxy,
       reply = std::move(reply)](const absl::Status& status) mutable {
        if (status.ok() ||
            self->deps.clock.MonotonicNs() >= invalidation->leases_end_ns) {
          // Join before the callback that holds it is gone.
          const std::shared_ptr<base::Join> join = invalidation->join;
          join->Finish(absl::OkStatus());
          return;
        }
        self->deps.timer.After(
            kProxyRetry,
            [self, invalidation = std::move(invalidation), proxy]() mutable {
              self->TellProxy(std::move(invalidation), proxy);
            });
      });
}

void RootCore::ResumeIntents() {
  if (catalog.in_doubt()) {
    const absl::Status status = catalog.Refresh();
    if (!status.ok()) {
      base::LogIfError(status, "open DDL is looked for again later");
      ResumeIntentsLater();
      return;
    }
  }
  for (const CollectionRecord& collection : catalog.Collections()) {
    if (!HasOpenIntent(*collection)) continue;
    const base::CollectionId id{collection->id()};
    {
      base::MutexLock lock(mutex_);
      if (!resuming_.insert(id).second) continue;
    }
    ResumeCollection(shared_from_this(), id,
                     [self = shared_from_this(), id](absl::Status status) {
                       {
                         base::MutexLock lock(self->mutex_);
                         self->resuming_.erase(id);
                       }
                       if (status.ok()) return;
                       base::LogIfError(status, "tried again later");
                       self->ResumeIntentsLater();
                     });
  }
}

void RootCore::ResumeIntentsLater() {
  {
    base::MutexLock lock(mutex_);
    if (resume_scheduled_) return;
    resume_scheduled_ = true;
  }
  deps.timer.After(options.retry_after, [self = shared_from_this()] {
    {
      base::MutexLock lock(self->mutex_);
      self->resume_scheduled_ = false;
    }
    self->ResumeIntents();
  });
}

}  // namespace elanus::coordinator
