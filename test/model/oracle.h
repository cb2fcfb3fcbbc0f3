// What a collection has to hold: for every key the set of states that are
// possible. One state after an acknowledgement, more while the outcome of a
// write is unknown or two were under way at once; a read that shows the key
// narrows them down.
//
//   CollectionOracle oracle;
//   oracle.Acknowledge({.kind = Effect::Kind::kUpsert, .row = row});
//   std::optional<std::string> wrong = oracle.CheckRows(seen, scope);
//
// Threads: one.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace elanus::model {

using Key = std::int64_t;

struct Row {
  Key key = 0;
  std::int64_t value = 0;  // gives the vector too
  int partition = 0;
  auto operator<=>(const Row&) const = default;
};

inline constexpr int kDim = 4;
std::vector<float> VectorOf(std::int64_t value);
float SquaredDistance(std::int64_t value, const std::vector<float>& query);

// What a read or a delete is about.
struct Scope {
  std::set<int> partitions;  // empty: all
  std::optional<std::int64_t> value_below;
  std::optional<std::set<Key>> keys;

  bool Contains(const Row& row) const;
};

// What one write does to each key that it touches.
struct Effect {
  enum class Kind { kInsert, kUpsert, kDelete, kDropPartition };
  Kind kind = Kind::kInsert;
  Row row = {.key = -1};  // kInsert, kUpsert
  Scope scope;  // kDelete: a key with a row in it loses those of the partitions
  // kDelete by filter: only of rows up to this value, as newer ones were not
  // there when it was evaluated.
  std::int64_t values_to = std::numeric_limits<std::int64_t>::max();
  // Of one writer's records those that come late are dropped: the later ones
  // of a key say so.
  int writer = -1;
  int number = 0;  // of its own
};

class CollectionOracle {
 public:
  void Acknowledge(const std::vector<Effect>& effects);
  // May have happened; `may_come_late`: or may yet happen.
  void Doubt(const std::vector<Effect>& effects, bool may_come_late);
  // What has not happened by now never will.
  void NothingComesLate();
  // Either this one or `other`, which began as its copy, has it right.
  void Join(const CollectionOracle& other);

  // A row each key that has one in the scope, the newest. Nothing, or what is
  // wrong with it.
  std::optional<std::string> CheckRows(const std::map<Key, Row>& seen,
                                       const Scope& scope);
  std::optional<std::string> CheckCount(std::int64_t count,
                                        const Scope& scope) const;
  // The nearest `limit`, nearest first, each key once. As in Milvus, rows that
  // share a key take each other's places: then there may be fewer.
  std::optional<std::string> CheckNearest(
      const std::vector<std::pair<Key, float>>& seen, std::size_t limit,
      const std::vector<float>& query, const Scope& scope) const;

  // Keys with more states than these are not written until a read settles
  // them.
  bool IsTooDoubtful(Key key) const;
  std::size_t keys_in_doubt() const;

 private:
  struct State {
    std::vector<Row> rows;   // oldest first
    std::set<int> may_come;  // numbers of late_ that have not happened
    auto operator<=>(const State&) const = default;
  };
  using States = std::set<State>;

  static State Apply(const Effect& effect, Key key, State state);
  // The states that may have come out of these by what comes late.
  States Reach(Key key, const States& states) const;
  // At most so many rows may be as near as that.
  std::size_t RowsWithin(float distance, const std::vector<float>& query,
                         const Scope& scope) const;
  std::vector<Key> TouchedBy(const Effect& effect) const;

  std::map<Key, States> keys_;
  std::map<int, Effect> late_;  // by number
};

}  // namespace elanus::model
