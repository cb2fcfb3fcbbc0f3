#include "access/read_guarantee.h"

#include <string>

#include "access/proxy.h"

namespace elanus::access {
namespace {

namespace common = milvus::proto::common;
using internal::ReadGuarantee;

// Timestamps below this are no times but marks.
constexpr std::uint64_t kStrongMark = 0;
constexpr std::uint64_t kEventuallyMark = 1;
constexpr std::uint64_t kBoundedMark = 2;

bool IsTime(std::uint64_t timestamp) { return timestamp > kBoundedMark; }

ReadGuarantee::Kind SessionKind(
    std::uint64_t timestamp,
    const std::function<bool(base::Timestamp)>& is_own) {
  if (!IsTime(timestamp) || is_own({timestamp})) return ReadGuarantee::POSITION;
  return ReadGuarantee::STRONG;
}

ReadGuarantee::Kind ByTimestamp(
    std::uint64_t timestamp,
    const std::function<bool(base::Timestamp)>& is_own) {
  switch (timestamp) {
    case kStrongMark:
      return ReadGuarantee::STRONG;
    case kEventuallyMark:
      return ReadGuarantee::EVENTUALLY;
    case kBoundedMark:
      return ReadGuarantee::BOUNDED;
    default:
      return SessionKind(timestamp, is_own);
  }
}

}  // namespace

ReadGuarantee::Kind DecideGuarantee(const AskedConsistency& asked,
                                    common::ConsistencyLevel collection_level,
                                    std::size_t shards,
                                    const KnownTimes& known) {
  const auto& is_own = known.is_own;
  const base::Timestamp time{asked.timestamp};
  if (asked.is_iterator && IsTime(asked.timestamp) &&
      (known.is_pin(time) || !is_own(time))) {
    return shards == 1 ? ReadGuarantee::PINNED : ReadGuarantee::STRONG;
  }
  const common::ConsistencyLevel level =
      asked.use_default ? collection_level : asked.level;
  switch (level) {
    case common::Session:
      return SessionKind(asked.timestamp, is_own);
    case common::Bounded:
      if (asked.use_default && IsTime(asked.timestamp) && is_own(time)) {
        return ReadGuarantee::POSITION;
      }
      return ReadGuarantee::BOUNDED;
    case common::Eventually:
      return ReadGuarantee::EVENTUALLY;
    case common::Customized:
      return ByTimestamp(asked.timestamp, is_own);
    default:
      return asked.use_default ? ReadGuarantee::STRONG
                               : ByTimestamp(asked.timestamp, is_own);
  }
}

internal::ReadGuarantee MakeGuarantee(Proxy& proxy,
                                      const CollectionEntry& entry,
                                      const AskedConsistency& asked) {
  ReadGuarantee guarantee;
  guarantee.set_kind(DecideGuarantee(
      asked, entry.meta.consistency_level(),
      static_cast<std::size_t>(entry.meta.vchannels_size()),
      {.is_own =
           [&proxy](base::Timestamp time) { return proxy.times().IsOwn(time); },
       .is_pin =
           [&proxy](base::Timestamp time) {
             return proxy.pins().Knows(time);
           }}));
  switch (guarantee.kind()) {
    case ReadGuarantee::BOUNDED:
      guarantee.set_staleness_ms(proxy.config().graceful_time_ms);
      break;
    case ReadGuarantee::PINNED:
      guarantee.set_read_at(asked.timestamp);
      break;
    case ReadGuarantee::POSITION:
      for (const internal::VChannelMeta& vchannel : entry.meta.vchannels()) {
        std::string position = proxy.positions().Get(
            {entry.id(), static_cast<std::uint32_t>(vchannel.shard())});
        if (position.empty()) continue;
        (*guarantee.mutable_positions())[vchannel.shard()] =
            std::move(position);
      }
      break;
    default:
      break;
  }
  return guarantee;
}

void NotePin(Proxy& proxy, std::uint64_t asked, std::uint64_t answered) {
  if (!IsTime(asked) && IsTime(answered)) proxy.pins().Note({answered});
}

}  // namespace elanus::access
