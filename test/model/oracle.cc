#include "model/oracle.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "access/key_hash.h"

namespace elanus::model {
namespace {

constexpr std::size_t kStatesMax = 12;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::optional<Row> ShownOf(Key key, const std::map<Key, Row>& seen) {
  const auto found = seen.find(key);
  return found == seen.end() ? std::nullopt : std::optional<Row>(found->second);
}

}  // namespace

CollectionOracle::State CollectionOracle::Apply(const Effect& effect, Key key,
                                                State state) {
  switch (effect.kind) {
    case Effect::Kind::kInsert:
      if (effect.row.key == key) state.rows.push_back(effect.row);
      break;
    case Effect::Kind::kUpsert:
      if (effect.row.key == key) state.rows = {effect.row};
      break;
    case Effect::Kind::kDelete:
      // The filter finds keys; a key's rows go together.
      if (std::ranges::any_of(state.rows, [&effect](const Row& row) {
            return row.value <= effect.values_to && effect.scope.Contains(row);
          })) {
        std::erase_if(state.rows, [&effect](const Row& row) {
          return row.value <= effect.values_to &&
                 (effect.scope.partitions.empty() ||
                  effect.scope.partitions.contains(row.partition));
        });
      }
      break;
    case Effect::Kind::kDropPartition:
      std::erase_if(state.rows, [&effect](const Row& row) {
        return effect.scope.partitions.contains(row.partition);
      });
      break;
  }
  return state;
}

CollectionOracle::States CollectionOracle::Reach(Key key,
                                                 const States& states) const {
  States reached = states;
  std::vector<State> left(states.begin(), states.end());
  while (!left.empty()) {
    const State state = std::move(left.back());
    left.pop_back();
    for (const int number : state.may_come) {
      State next = state;
      next.may_come.erase(number);
      next = Apply(late_.at(number), key, next);
      if (reached.insert(next).second) left.push_back(next);
    }
  }
  return reached;
}

CollectionOracle::Track& CollectionOracle::TrackOf(Key key) {
  const auto [it, is_new] = keys_.try_emplace(key);
  if (is_new) it->second.shard = access::HashKey(key) % shards_;
  return it->second;
}

std::vector<Key> CollectionOracle::TouchedBy(const Effect& effect) const {
  if (effect.kind == Effect::Kind::kInsert ||
      effect.kind == Effect::Kind::kUpsert) {
    return {effect.row.key};
  }
  // Keys without a row as well: by the time a delete comes they may have one.
  if (effect.scope.keys.has_value()) {
    return {effect.scope.keys->begin(), effect.scope.keys->end()};
  }
  std::vector<Key> keys;
  for (const auto& [key, track] : keys_) keys.push_back(key);
  return keys;
}

void CollectionOracle::Acknowledge(const std::vector<Effect>& effects,
                                   std::int64_t now_ns) {
  times_ns_.push_back(now_ns);
  for (const Effect& effect : effects) {
    for (const Key key : TouchedBy(effect)) {
      Track& track = TrackOf(key);
      States next;
      for (State state : Reach(key, track.states)) {
        if (effect.row.key == key) {
          std::erase_if(state.may_come, [&](int number) {
            return late_.at(number).writer == effect.writer;
          });
        }
        next.insert(Apply(effect, key, std::move(state)));
      }
      track.states = std::move(next);
      Note(key, track);
    }
    if (effect.kind == Effect::Kind::kDropPartition) {
      ForgetPartitions(effect.scope.partitions);
    }
  }
}

void CollectionOracle::Doubt(const std::vector<Effect>& effects,
                             bool may_come_late, std::int64_t now_ns) {
  times_ns_.push_back(now_ns);
  for (const Effect& effect : effects) {
    if (may_come_late) late_.emplace(effect.number, effect);
    for (const Key key : TouchedBy(effect)) {
      Track& track = TrackOf(key);
      States next;
      for (const State& state : Reach(key, track.states)) {
        next.insert(Apply(effect, key, state));
        State without = state;
        if (may_come_late) without.may_come.insert(effect.number);
        next.insert(std::move(without));
      }
      track.states = std::move(next);
      Note(key, track);
    }
  }
}

void CollectionOracle::NothingComesLate() {
  for (auto& [key, track] : keys_) {
    States next;
    for (State state : Reach(key, track.states)) {
      state.may_come.clear();
      next.insert(std::move(state));
    }
    track.states = std::move(next);
  }
  late_.clear();
}

void CollectionOracle::Join(const CollectionOracle& other, std::size_t since) {
  late_.insert(other.late_.begin(), other.late_.end());
  for (const auto& [key, theirs] : other.keys_) {
    Track& track = TrackOf(key);
    track.states.insert(theirs.states.begin(), theirs.states.end());
    std::vector<Past> joined;
    for (std::size_t i = since + 1; i <= moment(); ++i) {
      joined.push_back({.since = i, .rows = RowsAt(track, i)});
      joined.back().rows.insert(RowsAt(theirs, i).begin(),
                                RowsAt(theirs, i).end());
    }
    std::erase_if(track.past,
                  [since](const Past& past) { return past.since > since; });
    for (Past& past : joined) {
      if (track.past.back().rows == past.rows) continue;
      track.past.push_back(std::move(past));
    }
  }
}

void CollectionOracle::Note(Key key, Track& track) {
  RowSet rows;
  for (const State& state : Reach(key, track.states)) rows.insert(state.rows);
  if (track.past.back().since == moment()) {
    track.past.back().rows = std::move(rows);
  } else if (track.past.back().rows != rows) {
    track.past.push_back({.since = moment(), .rows = std::move(rows)});
  }
}

// No read shows its rows any more, whatever moment it shows of the rest.
void CollectionOracle::ForgetPartitions(const std::set<int>& partitions) {
  for (auto& [key, track] : keys_) {
    for (Past& past : track.past) {
      RowSet left;
      for (std::vector<Row> rows : past.rows) {
        std::erase_if(rows, [&partitions](const Row& row) {
          return partitions.contains(row.partition);
        });
        left.insert(std::move(rows));
      }
      past.rows = std::move(left);
    }
    Note(key, track);
  }
}

const RowSet& CollectionOracle::RowsAt(const Track& track, std::size_t moment) {
  const auto after =
      std::ranges::upper_bound(track.past, moment, {}, &Past::since);
  return std::prev(after)->rows;
}

CollectionOracle::Since CollectionOracle::ToldBy(std::int64_t time_ns) const {
  std::size_t found = 0;
  for (std::size_t i = 0; i < times_ns_.size(); ++i) {
    if (times_ns_[i] <= time_ns) found = i;
  }
  return Since(shards_, found);
}

void CollectionOracle::RaiseTo(std::size_t moment,
                               const std::vector<Effect>& effects,
                               Since& since) const {
  for (const Effect& effect : effects) {
    // By filter: where nothing was found there is no record.
    if (effect.kind == Effect::Kind::kDelete &&
        effect.scope.value_below.has_value()) {
      continue;
    }
    for (const Key key : TouchedBy(effect)) {
      std::size_t& first = since[keys_.at(key).shard];
      first = std::max(first, moment);
    }
  }
}

Moment CollectionOracle::Between(const Since& since, Unions& unions) const {
  Moment rows;
  for (const auto& [key, track] : keys_) {
    const RowSet& last = track.past.back().rows;
    if (&RowsAt(track, since[track.shard]) == &last) {
      rows.emplace_back(key, &last);
      continue;
    }
    RowSet& all = unions[key];
    all = RowsAt(track, since[track.shard]);
    for (const Past& past : track.past) {
      if (past.since <= since[track.shard]) continue;
      all.insert(past.rows.begin(), past.rows.end());
    }
    rows.emplace_back(key, &all);
  }
  return rows;
}

std::optional<std::size_t> CollectionOracle::FirstToShow(
    std::size_t shard, std::size_t since, const std::map<Key, Row>& seen,
    const Scope& scope) const {
  for (std::size_t moment = since; moment <= this->moment(); ++moment) {
    if (std::ranges::all_of(keys_, [&](const auto& entry) {
          const auto& [key, track] = entry;
          return track.shard != shard ||
                 MayShow(RowsAt(track, moment), ShownOf(key, seen), scope);
        })) {
      return moment;
    }
  }
  return std::nullopt;
}

std::optional<std::string> CollectionOracle::CheckRows(
    const std::map<Key, Row>& seen, const Scope& scope, Since& since) {
  // What is no state of any moment is told key by key.
  Unions unions;
  if (auto wrong = model::CheckRows(Between(since, unions), seen, scope)) {
    return wrong;
  }
  for (std::size_t shard = 0; shard < shards_; ++shard) {
    const auto first = FirstToShow(shard, since[shard], seen, scope);
    if (!first.has_value()) {
      return "it shows each key as it was, but not all at one moment";
    }
    since[shard] = *first;
  }
  Narrow(seen, scope, since);
  return std::nullopt;
}

// The shards that were shown as they are now.
void CollectionOracle::Narrow(const std::map<Key, Row>& seen,
                              const Scope& scope, Since& since) {
  const std::size_t now = moment();
  for (auto& [key, track] : keys_) {
    if (since[track.shard] != now || track.past.back().rows.size() == 1) {
      continue;
    }
    States fitting;
    for (const State& state : Reach(key, track.states)) {
      if (NewestOf(state.rows, scope) == ShownOf(key, seen)) {
        fitting.insert(state);
      }
    }
    track.states = std::move(fitting);
    if (moment() == now) times_ns_.push_back(kNever);
    Note(key, track);
  }
  std::ranges::replace(since, now, moment());
}

std::optional<std::string> CollectionOracle::CheckCount(
    std::int64_t count, const Scope& scope, const Since& since) const {
  Unions unions;
  return model::CheckCount(Between(since, unions), count, scope);
}

std::optional<std::string> CollectionOracle::CheckNearest(
    const Nearest& seen, const Scope& scope, const Since& since) const {
  Unions unions;
  return model::CheckNearest(Between(since, unions), seen, scope);
}

bool CollectionOracle::IsTooDoubtful(Key key) const {
  const auto found = keys_.find(key);
  return found != keys_.end() && found->second.states.size() > kStatesMax;
}

}  // namespace elanus::model
