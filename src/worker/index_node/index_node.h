// The index node: builds one index for one field of one segment, object
// storage in and out, and commits it at data coord under its attempt.
//
// Threads:   any; builds run on the executor, whose threads share one build.
// Ownership: everything in Dependencies is borrowed.
#pragma once

#include "base/executor.h"
#include "base/memory_budget.h"
#include "role/data_coord.h"
#include "role/index_node.h"
#include "storage/object_store.h"

namespace elanus::worker {

class IndexNode final : public role::IndexNode {
 public:
  struct Dependencies {
    role::DataCoord& data_coord;
    storage::ObjectStore& objects;
    base::MemoryBudget& budget;
    base::Executor& executor;
    std::size_t threads = 1;  // of one build, the task's own among them
  };

  explicit IndexNode(const Dependencies& dependencies) : deps_(dependencies) {}

  // Ends builds that are under way with an error. Idempotent.
  void Stop() { stop_.Cancel(); }

  void BuildIndex(const base::OpContext& ctx,
                  const internal::BuildIndexRequest& request,
                  internal::Empty* reply, base::Done done) override;

 private:
  absl::Status Build(const internal::BuildIndexRequest& request,
                     internal::CommitIndexRequest* commit) const;

  const Dependencies deps_;
  const base::OpContext stop_;
};

}  // namespace elanus::worker
