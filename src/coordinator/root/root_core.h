// What all operations of root coord share: catalog, oracle, log, the other
// roles. Operations keep it alive.
//
// Threads:   any.
// Ownership: everything that RootDeps names outlives the core. Executor and
//            timer are stopped before that is destroyed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/timer.h"
#include "coordinator/key_sequencer.h"
#include "coordinator/root/block_allocator.h"
#include "coordinator/root/catalog.h"
#include "proto/internal/proxy.pb.h"
#include "role/data_coord.h"
#include "role/proxy.h"
#include "role/query_coord.h"
#include "segment/record/log_writer.h"

namespace elanus::coordinator {

struct RootDeps {
  storage::MetaStore& store;
  storage::LogBroker& broker;
  role::DataCoord& data_coord;
  role::QueryCoord& query_coord;
  const base::Clock& clock;
  base::Executor& executor;  // may block on storage: the background one
  base::Timer& timer;
};

struct RootCoordinatorOptions {
  std::int64_t pchannels = 16;  // counts at the first start only
  std::int64_t max_collections = 65536;
  std::int64_t max_partitions = 1024;
  // Sum over the collections of shards times partitions.
  std::int64_t max_general_capacity = 65536;
  // After this time a proxy that cannot be reached answers from its cache no
  // more.
  std::chrono::milliseconds proxy_lease{5000};
  // Between the tries to finish what was begun.
  std::chrono::milliseconds retry_after{1000};
};

class RootCore : public std::enable_shared_from_this<RootCore> {
 public:
  // Makes a record out of its header.
  using Build =
      std::function<absl::StatusOr<base::Buffer>(segment::RecordHeader)>;
  using Appended =
      absl::AnyInvocable<void(absl::StatusOr<std::vector<storage::Position>>)>;

  RootCore(const RootDeps& root_deps, const RootCoordinatorOptions& settings);

  // Oracle, topics and catalog; blocks on storage.
  absl::Status Start();

  // Appends a record to each vchannel; all of them are durable when `done`
  // runs, with their positions by shard.
  void AppendToShards(const internal::CollectionMeta& collection, Build build,
                      Appended done);
  // The collection is gone: forgets its vchannels here and, in the background,
  // in the proxies.
  void Forget(const internal::CollectionMeta& collection);

  void SetProxies(std::vector<role::Proxy*> proxies);
  // Runs `done` once each proxy has forgotten the collection and these names,
  // or may no longer use what it knows.
  void InvalidateProxies(base::CollectionId id, std::vector<std::string> names,
                         absl::AnyInvocable<void()> done);

  // The topics for a new collection's shards: the least used ones first.
  std::vector<std::string> ChooseTopics(std::int32_t shards) const;

  // Finishes or undoes whatever is half made, and tries again until it is.
  void ResumeIntents();
  void ResumeIntentsLater();

  RootDeps deps;
  const RootCoordinatorOptions options;
  Catalog catalog;
  const std::shared_ptr<BlockAllocator> times;
  const std::shared_ptr<BlockAllocator> ids;
  const std::shared_ptr<KeySequencer> sequencer;

 private:
  struct Invalidation;

  absl::Status PrepareDatabase();
  absl::Status PrepareTopics();
  void AppendAt(base::Timestamp time,
                const internal::CollectionMeta& collection, const Build& build,
                Appended done);
  void TellProxies(internal::InvalidateCacheRequest request,
                   absl::AnyInvocable<void()> done);
  void TellProxy(std::shared_ptr<Invalidation> invalidation,
                 role::Proxy* proxy);

  std::optional<segment::LogWriter> writer_;  // from Start on
  std::vector<std::string> topics_;           // from Start on
  base::Mutex mutex_;
  std::vector<role::Proxy*> proxies_ ABSL_GUARDED_BY(mutex_);
  std::set<base::CollectionId> resuming_ ABSL_GUARDED_BY(mutex_);
  bool resume_scheduled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace elanus::coordinator
