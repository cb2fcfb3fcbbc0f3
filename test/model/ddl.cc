#include "coordinator/meta_records.h"
#include "model/machine.h"

namespace elanus::model {
namespace {

constexpr int kPartitionsMax = 3;

}  // namespace

void Machine::Make(const std::string& name, Collection& collection) {
  const std::size_t shards = 1 + Draw(2);
  const absl::Status made =
      client().CreateCollection(name, static_cast<int>(shards));
  Expect(made, "create collection");
  if (!made.ok()) return DropForSure(name, collection);
  collection = Collection{
      .exists = true, .partitions = {0}, .oracle = CollectionOracle(shards)};
  collection.sessions.fill(collection.oracle.Beginning());
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
                                  .scope = {.partitions = {partition}}}},
                                scheduler_.MonotonicNs());
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
    Query(name, collection, {}, Strong());
    Count(name, collection, {}, Strong());
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
  Query(name, collection, {}, Strong());
  Count(name, collection, {}, Strong());
  Search(name, collection, {}, Strong());
  const auto time = client().Flush(name);
  Expect(time.status(), "flush");
  for (int tries = 0; time.ok() && tries < 120 && !failed(); ++tries) {
    const auto flushed = client().IsFlushed(name, *time);
    if (flushed.ok() && *flushed) break;
    scheduler_.Advance(500);
    if (tries == 119) Fail("a flush does not end");
  }
  Query(name, collection, {}, Strong());
  Count(name, collection, {}, Strong());
}

}  // namespace elanus::model
