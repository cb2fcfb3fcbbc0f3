#include <functional>
#include <iterator>

#include "model/machine.h"

namespace elanus::model {
namespace {

// What an append that comes late takes at most, and more.
constexpr std::int64_t kAllHasComeMs = 1000;

}  // namespace

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

void Machine::Tell(CollectionOracle& oracle, const std::vector<Effect>& effects,
                   const absl::Status& status) const {
  if (status.ok()) {
    oracle.Acknowledge(effects, scheduler_.MonotonicNs());
  } else {
    oracle.Doubt(effects, injects_errors_, scheduler_.MonotonicNs());
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
                    std::size_t proxy, bool is_upsert) {
  const Rows drawn = DrawRows(name, collection, proxy, is_upsert);
  if (drawn.rows.empty()) return;
  const absl::Status status = client(proxy).Write(name, drawn.rows, is_upsert);
  NoteOutcome(status, "write");
  Tell(collection.oracle, drawn.effects, status);
  if (!status.ok()) return;
  collection.oracle.RaiseTo(collection.oracle.moment(), drawn.effects,
                            collection.sessions[proxy]);
}

void Machine::Burst(const std::string& name, Collection& collection) {
  client().StartQuery(name);
  for (std::size_t left = Draw(8); left > 0; --left) scheduler_.RunOne();
  Write(name, collection, AnyProxy(), /*is_upsert=*/true);
  Query(name, collection, {}, Strong());
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
  const std::size_t before = collection.oracle.moment();
  CollectionOracle other = collection.oracle;
  for (const std::size_t i : {0, 1}) {
    Tell(collection.oracle, drawn[i].effects, outcomes[i]);
    Tell(other, drawn[1 - i].effects, outcomes[1 - i]);
  }
  collection.oracle.Join(other, before);
  for (const std::size_t i : {0, 1}) {
    // Whichever came first.
    if (!outcomes[i].ok()) continue;
    collection.oracle.RaiseTo(before + 1, drawn[i].effects,
                              collection.sessions[drawn[i].proxy]);
  }
  Query(name, collection, {}, Strong());
}

Scope Machine::DrawDeleted(bool by_filter) {
  Scope scope;
  if (by_filter) {
    scope.value_below = static_cast<std::int64_t>(
        Draw(static_cast<std::size_t>(next_value_) + 1));
  } else {
    scope.keys.emplace();
    for (std::size_t left = 1 + Draw(4); left > 0; --left) {
      scope.keys->insert(static_cast<Key>(Draw(kKeys)));
    }
  }
  if (Chance(by_filter ? 30 : 20)) scope.partitions = {0};
  return scope;
}

void Machine::Delete(const std::string& name, Collection& collection,
                     bool by_filter) {
  if (by_filter) {
    if (!collection.loaded) return;
    if (injects_errors_) {
      // Whether it finds what comes late would not be known.
      scheduler_.Advance(kAllHasComeMs);
      if (faults_.is_dead()) return;
      collection.oracle.NothingComesLate();
    }
  }
  const Scope scope = DrawDeleted(by_filter);
  if (options_.verbose) {
    fmt::print("  {} delete {}\n", name, ExprOf(scope));
  }
  const std::size_t proxy = AnyProxy();
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
  if (!deleted.ok()) return;
  collection.oracle.RaiseTo(collection.oracle.moment(), {effect},
                            collection.sessions[proxy]);
}

}  // namespace elanus::model
