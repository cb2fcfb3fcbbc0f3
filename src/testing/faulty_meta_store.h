// A MetaStore that misbehaves by script. Operations: "Get", "Range", "Txn",
// "Watch", "GrantLease", "KeepAlive". kDuplicate sends a transaction twice, as
// a client does that retries on its own; the second answer is given.
//
//   FaultyMetaStore store(real);
//   store.script().Next("Txn", Fault::kLoseAnswer);
//
// Threads:   any.
// Ownership: borrows the real store.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "storage/errors.h"
#include "storage/meta_store.h"
#include "testing/fault_script.h"

namespace elanus::testing {

class FaultyMetaStore final : public storage::MetaStore {
 public:
  explicit FaultyMetaStore(storage::MetaStore& real) : real_(real) {}

  FaultScript& script() { return script_; }

  absl::StatusOr<std::optional<storage::MetaValue>> Get(
      std::string_view key) override {
    if (script_.Take("Get") != Fault::kNone) return Away();
    return real_.Get(key);
  }
  absl::StatusOr<storage::MetaPage> Range(
      std::string_view prefix, const storage::RangeOptions& options) override {
    if (script_.Take("Range") != Fault::kNone) return Away();
    return real_.Range(prefix, options);
  }
  absl::StatusOr<storage::MetaTxnResult> Txn(
      const storage::MetaTxn& txn) override {
    const Fault fault = script_.Take("Txn");
    if (fault == Fault::kFail) return Away();
    if (fault == Fault::kDrop) return storage::OutcomeUnknown("injected");
    if (fault == Fault::kDuplicate) {
      RETURN_IF_ERROR(real_.Txn(txn).status());
    }
    auto result = real_.Txn(txn);
    if (fault == Fault::kLoseAnswer) return storage::OutcomeUnknown("injected");
    return result;
  }
  absl::StatusOr<std::unique_ptr<storage::MetaWatch>> Watch(
      std::string_view prefix, std::uint64_t after_revision,
      storage::WatchCallback callback) override {
    if (script_.Take("Watch") != Fault::kNone) return Away();
    return real_.Watch(prefix, after_revision, std::move(callback));
  }
  absl::StatusOr<storage::LeaseId> GrantLease(
      std::chrono::milliseconds ttl) override {
    if (script_.Take("GrantLease") != Fault::kNone) return Away();
    return real_.GrantLease(ttl);
  }
  absl::Status KeepAlive(storage::LeaseId lease) override {
    if (script_.Take("KeepAlive") != Fault::kNone) return Away();
    return real_.KeepAlive(lease);
  }
  absl::Status RevokeLease(storage::LeaseId lease) override {
    return real_.RevokeLease(lease);
  }

 private:
  static absl::Status Away() {
    return base::Error(base::ErrorCode::kServiceUnavailable,
                       "meta store is away (injected)");
  }

  storage::MetaStore& real_;
  FaultScript script_;
};

}  // namespace elanus::testing
