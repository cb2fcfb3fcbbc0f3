#include "model/operations.h"

#include <cstddef>
#include <random>
#include <set>

namespace elanus::model {
namespace {

struct Weighted {
  Kind kind;
  int weight;
};

constexpr Weighted kWeights[] = {
    {Kind::kInsert, 16},         {Kind::kUpsert, 18},
    {Kind::kDeleteKeys, 10},     {Kind::kDeleteFilter, 4},
    {Kind::kQuery, 14},          {Kind::kCount, 6},
    {Kind::kSearch, 8},          {Kind::kOldQuery, 10},
    {Kind::kOldCount, 2},        {Kind::kOldSearch, 3},
    {Kind::kBurst, 4},           {Kind::kRace, 6},
    {Kind::kFlush, 6},           {Kind::kCompact, 3},
    {Kind::kCreatePartition, 2}, {Kind::kDropPartition, 1},
    {Kind::kDropCollection, 1},  {Kind::kReload, 2},
    {Kind::kReindex, 1},         {Kind::kWait, 6},
    {Kind::kRestart, 2},         {Kind::kDieSoon, 2},
};

}  // namespace

std::vector<Operation> DrawOperations(const RunOptions& options) {
  std::mt19937_64 random(options.seed);
  std::vector<int> weights;
  for (const Weighted& entry : kWeights) weights.push_back(entry.weight);
  std::discrete_distribution<std::size_t> draw(weights.begin(), weights.end());
  std::vector<Operation> operations;
  for (int number = 0; number < options.operations; ++number) {
    const Kind kind = kWeights[draw(random)].kind;
    operations.push_back({.number = number, .kind = kind, .seed = random()});
  }
  if (!options.keep.empty()) {
    const std::set<int> keep(options.keep.begin(), options.keep.end());
    std::erase_if(operations, [&keep](const Operation& operation) {
      return !keep.contains(operation.number);
    });
  }
  return operations;
}

}  // namespace elanus::model
