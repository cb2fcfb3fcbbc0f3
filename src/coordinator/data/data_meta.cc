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
  ASSIGN_OR_RETURN(const storage::MetaTxnResult result,
                   store_.Txn(change.txn_));
  if (!result.succeeded) return false;
  // Changes of one key reach the mirror in the store's order: whoever changes
  // a key expects the revision that the mirror showed.
  base::MutexLock lock(mutex_);
  for (const auto& apply : change.mirror_) apply(tables_, result.revision);
  return true;
}

}  // namespace elanus::coordinator
