#include "coordinator/data/data_meta.h"

namespace elanus::coordinator {

template <typename Message>
absl::Status DataMeta::LoadTable(std::string_view prefix) {
  ASSIGN_OR_RETURN(RecordList<Message> list,
                   ListRecords<Message>(store_, prefix));
  base::MutexLock lock(mutex_);
  auto& table = tables_.Of<Message>();
  for (Record<Message>& record : list.records) {
    std::string key = record.key;
    table[std::move(key)] =
        std::make_shared<const Record<Message>>(std::move(record));
  }
  return absl::OkStatus();
}

absl::Status DataMeta::Load() {
  RETURN_IF_ERROR(LoadTable<internal::ChannelMeta>(keys::kChannels));
  RETURN_IF_ERROR(LoadTable<internal::SegmentMeta>(keys::kSegments));
  RETURN_IF_ERROR(LoadTable<internal::AttemptMeta>(keys::kAttempts));
  RETURN_IF_ERROR(LoadTable<internal::IndexMeta>(keys::kIndexes));
  return LoadTable<internal::SegmentIndexMeta>(keys::kSegmentIndexes);
}

absl::StatusOr<bool> DataMeta::Commit(MetaChange change) {
  RETURN_IF_ERROR(Refresh());
  const auto result = store_.Txn(change.txn_);
  if (result.ok() && result->succeeded) {
    // Changes of one key reach the mirror in the store's order: whoever changes
    // a key expects the revision that the mirror showed.
    base::MutexLock lock(mutex_);
    ++changes_;
    for (const auto& entry : change.entries_) {
      entry.apply(tables_, result->revision);
    }
    return true;
  }
  // A failed compare proves as little as a lost answer: a client that sends
  // again on its own gives the second answer, and the first may have succeeded.
  const absl::StatusOr<bool> happened = ReadAgain(change.entries_);
  if (!happened.ok()) {
    base::MutexLock lock(mutex_);
    doubtful_.emplace(next_doubt_++, std::move(change.entries_));
    return result.ok() ? happened.status() : result.status();
  }
  if (!*happened && !result.ok()) return result.status();
  return *happened;
}

absl::Status DataMeta::Refresh() {
  for (;;) {
    std::uint64_t doubt = 0;
    Entries entries;
    {
      base::MutexLock lock(mutex_);
      if (doubtful_.empty()) return absl::OkStatus();
      doubt = doubtful_.begin()->first;
      entries = doubtful_.begin()->second;
    }
    RETURN_IF_ERROR(ReadAgain(entries).status());
    base::MutexLock lock(mutex_);
    doubtful_.erase(doubt);
  }
}

absl::StatusOr<bool> DataMeta::ReadAgain(const Entries& entries) {
  for (;;) {
    std::uint64_t changes = 0;
    {
      base::MutexLock lock(mutex_);
      changes = changes_;
    }
    bool happened = true;
    std::vector<MetaChange::Value> values;
    for (const MetaChange::Entry& entry : entries) {
      ASSIGN_OR_RETURN(MetaChange::Value value, store_.Get(entry.key));
      happened = happened && value.has_value() == entry.wanted.has_value() &&
                 (!value.has_value() || value->value == *entry.wanted);
      values.push_back(std::move(value));
    }
    base::MutexLock lock(mutex_);
    // What was read may be older than what the mirror was told meanwhile.
    if (changes != changes_) continue;
    ++changes_;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      RETURN_IF_ERROR(entries[i].read(tables_, values[i]));
    }
    return happened;
  }
}

}  // namespace elanus::coordinator
