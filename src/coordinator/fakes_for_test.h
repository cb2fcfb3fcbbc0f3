// Storage, roles and timer for tests of the coordinators, all in
// memory and on the test's own thread. Every call that would leave the process
// is a step of one script, which can end the process at any of them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/timer.h"
#include "proto/milvus/schema.pb.h"
#include "role/proxy.h"
#include "role/query_node.h"
#include "role/refusing_roles_for_test.h"
#include "storage/errors.h"
#include "storage/log_broker.h"
#include "storage/meta_store.h"

namespace elanus::coordinator {

// Everything is due when RunDue is called.
class ManualTimer final : public base::Timer {
 public:
  Id After(std::chrono::milliseconds delay, base::Task task) override {
    tasks_.emplace_back(delay, std::move(task));
    return Id{0};
  }
  bool Cancel(Id) override { return false; }
  std::size_t waiting() const { return tasks_.size(); }
  // How many of those that wait were to wait less than a second.
  std::ptrdiff_t soon() const {
    return std::ranges::count_if(tasks_, [](const auto& task) {
      return task.first < std::chrono::seconds(1);
    });
  }
  void Clear() { tasks_.clear(); }
  void RunDue() {
    std::vector<std::pair<std::chrono::milliseconds, base::Task>> due;
    due.swap(tasks_);
    for (auto& [delay, task] : due) task();
  }

 private:
  std::vector<std::pair<std::chrono::milliseconds, base::Task>> tasks_;
};

// From step `dies_at` on nothing works any more; that step itself is done, but
// its answer lost, if `last_is_done`.
struct Script {
  static constexpr int kNever = 1 << 30;
  int dies_at = kNever;
  bool last_is_done = false;
  int steps = 0;

  enum class Verdict { kDo, kDoAndLose, kRefuse };
  Verdict Step() {
    const int step = steps++;
    if (step < dies_at) return Verdict::kDo;
    return step == dies_at && last_is_done ? Verdict::kDoAndLose
                                           : Verdict::kRefuse;
  }
  static absl::Status Dead() { return storage::OutcomeUnknown("killed"); }
};

class MemoryMetaStore final : public storage::MetaStore {
 public:
  explicit MemoryMetaStore(Script& script) : script_(script) {}

  absl::StatusOr<std::optional<storage::MetaValue>> Get(
      std::string_view key) override {
    if (reads_fail) return Script::Dead();
    const auto found = map.find(std::string(key));
    if (found == map.end()) return std::optional<storage::MetaValue>();
    return std::optional<storage::MetaValue>(found->second);
  }

  absl::StatusOr<storage::MetaPage> Range(
      std::string_view prefix, const storage::RangeOptions& options) override {
    storage::MetaPage page;
    page.revision = revision;
    for (const auto& [key, value] : map) {
      if (key.compare(0, prefix.size(), prefix) != 0) continue;
      if (!options.start_after.empty() && key <= options.start_after) continue;
      page.more = page.entries.size() == options.limit;
      if (page.more) break;
      page.entries.push_back({key, value.value, value.revision});
    }
    return page;
  }

  absl::StatusOr<storage::MetaTxnResult> Txn(
      const storage::MetaTxn& txn) override {
    RETURN_IF_ERROR(storage::CheckTxn(txn));
    if (before_txn) before_txn();
    const Script::Verdict verdict = script_.Step();
    if (verdict == Script::Verdict::kRefuse) return Script::Dead();
    storage::MetaTxnResult result;
    result.succeeded = true;
    for (const storage::MetaCompare& compare : txn.compares) {
      result.succeeded = result.succeeded && Holds(compare);
    }
    if (result.succeeded) {
      ++revision;
      for (const auto& put : txn.puts) map[put.key] = {put.value, revision};
      for (const std::string& key : txn.deletes) map.erase(key);
    }
    result.revision = revision;
    if (verdict == Script::Verdict::kDoAndLose) return Script::Dead();
    return result;
  }

  absl::StatusOr<std::unique_ptr<storage::MetaWatch>> Watch(
      std::string_view, std::uint64_t, storage::WatchCallback) override {
    return Script::Dead();
  }
  absl::StatusOr<storage::LeaseId> GrantLease(
      std::chrono::milliseconds) override {
    return Script::Dead();
  }
  absl::Status KeepAlive(storage::LeaseId) override { return Script::Dead(); }
  absl::Status RevokeLease(storage::LeaseId) override { return Script::Dead(); }

  std::vector<std::string> KeysUnder(const std::string& prefix) const {
    std::vector<std::string> keys;
    for (const auto& [key, value] : map) {
      if (key.compare(0, prefix.size(), prefix) == 0) keys.push_back(key);
    }
    return keys;
  }

  std::map<std::string, storage::MetaValue> map;
  bool reads_fail = false;
  std::uint64_t revision = 0;
  std::function<void()> before_txn;  // what others do meanwhile

 private:
  bool Holds(const storage::MetaCompare& compare) const {
    const auto found = map.find(compare.key);
    const bool there = found != map.end();
    switch (compare.kind) {
      case storage::MetaCompare::Kind::kAbsent:
        return !there;
      case storage::MetaCompare::Kind::kExists:
        return there;
      case storage::MetaCompare::Kind::kValueIs:
        return there && found->second.value == compare.value;
      case storage::MetaCompare::Kind::kRevisionIs:
        return there && found->second.revision == compare.revision;
    }
    return false;
  }

  Script& script_;
};

class MemoryLog final : public storage::LogBroker {
 public:
  explicit MemoryLog(Script& script) : script_(script) {}

  absl::Status CreateTopics(std::span<const std::string> made) override {
    for (const std::string& topic : made) topics[topic];
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<std::string>> ListTopics() override {
    std::vector<std::string> names;
    for (const auto& [name, records] : topics) names.push_back(name);
    return names;
  }
  absl::Status DropTopic(std::string_view) override { return Script::Dead(); }
  void Append(std::string_view topic, base::Buffer record,
              storage::AppendDone done) override {
    const Script::Verdict verdict = script_.Step();
    const auto found = topics.find(std::string(topic));
    if (verdict == Script::Verdict::kRefuse || found == topics.end()) {
      done(Script::Dead());
      return;
    }
    found->second.push_back(record);
    if (verdict == Script::Verdict::kDoAndLose) {
      done(Script::Dead());
      return;
    }
    const std::size_t n = found->second.size();
    done(storage::AppendResult{.position = PositionOf(n - 1),
                               .next = PositionOf(n)});
  }
  absl::StatusOr<std::unique_ptr<storage::LogFollower>> Follow(
      std::string_view, const storage::Position&, storage::LogSink&) override {
    return Script::Dead();
  }
  void End(std::string_view topic, storage::EndDone done) override {
    const auto found = topics.find(std::string(topic));
    if (found == topics.end()) return done(storage::TopicNotFound(topic));
    done(PositionOf(found->second.size()));
  }
  absl::Status TruncateBefore(std::string_view topic,
                              const storage::Position& position) override {
    truncated[std::string(topic)] = position;
    return absl::OkStatus();
  }

  static storage::Position PositionOf(std::size_t n) {
    return storage::Position::FromBytes(fmt::format("{:08}", n));
  }

  std::map<std::string, std::vector<base::Buffer>> topics;
  std::map<std::string, storage::Position> truncated;

 private:
  Script& script_;
};

using role::RefusingDataCoord;
using role::RefusingQueryCoord;
using role::RefusingRootCoord;

// Of a collection with a key and a vector; its name is not looked at.
inline std::string SchemaBytes(int dim = 8) {
  milvus::proto::schema::CollectionSchema schema;
  schema.set_name("ignored");
  auto& key = *schema.add_fields();
  key.set_name("id");
  key.set_data_type(milvus::proto::schema::Int64);
  key.set_is_primary_key(true);
  auto& vector = *schema.add_fields();
  vector.set_name("vec");
  vector.set_data_type(milvus::proto::schema::FloatVector);
  auto& param = *vector.add_type_params();
  param.set_key("dim");
  param.set_value(std::to_string(dim));
  return schema.SerializeAsString();
}

}  // namespace elanus::coordinator
