// What an answer must look like, given what each key may have at that moment.
// Pure functions: nothing, or what is wrong with the answer.
//
//   const RowSet maybe = {{row}, {}};          // the row, or none
//   CheckRows({{row.key, &maybe}}, seen, scope)
//
// Threads: any.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
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

// All rows of a key, oldest first: which may these be?
using RowSet = std::set<std::vector<Row>>;

// The keys that were ever written, rising.
using Moment = std::vector<std::pair<Key, const RowSet*>>;

// The newest of them in the scope.
std::optional<Row> NewestOf(const std::vector<Row>& rows, const Scope& scope);
// May that be the newest?
bool MayShow(const RowSet& possible, const std::optional<Row>& shown,
             const Scope& scope);

// A row each key that has one in the scope, the newest.
std::optional<std::string> CheckRows(const Moment& moment,
                                     const std::map<Key, Row>& seen,
                                     const Scope& scope);
std::optional<std::string> CheckCount(const Moment& moment, std::int64_t count,
                                      const Scope& scope);

struct Nearest {
  std::vector<std::pair<Key, float>> hits;
  std::size_t limit = 0;  // that was asked for
  std::vector<float> query;
};
// The nearest `limit`, nearest first, each key once. As in Milvus, rows that
// share a key take each other's places: then there may be fewer.
std::optional<std::string> CheckNearest(const Moment& moment,
                                        const Nearest& seen,
                                        const Scope& scope);

}  // namespace elanus::model
