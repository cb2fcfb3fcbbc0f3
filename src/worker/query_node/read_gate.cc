#include "worker/query_node/read_gate.h"

#include <utility>

#include "base/join.h"

namespace elanus::worker {

void ReadGate::Pass(const base::OpContext& ctx,
                    const internal::ReadGuarantee& guarantee,
                    const std::vector<std::shared_ptr<Shard>>& shards,
                    base::Done done) {
  const auto join = base::Join::Make(shards.size(), std::move(done));
  for (const auto& shard : shards) {
    PassShard(ctx, guarantee, shard, base::Join::Part(join));
  }
}

void ReadGate::PassShard(const base::OpContext& ctx,
                         const internal::ReadGuarantee& guarantee,
                         const std::shared_ptr<Shard>& shard, base::Done done) {
  segment::VchannelTail& tail = shard->tail();
  switch (guarantee.kind()) {
    case internal::ReadGuarantee::EVENTUALLY:
      return done(tail.status());
    case internal::ReadGuarantee::BOUNDED: {
      const std::int64_t age_ns = clock_.MonotonicNs() - tail.caught_up_at_ns();
      if (tail.caught_up_at_ns() != 0 &&
          age_ns <= guarantee.staleness_ms() * 1'000'000) {
        return done(tail.status());
      }
      return WaitForEnd(ctx, shard, std::move(done));
    }
    case internal::ReadGuarantee::PINNED:
      // Up to the clock the state is whole. Behind it are times that another
      // run gave, and those that a client made up.
      if (tail.clock().value >= guarantee.read_at()) {
        return done(tail.status());
      }
      return WaitForEnd(ctx, shard, std::move(done));
    case internal::ReadGuarantee::POSITION: {
      const auto it = guarantee.positions().find(
          static_cast<std::int32_t>(tail.key().shard));
      if (it == guarantee.positions().end()) {
        // The proxy has seen nothing of it, but one before it may have: this
        // process may have just started, too.
        return WaitForEnd(ctx, shard, std::move(done));
      }
      const auto position = storage::Position::Decode(it->second);
      if (!position.ok()) return done(position.status());
      return tail.WaitFor(*position, ctx, std::move(done));
    }
    default:
      return WaitForEnd(ctx, shard, std::move(done));
  }
}

void ReadGate::WaitForEnd(const base::OpContext& ctx,
                          const std::shared_ptr<Shard>& shard,
                          base::Done done) {
  AskEnd(shard->tail().topic(),
         [ctx, shard, done = std::move(done)](
             absl::StatusOr<storage::Position> end) mutable {
           if (!end.ok()) return done(end.status());
           shard->tail().WaitFor(*end, ctx, std::move(done));
         });
}

void ReadGate::AskEnd(const std::string& topic, storage::EndDone done) {
  EndList asked;
  {
    base::MutexLock lock(mutex_);
    Topic& state = topics_[topic];
    state.waiting.push_back(std::move(done));
    if (state.asking) return;
    state.asking = true;
    asked.swap(state.waiting);
  }
  Ask(topic, std::move(asked));
}

void ReadGate::Ask(const std::string& topic, EndList asked) {
  auto list = std::make_shared<EndList>(std::move(asked));
  broker_.End(
      topic, [this, topic, list](absl::StatusOr<storage::Position> end) {
        EndList next;
        {
          base::MutexLock lock(mutex_);
          Topic& state = topics_[topic];
          next.swap(state.waiting);
          state.asking = !next.empty();
        }
        // A read may run to its end inside its `done`: nobody waits for
        // another's,
        // and one question does not nest in the other.
        if (!next.empty()) {
          executor_.Submit([this, topic, next = std::move(next)]() mutable {
            Ask(topic, std::move(next));
          });
        }
        for (std::size_t i = 1; i < list->size(); ++i) {
          executor_.Submit(
              [end, done = std::move((*list)[i])]() mutable { done(end); });
        }
        list->front()(end);
      });
}

}  // namespace elanus::worker
