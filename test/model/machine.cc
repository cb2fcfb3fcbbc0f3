#include "model/machine.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "coordinator/meta_records.h"
#include "model/client.h"
#include "model/faults.h"
#include "model/oracle.h"
#include "model/process.h"
#include "model/scheduler.h"
#include "model/storage.h"

namespace elanus::model {
namespace {

enum class Kind {
  kInsert,
  kUpsert,
  kDeleteKeys,
  kDeleteFilter,
  kQuery,
  kCount,
  kSearch,
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

struct Weighted {
  Kind kind;
  int weight;
};

constexpr Weighted kWeights[] = {
    {Kind::kInsert, 16},       {Kind::kUpsert, 18},
    {Kind::kDeleteKeys, 10},   {Kind::kDeleteFilter, 4},
    {Kind::kQuery, 14},        {Kind::kCount, 6},
    {Kind::kSearch, 8},        {Kind::kBurst, 4},
    {Kind::kRace, 6},          {Kind::kFlush, 6},
    {Kind::kCompact, 3},       {Kind::kCreatePartition, 2},
    {Kind::kDropPartition, 1}, {Kind::kDropCollection, 1},
    {Kind::kReload, 2},        {Kind::kReindex, 1},
    {Kind::kWait, 6},          {Kind::kRestart, 2},
    {Kind::kDieSoon, 2},
};

struct Operation {
  int number = 0;
  Kind kind = Kind::kInsert;
  std::uint64_t seed = 0;
};

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

constexpr Key kKeys = 24;
constexpr int kPartitionsMax = 3;
// What an append that comes late takes at most, and more.
constexpr std::int64_t kAllHasComeMs = 1000;

struct Collection {
  bool exists = false;
  bool loaded = false;
  std::set<int> partitions;
  CollectionOracle oracle;
};

base::Config ConfigFor(std::mt19937_64& random) {
  constexpr std::int64_t kRetentions[] = {0, 5, 300};
  base::Config config;
  config.pchannels = 2;
  config.index_min_rows = 1;
  config.retention_s = kRetentions[random() % 3];
  config.gc_interval_s = random() % 2 == 0 ? 1 : 10;
  config.gc_drop_tolerance_s = random() % 2 == 0 ? 0 : 60;
  config.sync_period_s = 30;
  config.mmap_enabled = random() % 2 == 0;
  return config;
}

class Machine {
 public:
  explicit Machine(const RunOptions& options)
      : options_(options),
        setup_(options.seed ^ 0xE1A),
        config_(ConfigFor(setup_)) {
    injects_errors_ = options.seed % 4 == 1 || options.seed % 4 == 3;
    injects_deaths_ = options.seed % 4 >= 2;
  }

  Run Execute();

 private:
  using Collections = std::map<std::string, Collection>;

  bool injects() const { return injects_errors_ || injects_deaths_; }
  // Nothing went wrong on purpose: what fails, fails by itself.
  bool is_calm() const { return faults_.rate() == 0 && !doomed_; }
  void SetFaults(bool on) {
    faults_.set_rate(on && injects_errors_ ? 0.01 : 0);
    if (!on) {
      faults_.DieIn(-1);
      doomed_ = false;
    }
  }

  void Fail(std::string what) {
    if (run_.failure.has_value()) return;
    run_.failure = fmt::format("operation {}: {}", now_, what);
  }
  bool failed() const { return run_.failure.has_value(); }
  // In calm weather an error is a failure of the run.
  void Expect(const absl::Status& status, const std::string& what) {
    if (status.ok() || !is_calm()) return;
    Fail(fmt::format("{} fails without a fault: {}", what,
                     std::string(status.message())));
  }

  std::size_t Draw(std::size_t below) { return random_() % below; }
  bool Chance(int percent) {
    return Draw(100) < static_cast<std::size_t>(percent);
  }
  Client client(std::size_t proxy) {
    return Client(*process_, proxy, scheduler_, faults_);
  }
  // Of any proxy.
  Client client() { return client(Draw(Process::kProxies)); }

  void Perform(const Operation& operation);
  void Start();
  void Restart();
  // What recovery did shows before anything else has happened.
  void LookAround();
  // A collection that there is; makes it if not.
  std::pair<const std::string, Collection>* Pick();
  void Make(const std::string& name, Collection& collection);
  // After a DDL of unknown outcome: ends in a known state.
  void DropForSure(const std::string& name, Collection& collection);

  // One write of rows through one proxy.
  struct Rows {
    std::size_t proxy = 0;
    bool is_upsert = false;
    std::vector<Row> rows;
    std::vector<Effect> effects;
  };

  Rows DrawRows(const std::string& name, const Collection& collection,
                std::size_t proxy, bool is_upsert);
  Scope DrawScope(const Collection& collection);
  void Write(const std::string& name, Collection& collection, bool is_upsert);
  // Two writes at once, one through each proxy.
  void Race(const std::string& name, Collection& collection);
  void Tell(CollectionOracle& oracle, const std::vector<Effect>& effects,
            const absl::Status& status) const;
  void NoteOutcome(const absl::Status& status, const std::string& what);
  void Delete(const std::string& name, Collection& collection, bool by_filter);
  void Query(const std::string& name, Collection& collection,
             const Scope& scope);
  void Count(const std::string& name, Collection& collection,
             const Scope& scope);
  void Search(const std::string& name, Collection& collection,
              const Scope& scope);
  template <typename Ask>
  auto Read(Ask ask, const std::string& what) -> decltype(ask());
  void Flush(const std::string& name);
  void CreatePartition(const std::string& name, Collection& collection);
  void DropPartition(const std::string& name, Collection& collection);
  void Load(const std::string& name, Collection& collection);
  void Release(const std::string& name, Collection& collection);
  void Reindex(const std::string& name, Collection& collection);
  void Settle();
  void SettleCollection(const std::string& name, Collection& collection);

  const RunOptions options_;
  std::mt19937_64 setup_;
  const base::Config config_;
  bool injects_errors_ = false;
  bool injects_deaths_ = false;
  bool doomed_ = false;  // will die at some call
  Run run_;
  std::string now_ = "start";
  std::mt19937_64 random_;
  std::int64_t next_value_ = 0;
  int next_effect_ = 0;
  std::map<std::int64_t, int> partition_of_;  // by value
  Collections collections_;

  Disk disk_;
  Faults faults_;
  Scheduler scheduler_;
  std::unique_ptr<Process> process_;
};

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
    next_value_ = (operation.number + 1) * 16;
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

void Machine::LookAround() {
  for (auto& [name, collection] : collections_) {
    if (!failed()) Count(name, collection, {});
  }
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
  if (picked == nullptr) return;
  auto& [name, collection] = *picked;
  switch (operation.kind) {
    case Kind::kInsert:
    case Kind::kUpsert:
      return Write(name, collection, operation.kind == Kind::kUpsert);
    case Kind::kDeleteKeys:
    case Kind::kDeleteFilter:
      return Delete(name, collection, operation.kind == Kind::kDeleteFilter);
    case Kind::kQuery:
      return Query(name, collection, DrawScope(collection));
    case Kind::kCount:
      return Count(name, collection, DrawScope(collection));
    case Kind::kSearch:
      return Search(name, collection, DrawScope(collection));
    case Kind::kBurst:
      // A read that is under way must not let a later one see less.
      client().StartQuery(name);
      for (std::size_t left = Draw(8); left > 0; --left) scheduler_.RunOne();
      Write(name, collection, /*is_upsert=*/true);
      return Query(name, collection, {});
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

void Machine::Make(const std::string& name, Collection& collection) {
  const absl::Status made =
      client().CreateCollection(name, 1 + static_cast<int>(Draw(2)));
  Expect(made, "create collection");
  if (!made.ok()) return DropForSure(name, collection);
  collection = Collection{.exists = true, .partitions = {0}};
  const absl::Status indexed = client().CreateIndex(name, "FLAT");
  Expect(indexed, "create index");
  if (!indexed.ok()) return DropForSure(name, collection);
  Load(name, collection);
}

// With faults at first; then it has to succeed.
void Machine::DropForSure(const std::string& name, Collection& collection) {
  for (int tries = 0; tries < 40 && !failed(); ++tries) {
    if (faults_.is_dead()) Restart();
    if (tries == 3) SetFaults(false);
    const absl::Status dropped = client().DropCollection(name);
    if (dropped.ok() ||
        dropped.message().find("not found") != std::string::npos) {
      // A collection in the making may be there after all.
      collection = Collection{};
      if (tries >= 3) SetFaults(true);
      return;
    }
    if (options_.verbose) {
      fmt::print("  drop: {}\n", std::string(dropped.message()));
    }
    scheduler_.Advance(500);
  }
  Fail("a collection cannot be dropped");
}

Machine::Rows Machine::DrawRows(const std::string& name,
                                const Collection& collection, std::size_t proxy,
                                bool is_upsert) {
  auto partition = collection.partitions.begin();
  std::advance(partition, Draw(collection.partitions.size()));
  std::map<Key, Row> rows;
  for (std::size_t left = 1 + Draw(5); left > 0; --left) {
    const Key key = static_cast<Key>(Draw(kKeys));
    if (collection.oracle.IsTooDoubtful(key) || rows.contains(key)) continue;
    rows[key] = {.key = key, .value = ++next_value_, .partition = *partition};
  }
  Rows drawn{.proxy = proxy, .is_upsert = is_upsert};
  for (const auto& [key, row] : rows) {
    partition_of_[row.value] = row.partition;
    drawn.rows.push_back(row);
    drawn.effects.push_back(
        {.kind = is_upsert ? Effect::Kind::kUpsert : Effect::Kind::kInsert,
         .row = row,
         .writer = static_cast<int>(proxy),
         .number = ++next_effect_});
    if (options_.verbose) {
      fmt::print("  {} {}: {}@{}\n", name, row.key, row.value, row.partition);
    }
  }
  return drawn;
}

Scope Machine::DrawScope(const Collection& collection) {
  Scope scope;
  if (Chance(20)) {
    auto partition = collection.partitions.begin();
    std::advance(partition, Draw(collection.partitions.size()));
    scope.partitions = {*partition};
  }
  if (Chance(25)) {
    scope.value_below = static_cast<std::int64_t>(
        Draw(static_cast<std::size_t>(next_value_) + 1));
  }
  if (Chance(25)) {
    scope.keys.emplace();
    for (std::size_t left = 1 + Draw(6); left > 0; --left) {
      scope.keys->insert(static_cast<Key>(Draw(kKeys)));
    }
  }
  return scope;
}

void Machine::Tell(CollectionOracle& oracle, const std::vector<Effect>& effects,
                   const absl::Status& status) const {
  if (status.ok()) {
    oracle.Acknowledge(effects);
  } else {
    oracle.Doubt(effects, injects_errors_);
  }
}

void Machine::NoteOutcome(const absl::Status& status, const std::string& what) {
  if (options_.verbose) {
    fmt::print("  {}: {}\n", what, std::string(status.ToString()));
  }
  Expect(status, what);
  ++(status.ok() ? run_.writes : run_.doubtful_writes);
}

void Machine::Write(const std::string& name, Collection& collection,
                    bool is_upsert) {
  const Rows drawn =
      DrawRows(name, collection, Draw(Process::kProxies), is_upsert);
  if (drawn.rows.empty()) return;
  const absl::Status status =
      client(drawn.proxy).Write(name, drawn.rows, is_upsert);
  NoteOutcome(status, "write");
  Tell(collection.oracle, drawn.effects, status);
}

void Machine::Race(const std::string& name, Collection& collection) {
  std::vector<Rows> drawn;
  for (std::size_t proxy = 0; proxy < Process::kProxies; ++proxy) {
    drawn.push_back(DrawRows(name, collection, proxy, Chance(60)));
    if (drawn.back().rows.empty()) return;
  }
  std::vector<std::function<absl::Status()>> pending;
  for (const Rows& rows : drawn) {
    pending.push_back(
        client(rows.proxy).StartWrite(name, rows.rows, rows.is_upsert));
    for (std::size_t left = Draw(6); left > 0; --left) scheduler_.RunOne();
  }
  std::vector<absl::Status> outcomes;
  for (const auto& await : pending) {
    outcomes.push_back(await());
    NoteOutcome(outcomes.back(), "write");
  }
  CollectionOracle other = collection.oracle;
  for (const std::size_t i : {0, 1}) {
    Tell(collection.oracle, drawn[i].effects, outcomes[i]);
    Tell(other, drawn[1 - i].effects, outcomes[1 - i]);
  }
  collection.oracle.Join(other);
  Query(name, collection, {});
}

void Machine::Delete(const std::string& name, Collection& collection,
                     bool by_filter) {
  Scope scope;
  if (by_filter) {
    if (!collection.loaded) return;
    if (injects_errors_) {
      // Whether it finds what comes late would not be known.
      scheduler_.Advance(kAllHasComeMs);
      if (faults_.is_dead()) return;
      collection.oracle.NothingComesLate();
    }
    scope.value_below = static_cast<std::int64_t>(
        Draw(static_cast<std::size_t>(next_value_) + 1));
    if (Chance(30)) scope.partitions = {0};
  } else {
    scope.keys.emplace();
    for (std::size_t left = 1 + Draw(4); left > 0; --left) {
      scope.keys->insert(static_cast<Key>(Draw(kKeys)));
    }
    if (Chance(20)) scope.partitions = {0};
  }
  if (options_.verbose) {
    fmt::print("  {} delete {}\n", name, ExprOf(scope));
  }
  const std::size_t proxy = Draw(Process::kProxies);
  Effect effect{.kind = Effect::Kind::kDelete,
                .scope = scope,
                .writer = static_cast<int>(proxy),
                .number = ++next_effect_};
  if (by_filter) effect.values_to = next_value_;
  absl::Status deleted = client(proxy).Delete(name, scope);
  // Filters are evaluated by the shards' leaders, who may not be there yet.
  for (int tries = 0; by_filter && !deleted.ok() && is_calm() && tries < 60;
       ++tries) {
    scheduler_.Advance(500);
    deleted = client(proxy).Delete(name, scope);
  }
  NoteOutcome(deleted, "delete");
  Tell(collection.oracle, {effect}, deleted);
}

template <typename Ask>
auto Machine::Read(Ask ask, const std::string& what) -> decltype(ask()) {
  auto answer = ask();
  for (int tries = 0; !answer.ok() && tries < 100 && !failed(); ++tries) {
    ++run_.refused_reads;
    if (options_.verbose) {
      fmt::print("  {}: {}\n", what, std::string(answer.status().message()));
    }
    if (faults_.is_dead()) {
      Restart();
    } else if (tries > 12 && !is_calm()) {
      return answer;
    } else {
      // At first often: what a start has just begun to serve is looked at.
      scheduler_.Advance(std::int64_t{1} << std::min(tries, 9));
    }
    answer = ask();
  }
  if (!answer.ok()) {
    Fail(fmt::format("{} is never answered: {}", what,
                     std::string(answer.status().message())));
  } else {
    ++run_.reads;
  }
  return answer;
}

void Machine::Query(const std::string& name, Collection& collection,
                    const Scope& scope) {
  if (!collection.loaded) return;
  const auto rows = Read([&] { return client().Query(name, scope); }, "query");
  if (!rows.ok()) return;
  std::map<Key, Row> seen;
  for (Row row : *rows) {
    row.partition = partition_of_[row.value];
    if (!seen.emplace(row.key, row).second) {
      return Fail(fmt::format("query shows key {} twice", row.key));
    }
  }
  if (const auto wrong = collection.oracle.CheckRows(seen, scope)) {
    Fail("query of " + name + ": " + *wrong);
  }
}

void Machine::Count(const std::string& name, Collection& collection,
                    const Scope& scope) {
  if (!collection.loaded) return;
  const auto count = Read([&] { return client().Count(name, scope); }, "count");
  if (!count.ok()) return;
  if (const auto wrong = collection.oracle.CheckCount(*count, scope)) {
    Fail(name + ": " + *wrong);
  }
}

void Machine::Search(const std::string& name, Collection& collection,
                     const Scope& scope) {
  if (!collection.loaded) return;
  const std::vector<float> query =
      VectorOf(static_cast<std::int64_t>(Draw(1000)));
  const std::size_t limit = 1 + Draw(kKeys);
  const auto hits = Read(
      [&] { return client().Search(name, query, limit, scope); }, "search");
  if (!hits.ok()) return;
  if (options_.verbose) {
    for (const auto& [key, distance] : *hits) {
      fmt::print("  {} at {}\n", key, distance);
    }
  }
  if (const auto wrong =
          collection.oracle.CheckNearest(*hits, limit, query, scope)) {
    Fail(fmt::format("search in {} ({}): {}", name, ExprOf(scope), *wrong));
  }
}

void Machine::Flush(const std::string& name) {
  if (injects_deaths_ && Chance(25)) {
    // Somewhere between the first file and the checkpoint.
    doomed_ = true;
    faults_.DieIn(static_cast<int>(Draw(40)));
  }
  const auto time = client().Flush(name);
  Expect(time.status(), "flush");
  if (!time.ok() || Chance(50)) return;
  for (int tries = 0; tries < 100; ++tries) {
    const auto flushed = client().IsFlushed(name, *time);
    if (faults_.is_dead() || (flushed.ok() && *flushed)) return;
    if (!is_calm() && tries > 10) return;
    scheduler_.Advance(500);
  }
  Fail("a flush does not end");
}

void Machine::CreatePartition(const std::string& name, Collection& collection) {
  const int partition = 1 + static_cast<int>(Draw(kPartitionsMax));
  if (collection.partitions.contains(partition)) return;
  const absl::Status made = client().CreatePartition(name, partition);
  Expect(made, "create partition");
  if (made.ok()) {
    collection.partitions.insert(partition);
  } else {
    DropForSure(name, collection);
  }
}

void Machine::DropPartition(const std::string& name, Collection& collection) {
  if (collection.partitions.size() == 1) return;
  const int partition = *collection.partitions.rbegin();
  Release(name, collection);
  if (collection.loaded) return;
  const absl::Status dropped = client().DropPartition(name, partition);
  Expect(dropped, "drop partition");
  if (!dropped.ok()) return DropForSure(name, collection);
  collection.partitions.erase(partition);
  collection.oracle.Acknowledge({{.kind = Effect::Kind::kDropPartition,
                                  .scope = {.partitions = {partition}}}});
  Load(name, collection);
}

void Machine::Load(const std::string& name, Collection& collection) {
  const absl::Status loaded = client().Load(name);
  Expect(loaded, "load");
  // If the outcome is unknown it is asked for again.
  collection.loaded = loaded.ok();
}

void Machine::Release(const std::string& name, Collection& collection) {
  const absl::Status released = client().Release(name);
  Expect(released, "release");
  collection.loaded = !released.ok() && collection.loaded;
  if (!released.ok()) Load(name, collection);
}

void Machine::Reindex(const std::string& name, Collection& collection) {
  Release(name, collection);
  if (collection.loaded) return;
  const absl::Status dropped = client().DropIndex(name);
  Expect(dropped, "drop index");
  scheduler_.Advance(static_cast<std::int64_t>(Draw(2000)));
  const absl::Status made = client().CreateIndex(name, "FLAT");
  if (dropped.ok()) Expect(made, "create index");
  if (!made.ok()) return DropForSure(name, collection);
  Load(name, collection);
}

void Machine::Settle() {
  SetFaults(false);
  if (faults_.is_dead() || options_.seed % 8 >= 4) Restart();
  for (auto& [name, collection] : collections_) {
    if (collection.exists && !failed()) SettleCollection(name, collection);
  }
  if (failed()) return;
  // Long enough for tombstones that wait for company.
  scheduler_.Advance(700'000);
  for (auto& [name, collection] : collections_) {
    if (!collection.exists) continue;
    Query(name, collection, {});
    Count(name, collection, {});
  }
  for (const auto& [key, value] : disk_.meta) {
    if (key.starts_with(coordinator::keys::kAttempts)) {
      Fail("an attempt is never ended: " + key);
    }
  }
}

void Machine::SettleCollection(const std::string& name,
                               Collection& collection) {
  Load(name, collection);
  for (int tries = 0; tries < 120; ++tries) {
    const auto loaded = client().IsLoaded(name);
    if (loaded.ok() && *loaded) break;
    scheduler_.Advance(500);
    if (tries == 119) Fail("a load does not end");
  }
  Query(name, collection, {});
  Count(name, collection, {});
  Search(name, collection, {});
  const auto time = client().Flush(name);
  Expect(time.status(), "flush");
  for (int tries = 0; time.ok() && tries < 120 && !failed(); ++tries) {
    const auto flushed = client().IsFlushed(name, *time);
    if (flushed.ok() && *flushed) break;
    scheduler_.Advance(500);
    if (tries == 119) Fail("a flush does not end");
  }
  Query(name, collection, {});
  Count(name, collection, {});
}

}  // namespace

Run RunOperations(const RunOptions& options) {
  return Machine(options).Execute();
}

}  // namespace elanus::model
