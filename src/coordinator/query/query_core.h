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

namespace elanus::coordinator {

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

  // Durable. A collection that is not CREATED is not loaded.
  absl::Status WriteWish(const internal::LoadMeta& wish);
  absl::Status EraseWish(base::CollectionId id);
  // Loads what the records say.
  absl::Status LoadAll();

  const QueryDeps deps;
  const std::shared_ptr<KeySequencer> sequencer;

 private:
  absl::Status LoadAgain(const internal::LoadMeta& wish);

  mutable base::Mutex mutex_;
  std::vector<QueryNodeRef> nodes_ ABSL_GUARDED_BY(mutex_);
  std::map<base::CollectionId, std::shared_ptr<CollectionLoad>> loads_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::coordinator
