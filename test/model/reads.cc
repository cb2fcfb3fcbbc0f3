#include <algorithm>
#include <iterator>
#include <optional>

#include "model/machine.h"

namespace elanus::model {

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

Machine::Reader Machine::DrawReader() {
  constexpr Level kLevels[] = {Level::kSession, Level::kBounded,
                               Level::kEventually};
  return {.proxy = AnyProxy(),
          .consistency = {.level = kLevels[Draw(std::size(kLevels))],
                          .by_timestamp = Chance(30)}};
}

CollectionOracle::Since Machine::SinceOf(const Collection& collection,
                                         const Reader& reader) const {
  switch (reader.consistency.level) {
    case Level::kStrong:
      return collection.oracle.Now();
    case Level::kSession:
      return collection.sessions[reader.proxy];
    case Level::kBounded:
      return collection.oracle.ToldBy(scheduler_.MonotonicNs() -
                                      config_.graceful_time_ms * 1'000'000);
    case Level::kEventually:
      break;
  }
  return collection.oracle.Beginning();
}

void Machine::Query(const std::string& name, Collection& collection,
                    const Scope& scope, const Reader& reader) {
  if (!collection.loaded) return;
  CollectionOracle::Since since = SinceOf(collection, reader);
  const auto rows = Read(
      [&] {
        return client(reader.proxy).Query(name, scope, reader.consistency);
      },
      "query");
  if (!rows.ok()) return;
  std::map<Key, Row> seen;
  for (Row row : *rows) {
    row.partition = partition_of_[row.value];
    if (!seen.emplace(row.key, row).second) {
      return Fail(fmt::format("query shows key {} twice", row.key));
    }
  }
  if (const auto wrong = collection.oracle.CheckRows(seen, scope, since)) {
    return Fail(fmt::format("{} query of {} ({}) through proxy {}: {}",
                            NameOf(reader.consistency.level), name,
                            ExprOf(scope), reader.proxy, *wrong));
  }
  // From here on its client sees no less.
  CollectionOracle::Since& session = collection.sessions[reader.proxy];
  std::ranges::transform(session, since, session.begin(),
                         [](auto a, auto b) { return std::max(a, b); });
}

void Machine::Count(const std::string& name, const Collection& collection,
                    const Scope& scope, const Reader& reader) {
  if (!collection.loaded) return;
  const CollectionOracle::Since since = SinceOf(collection, reader);
  const auto count = Read(
      [&] {
        return client(reader.proxy).Count(name, scope, reader.consistency);
      },
      "count");
  if (!count.ok()) return;
  if (const auto wrong = collection.oracle.CheckCount(*count, scope, since)) {
    Fail(fmt::format("{} in {}: {}", NameOf(reader.consistency.level), name,
                     *wrong));
  }
}

void Machine::Search(const std::string& name, const Collection& collection,
                     const Scope& scope, const Reader& reader) {
  if (!collection.loaded) return;
  const CollectionOracle::Since since = SinceOf(collection, reader);
  Nearest nearest{.limit = 1 + Draw(kKeys),
                  .query = VectorOf(static_cast<std::int64_t>(Draw(1000)))};
  const auto hits = Read(
      [&] {
        return client(reader.proxy)
            .Search(name, nearest.query, nearest.limit, scope,
                    reader.consistency);
      },
      "search");
  if (!hits.ok()) return;
  if (options_.verbose) {
    for (const auto& [key, distance] : *hits) {
      fmt::print("  {} at {}\n", key, distance);
    }
  }
  nearest.hits = *hits;
  if (const auto wrong =
          collection.oracle.CheckNearest(nearest, scope, since)) {
    Fail(fmt::format("{} search in {} ({}): {}",
                     NameOf(reader.consistency.level), name, ExprOf(scope),
                     *wrong));
  }
}

void Machine::OldQuery(const std::string& name, Collection& collection) {
  if (!collection.loaded) return;
  const Reader reader = DrawReader();
  if (Chance(50)) {
    const bool is_own = reader.consistency.level == Level::kSession;
    Write(name, collection, is_own ? reader.proxy : AnyProxy(),
          /*is_upsert=*/Chance(50));
  }
  Query(name, collection, DrawScope(collection), reader);
}

void Machine::LookAround() {
  for (auto& [name, collection] : collections_) {
    // Nothing makes a read that is not Strong wait for what was there before.
    if (!failed() && Chance(60)) OldQuery(name, collection);
    if (!failed() && Chance(80)) Count(name, collection, {}, Strong());
  }
}

}  // namespace elanus::model
