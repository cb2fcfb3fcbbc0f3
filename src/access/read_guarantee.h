// How new the answer to a read has to be: from the consistency level, the
// guarantee timestamp and what this proxy has seen.
//
// Level              timestamp          served as
// Strong             0                  STRONG
// Strong             1 / 2 / other      EVENTUALLY / BOUNDED / as Session
// Session            own, or 0, 1, 2    POSITION (what this proxy has seen; of
//                                       a shard unseen, as STRONG)
// Session            foreign            STRONG
// Bounded            any                BOUNDED; POSITION if it is the default
//                                       level and the timestamp is an own one
// Eventually         any                EVENTUALLY
// Customized         0 / 1 / 2 / other  STRONG / EVENTUALLY / BOUNDED / Session
//
// (Strong with a timestamp is how old SDKs tell the other levels.) A page of an
// iterator with a timestamp reads exactly that state, unless that is just the
// time of an own write (iterator_pins.h); of several shards there is no common
// one, so there it is STRONG.
//
// Threads: any.
// Source:  docs of Milvus on consistency levels, for the levels' meaning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "access/meta_cache.h"
#include "base/hybrid_time.h"
#include "proto/internal/query_node.pb.h"
#include "proto/milvus/common.pb.h"

namespace elanus::access {

class Proxy;

struct AskedConsistency {
  milvus::proto::common::ConsistencyLevel level{};
  bool use_default = false;  // the collection's level instead
  std::uint64_t timestamp = 0;
  bool is_iterator = false;
};

// What this proxy knows of a timestamp.
struct KnownTimes {
  std::function<bool(base::Timestamp)> is_own;  // one of its writes may have it
  std::function<bool(base::Timestamp)> is_pin;  // it told an iterator of it
};

internal::ReadGuarantee::Kind DecideGuarantee(
    const AskedConsistency& asked,
    milvus::proto::common::ConsistencyLevel collection_level,
    std::size_t shards, const KnownTimes& known);

// With the positions and times that go with it.
internal::ReadGuarantee MakeGuarantee(Proxy& proxy,
                                      const CollectionEntry& entry,
                                      const AskedConsistency& asked);

// The first page of an iterator comes without a time (`asked`) and is answered
// with one, which the pages behind it bring along.
void NotePin(Proxy& proxy, std::uint64_t asked, std::uint64_t answered);

}  // namespace elanus::access
