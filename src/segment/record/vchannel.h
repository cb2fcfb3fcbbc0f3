// One shard of one collection: the unit that a log record, a replay and a
// delete file belong to.
#pragma once

#include <cstdint>
#include <utility>

#include "base/ids.h"

namespace elanus::segment {

struct VchannelKey {
  base::CollectionId collection{0};
  std::uint32_t shard = 0;

  friend bool operator==(const VchannelKey&, const VchannelKey&) = default;
  friend auto operator<=>(const VchannelKey&, const VchannelKey&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const VchannelKey& key) {
    return H::combine(std::move(state), base::ToInt(key.collection), key.shard);
  }
};

}  // namespace elanus::segment
