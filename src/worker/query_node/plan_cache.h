// Compiled filters by collection, schema version and text. A filter that comes
// again is neither parsed nor checked again.
//
// Threads:   any.
// Ownership: plans are shared; a caller may outlive the cache's entry.
// Errors:    CompileFilter's.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/status.h"
#include "expr/filter.h"
#include "expr/plan.h"
#include "types/schema.h"

namespace elanus::worker {

class PlanCache {
 public:
  static constexpr std::size_t kEntriesMax = 1024;
  // Longer texts are lists of keys that seldom come twice.
  static constexpr std::size_t kTextMax = 4096;

  // Plans with template values are compiled each time. A blank text gives an
  // always-true plan.
  absl::StatusOr<std::shared_ptr<const expr::Plan>> Get(
      base::CollectionId collection, const types::Schema& schema,
      std::string_view text, const expr::TemplateValues& values);

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const expr::Plan> plan;
  };

  base::Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // newest first
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> by_key_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::worker
