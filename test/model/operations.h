// The operations of a run, drawn from its seed. Each has a seed of its own for
// what it draws.
#pragma once

#include <cstdint>
#include <vector>

#include "model/run.h"

namespace elanus::model {

enum class Kind {
  kInsert,
  kUpsert,
  kDeleteKeys,
  kDeleteFilter,
  kQuery,
  kCount,
  kSearch,
  kOldQuery,
  kOldCount,
  kOldSearch,
  kBurst,
  kRace,
  kFlush,
  kCompact,
  kCreatePartition,
  kDropPartition,
  kDropCollection,
  kReload,
  kReindex,
  kWait,
  kRestart,
  kDieSoon,
};

struct Operation {
  int number = 0;
  Kind kind = Kind::kInsert;
  std::uint64_t seed = 0;
};

std::vector<Operation> DrawOperations(const RunOptions& options);

}  // namespace elanus::model
