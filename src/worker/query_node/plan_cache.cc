#include "worker/query_node/plan_cache.h"

#include <fmt/format.h>

namespace elanus::worker {

absl::StatusOr<std::shared_ptr<const expr::Plan>> PlanCache::Get(
    base::CollectionId collection, const types::Schema& schema,
    std::string_view text, const expr::TemplateValues& values) {
  if (!values.empty() || text.size() > kTextMax) {
    return expr::CompileFilter(text, schema, values);
  }
  std::string key =
      fmt::format("{}/{}/{}", base::ToInt(collection), schema.version, text);
  {
    base::MutexLock lock(mutex_);
    const auto it = by_key_.find(key);
    if (it != by_key_.end()) {
      entries_.splice(entries_.begin(), entries_, it->second);
      return it->second->plan;
    }
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const expr::Plan> plan,
                   expr::CompileFilter(text, schema, values));
  base::MutexLock lock(mutex_);
  if (by_key_.contains(key)) return plan;  // another thread was faster
  entries_.push_front({key, plan});
  by_key_.emplace(std::move(key), entries_.begin());
  if (entries_.size() > kEntriesMax) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  return plan;
}

}  // namespace elanus::worker
