// The leases of an embedded meta store, in memory: until when each lasts and
// which keys hang on it. A process that is gone keeps no lease alive, so they
// need not outlive it.
//
// Threads: not thread-safe; RocksMetaStore guards it.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "storage/meta_store.h"

namespace elanus::storage {

class LeaseTable {
 public:
  static constexpr std::int64_t kNever =
      std::numeric_limits<std::int64_t>::max();

  LeaseId Grant(std::chrono::milliseconds ttl, std::int64_t now_ns);
  // Errors: IsLeaseNotFound.
  absl::Status KeepAlive(LeaseId lease, std::int64_t now_ns);
  absl::Status CheckAlive(LeaseId lease, std::int64_t now_ns) const;

  // Hangs `key` on `lease` and on no other; kNoLease: on none.
  void Attach(const std::string& key, LeaseId lease);

  std::vector<LeaseId> Expired(std::int64_t now_ns) const;
  std::vector<std::string> KeysOf(LeaseId lease) const;
  void Remove(LeaseId lease);

  // When the first one runs out; kNever without leases.
  std::int64_t NextDeadlineNs() const;

 private:
  struct Lease {
    std::int64_t ttl_ns = 0;
    std::int64_t deadline_ns = 0;
    std::set<std::string> keys;
  };
  std::int64_t next_id_ = 1;
  std::map<LeaseId, Lease> leases_;
  std::map<std::string, LeaseId> lease_of_;
};

}  // namespace elanus::storage
