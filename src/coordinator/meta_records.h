// The meta store's records: under which key each kind stands, and how a
// message is read and written there.
//
//   ASSIGN_OR_RETURN(auto record,
//                    GetRecord<internal::CollectionMeta>(
//                        store, keys::Collection(id)));
//   if (!record.has_value()) ...            // there is none
//   MetaTxn txn;
//   txn.compares.push_back(CompareUnchanged(*record));
//   txn.puts.push_back(PutRecord(record->key, changed));
//
// Keys are readable text; an id stands in them as a decimal number. A prefix
// ends with '/', so that collection 1 does not find the records of 10.
//
// Threads: pure functions; those that take a store block on it.
// Errors:  those of the store; DATA_LOSS naming the key for a record that
//          cannot be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/message_lite.h>

#include "base/ids.h"
#include "base/status.h"
#include "storage/meta_store.h"

namespace elanus::coordinator {

namespace keys {

// Bounds of the time oracle and of the ids: decimal text.
inline constexpr std::string_view kTimeBound = "root/time_bound";
inline constexpr std::string_view kIdBound = "root/id_bound";
// How many pchannels the cluster has, for ever: decimal text.
inline constexpr std::string_view kPchannels = "root/pchannels";

inline constexpr std::string_view kCollections = "root/collection/";
inline constexpr std::string_view kNames = "root/name/";
inline constexpr std::string_view kAliases = "root/alias/";
inline constexpr std::string_view kDatabases = "root/database/";
inline constexpr std::string_view kChannels = "data/channel/";
inline constexpr std::string_view kSegments = "data/segment/";
inline constexpr std::string_view kAttempts = "data/attempt/";
inline constexpr std::string_view kIndexes = "data/index/";
inline constexpr std::string_view kSegmentIndexes = "data/segment_index/";
inline constexpr std::string_view kLoads = "query/load/";

std::string Collection(base::CollectionId collection);
// Whose value is the collection's id as decimal text. A name is taken as long
// as its key exists.
std::string Name(base::DatabaseId database, std::string_view name);
std::string Alias(base::DatabaseId database, std::string_view alias);
std::string Database(base::DatabaseId database);

std::string Channel(base::CollectionId collection, std::int32_t shard);
std::string ChannelsOf(base::CollectionId collection);  // prefix
std::string Segment(base::CollectionId collection, base::SegmentId segment);
std::string SegmentsOf(base::CollectionId collection);  // prefix
std::string Attempt(base::AttemptId attempt);
std::string Index(base::CollectionId collection, base::IndexId index);
std::string IndexesOf(base::CollectionId collection);  // prefix
std::string SegmentIndex(base::CollectionId collection, base::SegmentId segment,
                         base::IndexId index);
std::string SegmentIndexesOf(base::CollectionId collection);  // prefix
std::string SegmentIndexesOf(base::CollectionId collection,
                             base::SegmentId segment);  // prefix

std::string Load(base::CollectionId collection);

}  // namespace keys

template <typename Message>
struct Record {
  std::string key;
  Message message;
  std::uint64_t revision = 0;  // of the record's last put
};

template <typename Message>
struct RecordList {
  std::vector<Record<Message>> records;  // ascending by key
  std::uint64_t revision = 0;            // the moment that the list shows
};

// DATA_LOSS naming the key if `bytes` is not such a message.
absl::Status ParseRecord(std::string_view key, std::string_view bytes,
                         google::protobuf::MessageLite& message);
storage::MetaPut PutRecord(std::string key,
                           const google::protobuf::MessageLite& message);

// All entries under `prefix` as of one revision; `revision` 0 = now.
absl::StatusOr<storage::MetaPage> ListAll(storage::MetaStore& store,
                                          std::string_view prefix,
                                          std::uint64_t revision);

// A record of decimal text; empty if there is none.
struct NumberRecord {
  std::uint64_t value = 0;
  std::uint64_t revision = 0;
};
absl::StatusOr<std::optional<NumberRecord>> GetNumber(storage::MetaStore& store,
                                                      std::string_view key);
storage::MetaPut PutNumber(std::string_view key, std::uint64_t value);

// The topics of the pchannels; none before the first start has fixed them.
absl::StatusOr<std::vector<std::string>> ListTopics(storage::MetaStore& store);

// As `record` was read.
template <typename Message>
storage::MetaCompare CompareUnchanged(const Record<Message>& record) {
  return storage::MetaCompare::RevisionIs(record.key, record.revision);
}

template <typename Message>
absl::StatusOr<std::optional<Record<Message>>> GetRecord(
    storage::MetaStore& store, std::string key) {
  ASSIGN_OR_RETURN(std::optional<storage::MetaValue> value, store.Get(key));
  if (!value.has_value()) return std::optional<Record<Message>>();
  std::optional<Record<Message>> record(std::in_place);
  RETURN_IF_ERROR(ParseRecord(key, value->value, record->message));
  record->key = std::move(key);
  record->revision = value->revision;
  return record;
}

template <typename Message>
absl::StatusOr<RecordList<Message>> ListRecords(storage::MetaStore& store,
                                                std::string_view prefix,
                                                std::uint64_t revision = 0) {
  ASSIGN_OR_RETURN(storage::MetaPage page, ListAll(store, prefix, revision));
  RecordList<Message> list;
  list.revision = page.revision;
  list.records.reserve(page.entries.size());
  for (storage::MetaEntry& entry : page.entries) {
    Record<Message> record;
    RETURN_IF_ERROR(ParseRecord(entry.key, entry.value, record.message));
    record.key = std::move(entry.key);
    record.revision = entry.revision;
    list.records.push_back(std::move(record));
  }
  return list;
}

}  // namespace elanus::coordinator
