// Objects that nobody owns: files of attempts that ended, of segments that were
// replaced or dropped, of collections that are gone.
//
// The objects are listed first and the records read after that: what was
// written in between has its attempt in the records. An attempt is ended by
// transaction before its files are swept, so that a writer which wakes up late
// cannot commit; no clock decides what is garbage, only when it goes.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/log.h"
#include "coordinator/data/data_coordinator.h"

namespace elanus::coordinator {
namespace {

constexpr std::size_t kListPage = 1000;

// The attempt in an object's name: its last folder.
//   segment/<collection>/<partition>/<segment>/<attempt>/<file>
//   delete/<vchannel>/<attempt>/<file>
//   index/<segment>/<field>/<attempt>/<file>
std::optional<std::int64_t> AttemptOf(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  std::int64_t attempt = 0;
  if (parts.size() < 3 ||
      !absl::SimpleAtoi(parts[parts.size() - 2], &attempt)) {
    return std::nullopt;
  }
  return attempt;
}

}  // namespace

void DataCoordinator::GarbageTick() {
  CollectGarbage([](const absl::Status& status) {
    base::LogIfError(status, "the next round collects");
  });
}

void DataCoordinator::CollectGarbage(base::Done done) {
  InBackground(
      [this]() -> absl::Status {
        ASSIGN_OR_RETURN(const std::vector<std::string> unowned, ListUnowned());
        return DeleteDue(unowned);
      },
      std::move(done));
}

absl::StatusOr<std::vector<std::string>> DataCoordinator::ListUnowned() {
  std::vector<std::string> names;
  for (const char* prefix : {"segment/", "delete/", "index/"}) {
    std::string after;
    while (true) {
      ASSIGN_OR_RETURN(const storage::ObjectPage page,
                       deps_.objects.List(prefix, after, kListPage));
      for (const auto& entry : page.objects) names.push_back(entry.name);
      if (!page.more || page.objects.empty()) break;
      after = page.objects.back().name;
    }
  }
  const absl::flat_hash_set<std::int64_t> owned =
      meta_.ReadTables([](const DataTables& tables) {
        absl::flat_hash_set<std::int64_t> ids;
        for (const auto& [key, attempt] : tables.attempts) {
          ids.insert(attempt->message.id());
        }
        for (const auto& [key, segment] : tables.segments) {
          if (segment->message.state() == internal::SEGMENT_FLUSHED) {
            ids.insert(segment->message.attempt_id());
          }
        }
        for (const auto& [key, index] : tables.segment_indexes) {
          ids.insert(index->message.attempt_id());
        }
        for (const auto& [key, channel] : tables.channels) {
          for (const auto& file : channel->message.delete_files()) {
            ids.insert(AttemptOf(file.object().name()).value_or(0));
          }
        }
        return ids;
      });
  std::erase_if(names, [&owned](const std::string& name) {
    const std::optional<std::int64_t> attempt = AttemptOf(name);
    return attempt.has_value() && owned.contains(*attempt);
  });
  return names;
}

// An object goes when it has had no owner for the tolerance: a query node may
// still read it, from a target that it fetched before.
absl::Status DataCoordinator::DeleteDue(
    const std::vector<std::string>& unowned) {
  const std::int64_t now = deps_.clock.MonotonicNs();
  const std::int64_t tolerance_ns =
      deps_.config.gc_drop_tolerance_s * 1'000'000'000;
  std::vector<std::string> due;
  {
    base::MutexLock lock(mutex_);
    absl::flat_hash_map<std::string, std::int64_t> since;
    for (const std::string& name : unowned) {
      const auto it = unowned_since_.find(name);
      const std::int64_t first = it == unowned_since_.end() ? now : it->second;
      since.emplace(name, first);
      if (now - first >= tolerance_ns) due.push_back(name);
    }
    unowned_since_ = std::move(since);
  }
  for (const std::string& name : due) {
    RETURN_IF_ERROR(deps_.objects.Delete(name));
  }
  if (!due.empty()) LOG_INFO("garbage: {} objects deleted", due.size());
  return absl::OkStatus();
}

}  // namespace elanus::coordinator
