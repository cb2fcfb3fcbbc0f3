// Data coord's records, mirrored in memory. The meta store is the truth; the
// mirror is what it held after the last transaction of this process, and all
// changes go through it. A reader sees a state that the store really had.
//
//   MetaChange change;
//   change.Expect(*channel);                      // as I read it
//   change.Put(keys::Channel(...), new_channel);
//   ASSIGN_OR_RETURN(bool done, meta.Commit(std::move(change)));
//   if (!done) ...   // somebody changed it meanwhile: read again
//
// Threads:   any. Commit and Refresh wait for the disk; nothing else does.
// Ownership: a Ref keeps its record alive and never changes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "base/mutex.h"
#include "base/status.h"
#include "coordinator/meta_records.h"
#include "proto/internal/meta.pb.h"
#include "storage/meta_store.h"

namespace elanus::coordinator {

template <typename Message>
using Ref = std::shared_ptr<const Record<Message>>;

template <typename Message>
using RecordTable = absl::btree_map<std::string, Ref<Message>>;

// The kinds of records that data coord owns.
struct DataTables {
  RecordTable<internal::ChannelMeta> channels;
  RecordTable<internal::SegmentMeta> segments;
  RecordTable<internal::AttemptMeta> attempts;
  RecordTable<internal::IndexMeta> indexes;
  RecordTable<internal::SegmentIndexMeta> segment_indexes;

  template <typename Message>
  auto& Of() {
    return Pick<Message>(*this);
  }
  template <typename Message>
  const auto& Of() const {
    return Pick<Message>(*this);
  }

 private:
  template <typename Message, typename Tables>
  static auto& Pick(Tables& tables) {
    if constexpr (std::is_same_v<Message, internal::ChannelMeta>) {
      return tables.channels;
    } else if constexpr (std::is_same_v<Message, internal::SegmentMeta>) {
      return tables.segments;
    } else if constexpr (std::is_same_v<Message, internal::AttemptMeta>) {
      return tables.attempts;
    } else if constexpr (std::is_same_v<Message, internal::IndexMeta>) {
      return tables.indexes;
    } else {
      static_assert(std::is_same_v<Message, internal::SegmentIndexMeta>);
      return tables.segment_indexes;
    }
  }
};

// One transaction: all of it happens, or nothing. At most
// storage::kMaxTxnKeys keys.
class MetaChange {
 public:
  // The record is as it was read.
  template <typename Message>
  void Expect(const Record<Message>& record) {
    txn_.compares.push_back(CompareUnchanged(record));
  }
  void ExpectAbsent(std::string key) {
    txn_.compares.push_back(storage::MetaCompare::Absent(std::move(key)));
  }
  void ExpectExists(std::string key) {
    txn_.compares.push_back(storage::MetaCompare::Exists(std::move(key)));
  }

  template <typename Message>
  void Put(std::string key, Message message) {
    txn_.puts.push_back(PutRecord(key, message));
    entries_.push_back({.key = key,
                        .wanted = txn_.puts.back().value,
                        .apply =
                            [key, message = std::move(message)](
                                DataTables& tables, std::uint64_t revision) {
                              tables.Of<Message>()[key] =
                                  std::make_shared<const Record<Message>>(
                                      Record<Message>{key, message, revision});
                            },
                        .read = Reader<Message>(key)});
  }
  template <typename Message>
  void Delete(std::string key) {
    txn_.deletes.push_back(key);
    entries_.push_back(
        {.key = key,
         .wanted = std::nullopt,
         .apply = [key](DataTables& tables,
                        std::uint64_t) { tables.Of<Message>().erase(key); },
         .read = Reader<Message>(key)});
  }

  std::size_t keys() const { return txn_.puts.size() + txn_.deletes.size(); }

 private:
  friend class DataMeta;

  using Value = std::optional<storage::MetaValue>;
  struct Entry {
    std::string key;
    std::optional<std::string> wanted;  // empty: no record
    // What the transaction does to the mirror.
    std::function<void(DataTables&, std::uint64_t revision)> apply;
    // Takes over what the store holds.
    std::function<absl::Status(DataTables&, const Value&)> read;
  };

  template <typename Message>
  static std::function<absl::Status(DataTables&, const Value&)> Reader(
      std::string key) {
    return [key = std::move(key)](DataTables& tables,
                                  const Value& value) -> absl::Status {
      if (!value.has_value()) {
        tables.Of<Message>().erase(key);
        return absl::OkStatus();
      }
      Record<Message> record{.key = key, .revision = value->revision};
      RETURN_IF_ERROR(ParseRecord(key, value->value, record.message));
      tables.Of<Message>()[key] =
          std::make_shared<const Record<Message>>(std::move(record));
      return absl::OkStatus();
    };
  }

  storage::MetaTxn txn_;
  std::vector<Entry> entries_;
};

class DataMeta {
 public:
  explicit DataMeta(storage::MetaStore& store) : store_(store) {}

  // Reads everything; once, before the other methods.
  absl::Status Load();

  // True if the store holds what was wanted, false if a compare failed: nothing
  // was changed. After an error nobody knows whether it happened: the store is
  // asked, now or before the next change. What is late may happen even after
  // that, so whoever decides by what is not there has to read the store.
  absl::StatusOr<bool> Commit(MetaChange change);

  // The mirror shows what the store holds, failed transactions included.
  absl::Status Refresh();

  // nullptr if there is none.
  template <typename Message>
  Ref<Message> Find(const std::string& key) const {
    base::MutexLock lock(mutex_);
    const auto& table = tables_.Of<Message>();
    const auto it = table.find(key);
    return it == table.end() ? nullptr : it->second;
  }

  // Those whose key starts with `prefix`, ascending by key.
  template <typename Message>
  std::vector<Ref<Message>> List(std::string_view prefix) const {
    base::MutexLock lock(mutex_);
    return ListIn<Message>(tables_, prefix);
  }

  // Calls read(const DataTables&) while nothing changes: several kinds as of
  // one moment. Short, no I/O.
  template <typename Read>
  auto ReadTables(Read read) const {
    base::MutexLock lock(mutex_);
    return read(tables_);
  }

  template <typename Message>
  static std::vector<Ref<Message>> ListIn(const DataTables& tables,
                                          std::string_view prefix) {
    std::vector<Ref<Message>> found;
    const auto& table = tables.Of<Message>();
    for (auto it = table.lower_bound(std::string(prefix));
         it != table.end() && it->first.starts_with(prefix); ++it) {
      found.push_back(it->second);
    }
    return found;
  }

 private:
  using Entries = std::vector<MetaChange::Entry>;

  template <typename Message>
  absl::Status LoadTable(std::string_view prefix);
  // Takes over what the store holds of these keys; true if that is what was
  // wanted.
  absl::StatusOr<bool> ReadAgain(const Entries& entries);

  storage::MetaStore& store_;
  mutable base::Mutex mutex_;
  DataTables tables_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t changes_ ABSL_GUARDED_BY(mutex_) = 0;  // of the mirror
  // Changes of unknown outcome that the store was not asked about yet.
  std::map<std::uint64_t, Entries> doubtful_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t next_doubt_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace elanus::coordinator
