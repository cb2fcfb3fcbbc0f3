// What query coord's operations share: the loads, by collection, and the
// records behind them. Operations keep it alive.
//
// Threads: any.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "coordinator/key_sequencer.h"
#include "coordinator/query/collection_load.h"
#include "storage/meta_store.h"

namespace elanus::coordinator {

// What has to be there for as long as a wish stands.
struct WishNeeds {
  std::vector<std::int64_t> partitions;
  std::vector<base::IndexId> indexes;
};

class QueryCore : public std::enable_shared_from_this<QueryCore> {
 public:
  explicit QueryCore(const QueryDeps& query_deps)
      : deps(query_deps),
        sequencer(std::make_shared<KeySequencer>(query_deps.executor)) {}

  void SetNodes(std::vector<QueryNodeRef> nodes);
  std::vector<QueryNodeRef> nodes() const;

  // Null if the collection is neither loaded nor being released.
  std::shared_ptr<CollectionLoad> Find(base::CollectionId id) const;
  std::map<base::CollectionId, std::shared_ptr<CollectionLoad>> All() const;
  // The one there is, or a new one with a node for each shard. Needs nodes.
  std::shared_ptr<CollectionLoad> FindOrMake(base::CollectionId id,
                                             std::size_t shards);
  void Forget(base::CollectionId id);

  // Durable. A collection or partition that is not CREATED is not loaded, nor
  // is one whose index has gone. Whoever drops one of them expects that no such
  // wish is written: of the two, the later transaction fails.
  absl::Status WriteWish(const internal::LoadMeta& wish,
                         const WishNeeds& needs);
  absl::Status EraseWish(base::CollectionId id);
  // Loads what the records say.
  absl::Status LoadAll();

  const QueryDeps deps;
  const std::shared_ptr<KeySequencer> sequencer;

 private:
  // Has the transaction fail where the needs are no longer met.
  absl::Status Expect(base::CollectionId id, const WishNeeds& needs,
                      storage::MetaTxn& txn) const;
  absl::Status LoadAgain(const internal::LoadMeta& wish);

  mutable base::Mutex mutex_;
  std::vector<QueryNodeRef> nodes_ ABSL_GUARDED_BY(mutex_);
  std::map<base::CollectionId, std::shared_ptr<CollectionLoad>> loads_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::coordinator
