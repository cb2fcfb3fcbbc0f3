#include "model/machine.h"

#include <algorithm>
#include <iterator>

namespace elanus::model {
namespace {

// No value is written twice, however often an operation is repeated after
// faults.
constexpr std::int64_t kValuesOfAnOperation = 256;

base::Config ConfigFor(std::mt19937_64& random) {
  constexpr std::int64_t kRetentions[] = {0, 5, 300};
  constexpr std::int64_t kGraces[] = {0, 20, 5000};
  base::Config config;
  config.pchannels = 2;
  config.index_min_rows = 1;
  config.retention_s = kRetentions[random() % 3];
  config.gc_interval_s = random() % 2 == 0 ? 1 : 10;
  config.gc_drop_tolerance_s = random() % 2 == 0 ? 0 : 60;
  config.sync_period_s = 30;
  config.mmap_enabled = random() % 2 == 0;
  config.graceful_time_ms = kGraces[random() % 3];
  return config;
}

}  // namespace

Machine::Machine(const RunOptions& options)
    : options_(options),
      setup_(options.seed ^ 0xE1A),
      config_(ConfigFor(setup_)),
      injects_errors_(options.seed % 4 == 1 || options.seed % 4 == 3),
      injects_deaths_(options.seed % 4 >= 2) {}

void Machine::SetFaults(bool on) {
  faults_.set_rate(on && injects_errors_ ? 0.01 : 0);
  if (!on) {
    faults_.DieIn(-1);
    doomed_ = false;
  }
}

void Machine::Fail(const std::string& what) {
  if (run_.failure.has_value()) return;
  run_.failure = fmt::format("operation {}: {}", now_, what);
}

void Machine::Expect(const absl::Status& status, const std::string& what) {
  if (status.ok() || !is_calm()) return;
  Fail(fmt::format("{} fails without a fault: {}", what,
                   std::string(status.message())));
}

Run Machine::Execute() {
  collections_["a"];
  collections_["b"];
  faults_.Reseed(setup_());
  scheduler_.Reseed(setup_());
  Start();
  SetFaults(true);
  for (const Operation& operation : DrawOperations(options_)) {
    if (failed()) break;
    now_ = std::to_string(operation.number);
    run_.done.push_back(operation.number);
    random_.seed(operation.seed);
    faults_.Reseed(operation.seed + 1);
    scheduler_.Reseed(operation.seed + 2);
    next_value_ = (operation.number + 1) * kValuesOfAnOperation;
    if (options_.verbose) {
      fmt::print("{} kind {}\n", now_, static_cast<int>(operation.kind));
    }
    const std::uint64_t restarts = run_.restarts;
    Perform(operation);
    if (faults_.is_dead() && !failed()) Restart();
    if (run_.restarts != restarts) LookAround();
  }
  now_ = "end";
  if (!failed()) Settle();
  run_.fingerprint = scheduler_.fingerprint();
  return run_;
}

void Machine::Start() {
  absl::Status started;
  for (int tries = 0; tries < 8 && !failed(); ++tries) {
    if (tries == 3) SetFaults(false);
    process_ = nullptr;
    process_ = std::make_unique<Process>(disk_, faults_, scheduler_, config_);
    started = process_->Start();
    if (started.ok()) {
      if (tries >= 3) SetFaults(true);
      return;
    }
    if (options_.verbose) {
      fmt::print("  start: {}\n", std::string(started.message()));
    }
    Expect(started, "the start");
  }
  Fail("it does not start: " + std::string(started.message()));
}

void Machine::Restart() {
  if (options_.verbose) fmt::print("  restart\n");
  ++run_.restarts;
  doomed_ = false;
  process_ = nullptr;
  for (auto& [name, collection] : collections_) {
    collection.oracle.NothingComesLate();
  }
  Start();
}

void Machine::Perform(const Operation& operation) {
  if (operation.kind == Kind::kRestart) return Restart();
  if (operation.kind == Kind::kWait) {
    return scheduler_.Advance(Chance(20) ? 20'000 + Draw(60'000)
                                         : 1 + Draw(3000));
  }
  if (operation.kind == Kind::kDieSoon && injects_deaths_) {
    doomed_ = true;
    return faults_.DieIn(static_cast<int>(Draw(60)));
  }
  auto* picked = Pick();
  if (picked != nullptr) {
    PerformOn(picked->first, picked->second, operation.kind);
  }
}

void Machine::PerformOn(const std::string& name, Collection& collection,
                        Kind kind) {
  switch (kind) {
    case Kind::kInsert:
    case Kind::kUpsert:
      return Write(name, collection, AnyProxy(), kind == Kind::kUpsert);
    case Kind::kDeleteKeys:
    case Kind::kDeleteFilter:
      return Delete(name, collection, kind == Kind::kDeleteFilter);
    case Kind::kQuery:
      return Query(name, collection, DrawScope(collection), Strong());
    case Kind::kCount:
      return Count(name, collection, DrawScope(collection), Strong());
    case Kind::kSearch:
      return Search(name, collection, DrawScope(collection), Strong());
    case Kind::kOldQuery:
      return OldQuery(name, collection);
    case Kind::kOldCount:
      return Count(name, collection, DrawScope(collection), DrawReader());
    case Kind::kOldSearch:
      return Search(name, collection, DrawScope(collection), DrawReader());
    case Kind::kBurst:
      return Burst(name, collection);
    case Kind::kRace:
      return Race(name, collection);
    case Kind::kFlush:
      return Flush(name);
    case Kind::kCompact:
      return Expect(client().Compact(name), "compact");
    case Kind::kCreatePartition:
      return CreatePartition(name, collection);
    case Kind::kDropPartition:
      return DropPartition(name, collection);
    case Kind::kDropCollection:
      return DropForSure(name, collection);
    case Kind::kReload:
      Release(name, collection);
      return Load(name, collection);
    case Kind::kReindex:
      return Reindex(name, collection);
    default:
      return;
  }
}

std::pair<const std::string, Collection>* Machine::Pick() {
  auto it = collections_.begin();
  std::advance(it, Chance(70) ? 0 : 1);
  if (!it->second.exists) Make(it->first, it->second);
  return it->second.exists && !failed() ? &*it : nullptr;
}

Run RunOperations(const RunOptions& options) {
  return Machine(options).Execute();
}

}  // namespace elanus::model
