#include "worker/channel_spec.h"

#include <string>
#include <utility>

#include "role/schema_convert.h"

namespace elanus::worker {

segment::VchannelKey KeyOf(std::int64_t collection_id, std::int32_t shard) {
  return {base::CollectionId{collection_id}, static_cast<std::uint32_t>(shard)};
}

absl::StatusOr<std::shared_ptr<const types::Schema>> SchemaOf(
    const internal::CollectionMeta& collection) {
  ASSIGN_OR_RETURN(types::Schema schema,
                   role::SchemaFromProto(collection.schema()));
  schema.version = collection.schema_version();
  return std::make_shared<const types::Schema>(std::move(schema));
}

absl::StatusOr<segment::VchannelSpec> SpecOf(
    const internal::ChannelAssignment& assignment) {
  const internal::ChannelMeta& channel = assignment.channel();
  segment::VchannelSpec spec;
  spec.key = KeyOf(channel.collection_id(), channel.shard());
  spec.topic = channel.topic();
  ASSIGN_OR_RETURN(spec.schema, SchemaOf(assignment.collection()));
  // A SchemaChange record carries the collection as it is from there on.
  spec.read_schema = [](std::string_view payload)
      -> absl::StatusOr<std::shared_ptr<const types::Schema>> {
    internal::CollectionMeta collection;
    if (!collection.ParseFromArray(payload.data(),
                                   static_cast<int>(payload.size()))) {
      return base::DataLoss("a SchemaChange record holds no collection");
    }
    return SchemaOf(collection);
  };
  ASSIGN_OR_RETURN(spec.start, storage::Position::Decode(channel.checkpoint()));
  spec.replay_state = channel.replay_state();
  for (const auto& written : assignment.written()) {
    ASSIGN_OR_RETURN(spec.synced_to[base::SegmentId{written.segment_id()}],
                     storage::Position::Decode(written.synced_to()));
  }
  return spec;
}

}  // namespace elanus::worker
