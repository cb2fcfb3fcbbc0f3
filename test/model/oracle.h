// What a collection has to hold: for every key the set of states that are
// possible. One state after an acknowledgement, more while the outcome of a
// write is unknown or two were under way at once; a read that shows the key
// narrows them down.
//
//   CollectionOracle oracle(shards);
//   oracle.Acknowledge({{.kind = Effect::Kind::kUpsert, .row = row}}, now_ns);
//   CollectionOracle::Since since = oracle.Now();
//   std::optional<std::string> wrong = oracle.CheckRows(seen, scope, since);
//
// Reads that need not be Strong may show a state of the past, but a whole one:
// what is possible is remembered for every moment since the start, a moment for
// each thing that happened, and all that is shown of a shard must be of one.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/checks.h"

namespace elanus::model {

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
  // For each shard the first moment that an answer may show.
  using Since = std::vector<std::size_t>;

  CollectionOracle() : CollectionOracle(1) {}
  explicit CollectionOracle(std::size_t shards) : shards_(shards) {}

  void Acknowledge(const std::vector<Effect>& effects, std::int64_t now_ns);
  // May have happened; `may_come_late`: or may yet happen.
  void Doubt(const std::vector<Effect>& effects, bool may_come_late,
             std::int64_t now_ns);
  // What has not happened by now never will.
  void NothingComesLate();
  // Either this one or `other`, which was its copy at the moment `since`, has
  // it right.
  void Join(const CollectionOracle& other, std::size_t since);

  std::size_t moment() const { return times_ns_.size() - 1; }
  Since Now() const { return Since(shards_, moment()); }
  Since Beginning() const { return Since(shards_, 0); }
  // What was told by then, and all after it.
  Since ToldBy(std::int64_t time_ns) const;
  // The records of these effects are there: what shows their shards shows them.
  void RaiseTo(std::size_t moment, const std::vector<Effect>& effects,
               Since& since) const;

  // As in checks.h. `since` rises to the first moments that explain the rows.
  std::optional<std::string> CheckRows(const std::map<Key, Row>& seen,
                                       const Scope& scope, Since& since);
  std::optional<std::string> CheckCount(std::int64_t count, const Scope& scope,
                                        const Since& since) const;
  std::optional<std::string> CheckNearest(const Nearest& seen,
                                          const Scope& scope,
                                          const Since& since) const;

  // Keys with more states than these are not written until a read settles
  // them.
  bool IsTooDoubtful(Key key) const;

 private:
  struct State {
    std::vector<Row> rows;   // oldest first
    std::set<int> may_come;  // numbers of late_ that have not happened
    auto operator<=>(const State&) const = default;
  };
  using States = std::set<State>;
  struct Past {
    std::size_t since = 0;  // this moment, until the next one's
    RowSet rows;
  };
  struct Track {
    std::size_t shard = 0;
    States states = {State{}};
    std::vector<Past> past = {{.since = 0, .rows = {std::vector<Row>()}}};
  };
  // A Moment may point into it.
  using Unions = std::map<Key, RowSet>;

  static State Apply(const Effect& effect, Key key, State state);
  static const RowSet& RowsAt(const Track& track, std::size_t moment);
  Track& TrackOf(Key key);
  // The states that may have come out of these by what comes late.
  States Reach(Key key, const States& states) const;
  std::vector<Key> TouchedBy(const Effect& effect) const;
  // The states of the key have changed.
  void Note(Key key, Track& track);
  void ForgetPartitions(const std::set<int>& partitions);
  // All that each key may have had at some moment since then.
  Moment Between(const Since& since, Unions& unions) const;
  std::optional<std::size_t> FirstToShow(std::size_t shard, std::size_t since,
                                         const std::map<Key, Row>& seen,
                                         const Scope& scope) const;
  void Narrow(const std::map<Key, Row>& seen, const Scope& scope, Since& since);

  std::size_t shards_;
  std::map<Key, Track> keys_;
  std::map<int, Effect> late_;  // by number
  // Of each moment, when it was told; of those that a read has made, never.
  std::vector<std::int64_t> times_ns_ = {0};
};

}  // namespace elanus::model
