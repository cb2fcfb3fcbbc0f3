// A search whose shards are as new as it asks for: what is left is to answer
// it.
//
// Ownership: request and reply are the caller's and live until `done`.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/op_context.h"
#include "base/status.h"
#include "proto/internal/query_node.pb.h"
#include "worker/query_node/shard.h"

namespace elanus::worker {

using Shards = std::vector<std::shared_ptr<Shard>>;

struct PassedSearch {
  // To be called once. The last act: this object may be gone then.
  void Finish() { std::exchange(done, nullptr)(std::move(outcome)); }

  base::OpContext ctx;
  const internal::SearchShardsRequest* request = nullptr;
  internal::SearchShardsReply* reply = nullptr;
  Shards shards;
  base::Done done;
  absl::Status outcome;  // what `done` will be told
};

}  // namespace elanus::worker
