// One collection on its query nodes: brings each shard to what is wished, and
// keeps trying.
//
//   load->SetWish(wish);                 // goes on in the background
//   load->Refresh(0, done);              // shard 0 has other files
//   load->Release(done);                 // every node has let go
//
// At most one call per shard is under way. What comes meanwhile is noted and
// done next: many refreshes become one.
//
// Threads:   any.
// Ownership: what QueryDeps and the nodes name outlives it; keep it in a
//            shared_ptr, calls under way do.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/timer.h"
#include "proto/internal/query_coord.pb.h"
#include "role/data_coord.h"
#include "role/query_node.h"

namespace elanus::storage {
class MetaStore;
}  // namespace elanus::storage

namespace elanus::coordinator {

struct QueryDeps {
  storage::MetaStore& store;
  role::DataCoord& data_coord;
  base::Executor& executor;  // may block on storage: the background one
  base::Timer& timer;
  // Between the tries of a failed load; doubles each time.
  std::chrono::milliseconds retry_min{200};
  std::chrono::milliseconds retry_max{10000};
};

// A query node that is there.
struct QueryNodeRef {
  base::NodeId id{0};
  std::string address;  // empty in the same process
  role::QueryNode* node = nullptr;
};

class CollectionLoad : public std::enable_shared_from_this<CollectionLoad> {
 public:
  // nodes: by shard.
  CollectionLoad(const QueryDeps& deps, base::CollectionId id,
                 std::vector<QueryNodeRef> nodes);

  void SetWish(internal::LoadMeta wish);
  // Empty when released.
  std::optional<internal::LoadMeta> wish() const;
  // What it still serves is released even if it fails the first time: call
  // again.
  void Release(base::Done done);
  // Answers once the shard serves its new target; at once if it need not.
  void Refresh(std::int32_t shard, base::Done done);

  // partitions: empty = all that is wished. A fail reason means that a shard
  // has failed several times in a row: it is tried again, but may never work.
  void Describe(const std::vector<std::int64_t>& partitions,
                internal::GetLoadStateReply* reply) const;
  // kCollectionNotLoaded; kCollectionNotFullyLoaded where it keeps failing.
  absl::Status Leaders(internal::GetShardLeadersReply* reply) const;

  const std::vector<QueryNodeRef>& nodes() const { return nodes_; }

 private:
  struct Shard {
    bool on_node = false;  // the node has been asked to serve it
    bool busy = false;
    bool waiting = false;      // for the next try
    std::uint64_t loaded = 0;  // generation that it serves; 0 = none
    bool serves_whole = false;
    std::set<std::int64_t> serves;
    bool refresh_due = false;  // a failed one is tried again later
    int failures = 0;          // of loads, in a row
    std::chrono::milliseconds retry{0};
    std::vector<base::Done> refreshes;  // to be answered by the next refresh
  };
  struct LoadCall;
  struct ShardCall;

  // Begins whatever the shard needs next.
  void Pump(std::size_t shard);
  void CallLoad(std::size_t shard);
  void CallRefresh(std::size_t shard, std::vector<base::Done> waiters);
  void CallRelease(std::size_t shard);
  void Loaded(std::size_t shard, const LoadCall& call,
              const absl::Status& status);
  void RetryLater(std::size_t shard, std::chrono::milliseconds delay);
  void RefreshLater(std::size_t shard);
  bool Serves(const Shard& shard,
              const std::vector<std::int64_t>& partitions) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::set<std::int64_t> ServedByAll() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool WholeServedByAll() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Has a shard failed so often in a row that it is told?
  bool Fails() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What readers are told before all shards serve.
  absl::Status NotLoadedYet(internal::GetShardLeadersReply* reply) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const QueryDeps deps_;
  const base::CollectionId id_;
  const std::vector<QueryNodeRef> nodes_;

  mutable base::Mutex mutex_;
  std::optional<internal::LoadMeta> wish_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Shard> shards_ ABSL_GUARDED_BY(mutex_);
  std::string fail_reason_ ABSL_GUARDED_BY(mutex_);
  std::vector<base::Done> releases_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::coordinator
