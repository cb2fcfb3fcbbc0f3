#include "coordinator/meta_records.h"

#include <charconv>

namespace elanus::coordinator {
namespace keys {

std::string Collection(base::CollectionId collection) {
  return fmt::format("{}{}", kCollections, base::ToInt(collection));
}
std::string Name(base::DatabaseId database, std::string_view name) {
  return fmt::format("{}{}/{}", kNames, base::ToInt(database), name);
}
std::string Alias(base::DatabaseId database, std::string_view alias) {
  return fmt::format("{}{}/{}", kAliases, base::ToInt(database), alias);
}
std::string Database(base::DatabaseId database) {
  return fmt::format("{}{}", kDatabases, base::ToInt(database));
}

std::string Channel(base::CollectionId collection, std::int32_t shard) {
  return fmt::format("{}{}", ChannelsOf(collection), shard);
}
std::string ChannelsOf(base::CollectionId collection) {
  return fmt::format("{}{}/", kChannels, base::ToInt(collection));
}
std::string Segment(base::CollectionId collection, base::SegmentId segment) {
  return fmt::format("{}{}", SegmentsOf(collection), base::ToInt(segment));
}
std::string SegmentsOf(base::CollectionId collection) {
  return fmt::format("{}{}/", kSegments, base::ToInt(collection));
}
std::string Attempt(base::AttemptId attempt) {
  return fmt::format("{}{}", kAttempts, base::ToInt(attempt));
}
std::string Index(base::CollectionId collection, base::IndexId index) {
  return fmt::format("{}{}", IndexesOf(collection), base::ToInt(index));
}
std::string IndexesOf(base::CollectionId collection) {
  return fmt::format("{}{}/", kIndexes, base::ToInt(collection));
}
std::string SegmentIndex(base::CollectionId collection, base::SegmentId segment,
                         base::IndexId index) {
  return fmt::format("{}{}", SegmentIndexesOf(collection, segment),
                     base::ToInt(index));
}
std::string SegmentIndexesOf(base::CollectionId collection) {
  return fmt::format("{}{}/", kSegmentIndexes, base::ToInt(collection));
}
std::string SegmentIndexesOf(base::CollectionId collection,
                             base::SegmentId segment) {
  return fmt::format("{}{}/", SegmentIndexesOf(collection),
                     base::ToInt(segment));
}

std::string Load(base::CollectionId collection) {
  return fmt::format("{}{}", kLoads, base::ToInt(collection));
}

}  // namespace keys

absl::Status ParseRecord(std::string_view key, std::string_view bytes,
                         google::protobuf::MessageLite& message) {
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();
  }
  return base::DataLoss("the meta store's record {} ({} bytes) is not a {}",
                        key, bytes.size(), message.GetTypeName());
}

storage::MetaPut PutRecord(std::string key,
                           const google::protobuf::MessageLite& message) {
  return {.key = std::move(key), .value = message.SerializeAsString()};
}

absl::StatusOr<storage::MetaPage> ListAll(storage::MetaStore& store,
                                          std::string_view prefix,
                                          std::uint64_t revision) {
  storage::MetaPage all;
  all.revision = revision;
  do {
    const std::string start_after =
        all.entries.empty() ? "" : all.entries.back().key;
    ASSIGN_OR_RETURN(storage::MetaPage page,
                     store.Range(prefix, {.start_after = start_after,
                                          .revision = all.revision}));
    all.revision = page.revision;
    all.more = page.more && !page.entries.empty();
    for (storage::MetaEntry& entry : page.entries) {
      all.entries.push_back(std::move(entry));
    }
  } while (all.more);
  return all;
}

absl::StatusOr<std::optional<NumberRecord>> GetNumber(storage::MetaStore& store,
                                                      std::string_view key) {
  ASSIGN_OR_RETURN(const std::optional<storage::MetaValue> found,
                   store.Get(key));
  if (!found.has_value()) return std::optional<NumberRecord>();
  const std::string& text = found->value;
  NumberRecord number{.revision = found->revision};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number.value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return base::DataLoss("the meta store's record {} is not a number: '{}'",
                          key, text);
  }
  return std::optional<NumberRecord>(number);
}

storage::MetaPut PutNumber(std::string_view key, std::uint64_t value) {
  return {.key = std::string(key), .value = std::to_string(value)};
}

absl::StatusOr<std::vector<std::string>> ListTopics(storage::MetaStore& store) {
  ASSIGN_OR_RETURN(const std::optional<NumberRecord> fixed,
                   GetNumber(store, keys::kPchannels));
  std::vector<std::string> topics;
  for (std::uint64_t n = 0; fixed.has_value() && n < fixed->value; ++n) {
    topics.push_back(fmt::format("elanus-dml_{}", n));
  }
  return topics;
}

}  // namespace elanus::coordinator
