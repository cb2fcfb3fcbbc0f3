// How the meta store's keys and values lie in RocksDB.
//
//   'k' + key → revision (8 bytes), lease (8 bytes), value
//   'l' + key → nothing: the key hangs on a lease
//   'r'       → the last revision (8 bytes)
//
// Threads: all functions are pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/meta_store.h"

namespace elanus::storage {

struct StoredValue {
  std::uint64_t revision = 0;
  LeaseId lease = kNoLease;
  std::string value;
};

inline constexpr std::string_view kRevisionKey = "r";
inline constexpr char kDataTag = 'k';
inline constexpr char kLeaseTag = 'l';

inline std::string DataKey(std::string_view key) {
  return std::string(1, kDataTag).append(key);
}
inline std::string LeaseKey(std::string_view key) {
  return std::string(1, kLeaseTag).append(key);
}

std::string EncodeStored(const StoredValue& stored);
// Errors: DATA_LOSS naming the key.
absl::StatusOr<StoredValue> DecodeStored(std::string_view bytes,
                                         std::string_view key);

std::string EncodeRevision(std::uint64_t revision);
absl::StatusOr<std::uint64_t> DecodeRevision(std::string_view bytes);

}  // namespace elanus::storage
