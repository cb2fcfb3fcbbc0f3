#include "storage/meta_store.h"

#include "absl/container/flat_hash_set.h"

namespace elanus::storage {
namespace {

using base::ErrorCode;

// Adds up what a transaction names and carries.
class TxnSize {
 public:
  absl::Status Add(const std::string& key, std::size_t value_size) {
    if (key.empty()) {
      return base::InvalidInput(ErrorCode::kParameterInvalid,
                                "a transaction names an empty key");
    }
    keys_.insert(key);
    bytes_ += key.size() + value_size;
    return absl::OkStatus();
  }

  absl::Status Check() const {
    if (keys_.size() > kMaxTxnKeys) {
      return base::InvalidInput(ErrorCode::kParameterTooLarge,
                                "a transaction names {} keys, at most {}",
                                keys_.size(), kMaxTxnKeys);
    }
    if (bytes_ > kMaxTxnBytes) {
      return base::InvalidInput(ErrorCode::kParameterTooLarge,
                                "a transaction has {} bytes, at most {}",
                                bytes_, kMaxTxnBytes);
    }
    return absl::OkStatus();
  }

 private:
  absl::flat_hash_set<std::string> keys_;
  std::size_t bytes_ = 0;
};

}  // namespace

absl::Status CheckTxn(const MetaTxn& txn) {
  TxnSize size;
  absl::flat_hash_set<std::string> changed;
  for (const MetaCompare& compare : txn.compares) {
    RETURN_IF_ERROR(size.Add(compare.key, compare.value.size()));
  }
  const auto change = [&](const std::string& key, std::size_t value_size) {
    if (!changed.insert(key).second) {
      return base::InvalidInput(ErrorCode::kParameterInvalid,
                                "a transaction changes key {} twice", key);
    }
    return size.Add(key, value_size);
  };
  for (const MetaPut& put : txn.puts) {
    RETURN_IF_ERROR(change(put.key, put.value.size()));
  }
  for (const std::string& key : txn.deletes) RETURN_IF_ERROR(change(key, 0));
  return size.Check();
}

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) {
    end.pop_back();
  }
  if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
  return end;
}

}  // namespace elanus::storage
