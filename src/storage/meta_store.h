// The meta store: a small, ordered, transactional map from names to records,
// from which all decisions of the cluster follow. RocksDB in standalone, etcd
// in a cluster.
//
//   ASSIGN_OR_RETURN(auto old, store.Get("segment/7"));
//   MetaTxn txn;
//   txn.compares.push_back(MetaCompare::RevisionIs("segment/7",
//                                                  old->revision));
//   txn.puts.push_back({.key = "segment/7", .value = record});
//   ASSIGN_OR_RETURN(MetaTxnResult result, store.Txn(txn));
//   if (!result.succeeded) ...  // somebody was faster: read again
//
// Revisions: every transaction that changes something gets the next number of
// one counter; a key's revision is that of its last put. They survive restarts.
//
// Threads:   all methods from any thread; they block on I/O.
// Ownership: watches must be destroyed before the store.
// Errors:    InvalidInput for limits, IsRevisionGone, IsLeaseNotFound,
//            IsOutcomeUnknown after a failed commit; otherwise retriable.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/status.h"

namespace elanus::storage {

// What one transaction may name and carry, on every backend, so that nothing
// grows in standalone that etcd would refuse.
inline constexpr std::size_t kMaxTxnKeys = 64;           // distinct keys
inline constexpr std::size_t kMaxTxnBytes = 512 * 1024;  // keys and values

enum class LeaseId : std::int64_t {};
inline constexpr LeaseId kNoLease{0};

struct MetaValue {
  std::string value;
  std::uint64_t revision = 0;  // of the last put
  friend bool operator==(const MetaValue&, const MetaValue&) = default;
};

struct MetaEntry {
  std::string key;
  std::string value;
  std::uint64_t revision = 0;
  friend bool operator==(const MetaEntry&, const MetaEntry&) = default;
};

struct RangeOptions {
  std::string start_after;   // first key is behind this one; empty = all
  std::size_t limit = 1000;  // entries of a page, at least 1
  // 0 = now. Pass the first page's revision for the next pages, and for other
  // prefixes that shall be seen as of the same moment. Old revisions are kept
  // for a while only: IsRevisionGone, then start again.
  std::uint64_t revision = 0;
};

struct MetaPage {
  std::vector<MetaEntry> entries;  // ascending by key, bytewise
  std::uint64_t revision = 0;      // the moment that the page shows
  bool more = false;               // there are entries behind the last one
};

struct MetaCompare {
  enum class Kind { kAbsent, kExists, kValueIs, kRevisionIs };

  static MetaCompare Absent(std::string key) {
    return {.kind = Kind::kAbsent, .key = std::move(key)};
  }
  static MetaCompare Exists(std::string key) {
    return {.kind = Kind::kExists, .key = std::move(key)};
  }
  static MetaCompare ValueIs(std::string key, std::string value) {
    return {.kind = Kind::kValueIs,
            .key = std::move(key),
            .value = std::move(value)};
  }
  static MetaCompare RevisionIs(std::string key, std::uint64_t revision) {
    return {
        .kind = Kind::kRevisionIs, .key = std::move(key), .revision = revision};
  }

  Kind kind = Kind::kAbsent;
  std::string key;
  std::string value;
  std::uint64_t revision = 0;
};

struct MetaPut {
  std::string key;
  std::string value;
  LeaseId lease = kNoLease;  // the key vanishes with it
};

// All compares hold → all puts and deletes happen; otherwise none. No key may
// be put or deleted twice.
struct MetaTxn {
  std::vector<MetaCompare> compares;
  std::vector<MetaPut> puts;
  std::vector<std::string> deletes;
};

struct MetaTxnResult {
  bool succeeded = false;
  // Of the transaction if it succeeded, else one at which it failed. A
  // transaction that changes nothing takes no new revision.
  std::uint64_t revision = 0;
};

struct MetaEvent {
  enum class Kind { kPut, kDelete };
  Kind kind = Kind::kPut;
  std::string key;
  std::string value;  // empty for a delete
  std::uint64_t revision = 0;
};

// Told the changes of one transaction at a time, in order of revision.
using WatchCallback = absl::AnyInvocable<void(std::span<const MetaEvent>)>;

// Destroying it ends the watch: the callback does not run afterwards (waits
// for one that runs, unless called from within it).
class MetaWatch {
 public:
  virtual ~MetaWatch() = default;
};

class MetaStore {
 public:
  virtual ~MetaStore() = default;

  // Empty if there is no such key.
  virtual absl::StatusOr<std::optional<MetaValue>> Get(
      std::string_view key) = 0;

  // The entries whose key starts with `prefix`.
  virtual absl::StatusOr<MetaPage> Range(std::string_view prefix,
                                         const RangeOptions& options) = 0;

  // Atomic and durable when it returns. More than kMaxTxnKeys or kMaxTxnBytes
  // is refused with kParameterTooLarge, as is an empty key (kParameterInvalid).
  virtual absl::StatusOr<MetaTxnResult> Txn(const MetaTxn& txn) = 0;

  // Calls `callback` for each change of a key under `prefix` with a revision
  // greater than `after_revision` (usually that of the Range that was read
  // before). The callback runs on a thread of the store, one call at a time,
  // never under its locks; while it blocks, other watches may wait.
  // Errors: IsRevisionGone: list again, then watch from there.
  virtual absl::StatusOr<std::unique_ptr<MetaWatch>> Watch(
      std::string_view prefix, std::uint64_t after_revision,
      WatchCallback callback) = 0;

  // Keys put with the lease are deleted when nobody has kept it alive for
  // `ttl`, or when it is revoked. ttl: at least 1 s, rounded up to seconds.
  virtual absl::StatusOr<LeaseId> GrantLease(std::chrono::milliseconds ttl) = 0;
  virtual absl::Status KeepAlive(LeaseId lease) = 0;
  // OK also if it is gone already.
  virtual absl::Status RevokeLease(LeaseId lease) = 0;
};

// Limits and form, the same for all backends.
absl::Status CheckTxn(const MetaTxn& txn);

// The smallest key that is greater than every key with this prefix; empty if
// there is none.
std::string PrefixEnd(std::string_view prefix);

}  // namespace elanus::storage
