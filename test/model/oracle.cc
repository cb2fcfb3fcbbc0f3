#include "model/oracle.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace elanus::model {
namespace {

constexpr std::size_t kStatesMax = 12;

std::string Show(const std::vector<Row>& rows) {
  std::string text = "[";
  for (const Row& row : rows) {
    text += fmt::format("{}@{} ", row.value, row.partition);
  }
  return text + "]";
}

// The newest row in the scope.
std::optional<Row> NewestOf(const std::vector<Row>& rows, const Scope& scope) {
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    if (scope.Contains(*row)) return *row;
  }
  return std::nullopt;
}

constexpr float kFar = std::numeric_limits<float>::infinity();

float NearestOf(const std::vector<Row>& rows, const Scope& scope,
                const std::vector<float>& query) {
  float nearest = kFar;
  for (const Row& row : rows) {
    if (!scope.Contains(row)) continue;
    nearest = std::min(nearest, SquaredDistance(row.value, query));
  }
  return nearest;
}

bool HasRowAt(const std::vector<Row>& rows, float distance,
              const std::vector<float>& query, const Scope& scope) {
  return std::ranges::any_of(rows, [&](const Row& row) {
    return scope.Contains(row) && SquaredDistance(row.value, query) == distance;
  });
}

}  // namespace

// Small whole numbers: distances are exact in float, whatever the order of the
// sums.
std::vector<float> VectorOf(std::int64_t value) {
  const std::uint64_t bits =
      static_cast<std::uint64_t>(value) * 0x9E3779B97F4A7C15ULL;
  std::vector<float> vector(kDim);
  for (int i = 0; i < kDim; ++i) {
    vector[static_cast<std::size_t>(i)] =
        static_cast<float>(bits >> (32 + 6 * i) & 63);
  }
  return vector;
}

float SquaredDistance(std::int64_t value, const std::vector<float>& query) {
  const std::vector<float> vector = VectorOf(value);
  float sum = 0;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    sum += (vector[i] - query[i]) * (vector[i] - query[i]);
  }
  return sum;
}

bool Scope::Contains(const Row& row) const {
  return (partitions.empty() || partitions.contains(row.partition)) &&
         (!value_below.has_value() || row.value < *value_below) &&
         (!keys.has_value() || keys->contains(row.key));
}

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
  for (const auto& [key, states] : keys_) keys.push_back(key);
  return keys;
}

void CollectionOracle::Acknowledge(const std::vector<Effect>& effects) {
  for (const Effect& effect : effects) {
    for (const Key key : TouchedBy(effect)) {
      States& states = keys_.try_emplace(key, States{State{}}).first->second;
      States next;
      for (State state : Reach(key, states)) {
        if (effect.row.key == key) {
          std::erase_if(state.may_come, [&](int number) {
            return late_.at(number).writer == effect.writer;
          });
        }
        next.insert(Apply(effect, key, std::move(state)));
      }
      states = std::move(next);
    }
  }
}

void CollectionOracle::Doubt(const std::vector<Effect>& effects,
                             bool may_come_late) {
  for (const Effect& effect : effects) {
    if (may_come_late) late_.emplace(effect.number, effect);
    for (const Key key : TouchedBy(effect)) {
      States& states = keys_.try_emplace(key, States{State{}}).first->second;
      States next;
      for (const State& state : Reach(key, states)) {
        next.insert(Apply(effect, key, state));
        State without = state;
        if (may_come_late) without.may_come.insert(effect.number);
        next.insert(std::move(without));
      }
      states = std::move(next);
    }
  }
}

void CollectionOracle::NothingComesLate() {
  for (auto& [key, states] : keys_) {
    States next;
    for (State state : Reach(key, states)) {
      state.may_come.clear();
      next.insert(std::move(state));
    }
    states = std::move(next);
  }
  late_.clear();
}

void CollectionOracle::Join(const CollectionOracle& other) {
  for (const auto& [key, states] : other.keys_) {
    keys_[key].insert(states.begin(), states.end());
  }
  late_.insert(other.late_.begin(), other.late_.end());
}

std::optional<std::string> CollectionOracle::CheckRows(
    const std::map<Key, Row>& seen, const Scope& scope) {
  for (const auto& [key, row] : seen) {
    if (!keys_.contains(key)) {
      return fmt::format("key {} was never written", key);
    }
  }
  for (auto& [key, states] : keys_) {
    const auto found = seen.find(key);
    const std::optional<Row> shown =
        found == seen.end() ? std::nullopt : std::optional<Row>(found->second);
    States fitting;
    for (const State& state : Reach(key, states)) {
      if (NewestOf(state.rows, scope) == shown) fitting.insert(state);
    }
    if (fitting.empty()) {
      std::string allowed;
      for (const State& state : Reach(key, states)) allowed += Show(state.rows);
      return fmt::format("key {} shows {}, its rows may be {}", key,
                         shown.has_value() ? Show({*shown}) : "nothing",
                         allowed);
    }
    states = std::move(fitting);
  }
  return std::nullopt;
}

std::optional<std::string> CollectionOracle::CheckCount(
    std::int64_t count, const Scope& scope) const {
  std::int64_t least = 0;
  std::int64_t most = 0;
  for (const auto& [key, states] : keys_) {
    std::int64_t low = std::numeric_limits<std::int64_t>::max();
    std::int64_t high = 0;
    for (const State& state : Reach(key, states)) {
      const std::int64_t rows = std::ranges::count_if(
          state.rows, [&scope](const Row& row) { return scope.Contains(row); });
      low = std::min(low, rows);
      high = std::max(high, rows);
    }
    least += low;
    most += high;
  }
  if (least <= count && count <= most) return std::nullopt;
  return fmt::format("count(*) is {}, it must be {} .. {}", count, least, most);
}

std::optional<std::string> CollectionOracle::CheckNearest(
    const std::vector<std::pair<Key, float>>& seen, std::size_t limit,
    const std::vector<float>& query, const Scope& scope) const {
  std::map<Key, float> shown;
  float last = -1;
  for (const auto& [key, distance] : seen) {
    if (distance < last) return fmt::format("key {} is out of order", key);
    last = distance;
    if (!shown.emplace(key, distance).second) {
      return fmt::format("key {} is found twice", key);
    }
    if (!keys_.contains(key)) {
      return fmt::format("key {} was never written", key);
    }
  }
  if (seen.size() > limit) return "more hits than were asked for";
  const float reach = seen.size() == limit ? last : kFar;
  const auto is_crowded_out = [&](float distance) {
    return RowsWithin(distance, query, scope) > limit;
  };
  for (const auto& [key, states] : keys_) {
    const auto hit = shown.find(key);
    const States possible = Reach(key, states);
    const bool fits = std::ranges::any_of(possible, [&](const State& state) {
      const float nearest = NearestOf(state.rows, scope, query);
      if (hit == shown.end()) {
        return nearest >= reach || is_crowded_out(nearest);
      }
      return nearest == hit->second ||
             (is_crowded_out(nearest) &&
              HasRowAt(state.rows, hit->second, query, scope));
    });
    if (fits) continue;
    std::string allowed;
    for (const State& state : possible) {
      allowed += fmt::format("{} at {} ", Show(state.rows),
                             NearestOf(state.rows, scope, query));
    }
    return fmt::format(
        "key {} is {} with rows {}; {} hits of {}, the last at {}", key,
        hit != shown.end() ? fmt::format("found at {}", hit->second)
                           : "not found",
        allowed, seen.size(), limit, last);
  }
  return std::nullopt;
}

std::size_t CollectionOracle::RowsWithin(float distance,
                                         const std::vector<float>& query,
                                         const Scope& scope) const {
  std::size_t rows = 0;
  for (const auto& [key, states] : keys_) {
    std::size_t most = 0;
    for (const State& state : Reach(key, states)) {
      most = std::max<std::size_t>(
          most, static_cast<std::size_t>(
                    std::ranges::count_if(state.rows, [&](const Row& row) {
                      return scope.Contains(row) &&
                             SquaredDistance(row.value, query) <= distance;
                    })));
    }
    rows += most;
  }
  return rows;
}

bool CollectionOracle::IsTooDoubtful(Key key) const {
  const auto found = keys_.find(key);
  return found != keys_.end() && found->second.size() > kStatesMax;
}

std::size_t CollectionOracle::keys_in_doubt() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      keys_, [](const auto& entry) { return entry.second.size() > 1; }));
}

}  // namespace elanus::model
