// Strong id types: a collection's id does not compile where a segment's is
// meant.
//
//   SegmentId id{7};
//   int64_t wire = ToInt(id);
#pragma once

#include <cstdint>
#include <type_traits>

namespace elanus::base {

enum class DatabaseId : std::int64_t {};
enum class CollectionId : std::int64_t {};
enum class PartitionId : std::int64_t {};
enum class SegmentId : std::int64_t {};
enum class FieldId : std::int64_t {};
enum class IndexId : std::int64_t {};
// One try at writing files for a segment, an index or a checkpoint; its files
// lie in a folder of that name and belong to nobody once the attempt ended.
enum class AttemptId : std::int64_t {};
// A process that is a node of the cluster, new at each start.
enum class NodeId : std::int64_t {};
// A stream of log records with rising sequence numbers.
enum class WriterId : std::uint64_t {};

// Stands for "all partitions" in records and requests.
inline constexpr PartitionId kAllPartitions{0};

template <typename Id>
requires std::is_enum_v<Id>
constexpr std::underlying_type_t<Id> ToInt(Id id) {
  return static_cast<std::underlying_type_t<Id>>(id);
}

}  // namespace elanus::base
