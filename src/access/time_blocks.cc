#include "access/time_blocks.h"

#include <algorithm>
#include <iterator>
#include <optional>

namespace elanus::access {

std::optional<base::Timestamp> TimeBlocks::TakeLocked(std::uint32_t count) {
  if (block_.end - block_.first < count ||
      clock_.MonotonicNs() - taken_at_ns_ > kBlockLifeNs) {
    return std::nullopt;
  }
  const base::Timestamp first{block_.first};
  block_.first += count;
  return first;
}

void TimeBlocks::Next(std::uint32_t count, Done done) {
  std::optional<base::Timestamp> first;
  {
    base::MutexLock lock(mutex_);
    first = TakeLocked(count);
  }
  if (first.has_value()) return done(*first);
  struct Call {
    internal::AllocTimestampRequest request;
    internal::AllocTimestampReply reply;
  };
  auto call = std::make_shared<Call>();
  call->request.set_count(std::max(kBlock, count));
  root_coord_.AllocTimestamp(
      base::OpContext(), call->request, &call->reply,
      [this, call, count, done = std::move(done)](absl::Status status) mutable {
        if (!status.ok()) return done(std::move(status));
        const std::uint64_t begin = call->reply.first();
        {
          base::MutexLock lock(mutex_);
          Add({begin, begin + call->reply.count()}, count);
        }
        done(base::Timestamp{begin});
      });
}

void TimeBlocks::Add(const Block& block, std::uint32_t used) {
  const auto later =
      std::ranges::upper_bound(own_, block.first, {}, &Block::first);
  // Of calls that race an earlier block may come back later: whoever had a
  // time of the later one must not get one of this.
  if (later == own_.end()) {
    block_ = {block.first + used, block.end};
    taken_at_ns_ = clock_.MonotonicNs();
  }
  own_.insert(later, block);
  if (own_.size() > kBlocksKept) own_.pop_front();
}

bool TimeBlocks::IsOwn(base::Timestamp timestamp) const {
  base::MutexLock lock(mutex_);
  const auto after =
      std::ranges::upper_bound(own_, timestamp.value, {}, &Block::first);
  return after != own_.begin() && timestamp.value < std::prev(after)->end;
}

void IdBlocks::Next(std::uint32_t count, Done done) {
  std::optional<std::int64_t> first;
  {
    base::MutexLock lock(mutex_);
    if (end_ - next_ >= static_cast<std::int64_t>(count)) {
      first = next_;
      next_ += count;
    }
  }
  if (first.has_value()) return done(*first);
  struct Call {
    internal::AllocIdRequest request;
    internal::AllocIdReply reply;
  };
  auto call = std::make_shared<Call>();
  call->request.set_count(std::max(kBlock, count));
  root_coord_.AllocId(
      base::OpContext(), call->request, &call->reply,
      [this, call, count, done = std::move(done)](absl::Status status) mutable {
        if (!status.ok()) return done(std::move(status));
        const std::int64_t begin = call->reply.first();
        {
          base::MutexLock lock(mutex_);
          next_ = begin + count;
          end_ = begin + call->reply.count();
        }
        done(begin);
      });
}

}  // namespace elanus::access
