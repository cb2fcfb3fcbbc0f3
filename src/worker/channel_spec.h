// A tail's start, out of what data coord says about a vchannel. Data node and
// query node start the same tail, whoever comes first.
//
// Threads: pure. Errors: of the schema's conversion.
#pragma once

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "proto/internal/meta.pb.h"
#include "segment/tail/vchannel_tail.h"
#include "types/schema.h"

namespace elanus::worker {

segment::VchannelKey KeyOf(std::int64_t collection_id, std::int32_t shard);

absl::StatusOr<std::shared_ptr<const types::Schema>> SchemaOf(
    const internal::CollectionMeta& collection);

absl::StatusOr<segment::VchannelSpec> SpecOf(
    const internal::ChannelAssignment& assignment);

}  // namespace elanus::worker
