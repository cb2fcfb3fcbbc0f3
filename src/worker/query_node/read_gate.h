// Makes a read wait until its shards are as new as it asks for.
//
// Strong: the log's durable end, asked for after the read arrived, has been
// replayed. One question per topic is under way and one gathers: a read joins
// the one that starts after it came, never one that is under way already.
// Position: it has been replayed; without one as for Strong.
// Pinned: its time has been replayed, or else, as for Strong, the log's end: a
// shard that has just started may still be on its way there.
//
// Threads:   any. A read that waits is an object in a list.
// Ownership: broker and clock are borrowed.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/op_context.h"
#include "proto/internal/query_node.pb.h"
#include "segment/tail/vchannel_tail.h"
#include "storage/log_broker.h"
#include "worker/query_node/shard.h"

namespace elanus::worker {

class ReadGate {
 public:
  ReadGate(storage::LogBroker& broker, const base::Clock& clock,
           base::Executor& executor)
      : broker_(broker), clock_(clock), executor_(executor) {}

  // `done` once all shards are new enough: at once on this thread if they are.
  void Pass(const base::OpContext& ctx,
            const internal::ReadGuarantee& guarantee,
            const std::vector<std::shared_ptr<Shard>>& shards, base::Done done);

 private:
  using EndList = std::vector<storage::EndDone>;
  struct Topic {
    bool asking = false;
    EndList waiting;  // for the next question
  };

  void PassShard(const base::OpContext& ctx,
                 const internal::ReadGuarantee& guarantee,
                 const std::shared_ptr<Shard>& shard, base::Done done);
  void WaitForEnd(const base::OpContext& ctx,
                  const std::shared_ptr<Shard>& shard, base::Done done);
  void AskEnd(const std::string& topic, storage::EndDone done);
  void Ask(const std::string& topic, EndList asked);

  storage::LogBroker& broker_;
  const base::Clock& clock_;
  base::Executor& executor_;  // for the reads of others
  base::Mutex mutex_;
  std::map<std::string, Topic> topics_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::worker
