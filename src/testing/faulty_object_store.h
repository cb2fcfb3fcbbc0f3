// An ObjectStore that misbehaves by script. Operations: "Put", "Get" (also in
// part), "Map", "Head", "List", "Delete", "Append" and "Finish" of uploads.
// kTear flips a bit of what is read.
//
//   FaultyObjectStore store(real);
//   store.script().Next("Get", Fault::kTear);
//
// Threads:   any.
// Ownership: borrows the real store.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "storage/errors.h"
#include "storage/object_store.h"
#include "testing/fault_script.h"

namespace elanus::testing {

class FaultyObjectStore final : public storage::ObjectStore {
 public:
  explicit FaultyObjectStore(storage::ObjectStore& real) : real_(real) {}

  FaultScript& script() { return script_; }

  using ObjectStore::Put;
  absl::Status Put(std::string_view name,
                   std::span<const std::byte> bytes) override {
    return Change("Put", [&] { return real_.Put(name, bytes); });
  }
  absl::StatusOr<base::Buffer> Get(std::string_view name) override {
    return Read("Get", [&] { return real_.Get(name); });
  }
  absl::StatusOr<base::Buffer> Get(std::string_view name, std::uint64_t offset,
                                   std::uint64_t length) override {
    return Read("Get", [&] { return real_.Get(name, offset, length); });
  }
  absl::StatusOr<base::Buffer> Map(std::string_view name) override {
    return Read("Map", [&] { return real_.Map(name); });
  }
  absl::StatusOr<std::uint64_t> Head(std::string_view name) override {
    if (script_.Take("Head") != Fault::kNone) return Away();
    return real_.Head(name);
  }
  absl::StatusOr<storage::ObjectPage> List(std::string_view prefix,
                                           std::string_view start_after,
                                           std::size_t limit) override {
    if (script_.Take("List") != Fault::kNone) return Away();
    return real_.List(prefix, start_after, limit);
  }
  absl::Status Delete(std::string_view name) override {
    return Change("Delete", [&] { return real_.Delete(name); });
  }
  absl::StatusOr<std::unique_ptr<storage::Upload>> StartUpload(
      std::string_view name) override {
    ASSIGN_OR_RETURN(auto upload, real_.StartUpload(name));
    return std::make_unique<FaultyUpload>(*this, std::move(upload));
  }

 private:
  class FaultyUpload final : public storage::Upload {
   public:
    FaultyUpload(FaultyObjectStore& store,
                 std::unique_ptr<storage::Upload> real)
        : store_(store), real_(std::move(real)) {}
    absl::Status Append(std::span<const std::byte> bytes) override {
      if (store_.script_.Take("Append") != Fault::kNone) return Away();
      return real_->Append(bytes);
    }
    absl::Status Finish() override {
      return store_.Change("Finish", [&] { return real_->Finish(); });
    }

   private:
    FaultyObjectStore& store_;
    const std::unique_ptr<storage::Upload> real_;
  };

  static absl::Status Away() {
    return base::MakeRetriable(base::ErrorCode::kServiceUnavailable,
                               "object store is away (injected)");
  }

  template <typename Call>
  absl::Status Change(const std::string& op, Call call) {
    const Fault fault = script_.Take(op);
    if (fault == Fault::kFail || fault == Fault::kTear) return Away();
    if (fault == Fault::kDrop) return storage::OutcomeUnknown("injected");
    absl::Status status = call();
    if (fault == Fault::kDuplicate) status = call();
    if (fault == Fault::kLoseAnswer) return storage::OutcomeUnknown("injected");
    return status;
  }

  template <typename Call>
  absl::StatusOr<base::Buffer> Read(const std::string& op, Call call) {
    const Fault fault = script_.Take(op);
    if (fault != Fault::kNone && fault != Fault::kTear) return Away();
    ASSIGN_OR_RETURN(base::Buffer bytes, call());
    if (fault == Fault::kNone || bytes.empty()) return bytes;
    std::string torn(bytes.view());
    torn[torn.size() / 2] = static_cast<char>(torn[torn.size() / 2] ^ 1);
    return base::Buffer::FromString(std::move(torn));
  }

  storage::ObjectStore& real_;
  FaultScript script_;
};

}  // namespace elanus::testing
