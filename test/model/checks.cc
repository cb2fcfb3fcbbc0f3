#include "model/checks.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace elanus::model {
namespace {

constexpr float kFar = std::numeric_limits<float>::infinity();

std::string Show(const std::vector<Row>& rows) {
  std::string text = "[";
  for (const Row& row : rows) {
    text += fmt::format("{}@{} ", row.value, row.partition);
  }
  return text + "]";
}

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

// At most so many rows may be as near as that.
std::size_t RowsWithin(const Moment& moment, float distance,
                       const std::vector<float>& query, const Scope& scope) {
  std::size_t rows_max = 0;
  for (const auto& [key, possible] : moment) {
    std::ptrdiff_t most = 0;
    for (const std::vector<Row>& rows : *possible) {
      most = std::max(most, std::ranges::count_if(rows, [&](const Row& row) {
                        return scope.Contains(row) &&
                               SquaredDistance(row.value, query) <= distance;
                      }));
    }
    rows_max += static_cast<std::size_t>(most);
  }
  return rows_max;
}

bool Knows(const Moment& moment, Key key) {
  return std::ranges::binary_search(moment, key, {},
                                    &Moment::value_type::first);
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

std::optional<Row> NewestOf(const std::vector<Row>& rows, const Scope& scope) {
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    if (scope.Contains(*row)) return *row;
  }
  return std::nullopt;
}

bool MayShow(const RowSet& possible, const std::optional<Row>& shown,
             const Scope& scope) {
  return std::ranges::any_of(possible, [&](const std::vector<Row>& rows) {
    return NewestOf(rows, scope) == shown;
  });
}

std::optional<std::string> CheckRows(const Moment& moment,
                                     const std::map<Key, Row>& seen,
                                     const Scope& scope) {
  for (const auto& [key, row] : seen) {
    if (!Knows(moment, key)) {
      return fmt::format("key {} was never written", key);
    }
  }
  for (const auto& [key, possible] : moment) {
    const auto found = seen.find(key);
    const std::optional<Row> shown =
        found == seen.end() ? std::nullopt : std::optional<Row>(found->second);
    if (MayShow(*possible, shown, scope)) continue;
    std::string allowed;
    for (const std::vector<Row>& rows : *possible) allowed += Show(rows);
    return fmt::format("key {} shows {}, its rows may be {}", key,
                       shown.has_value() ? Show({*shown}) : "nothing", allowed);
  }
  return std::nullopt;
}

std::optional<std::string> CheckCount(const Moment& moment, std::int64_t count,
                                      const Scope& scope) {
  std::int64_t least = 0;
  std::int64_t most = 0;
  for (const auto& [key, possible] : moment) {
    std::int64_t low = std::numeric_limits<std::int64_t>::max();
    std::int64_t high = 0;
    for (const std::vector<Row>& rows : *possible) {
      const std::int64_t found = std::ranges::count_if(
          rows, [&scope](const Row& row) { return scope.Contains(row); });
      low = std::min(low, found);
      high = std::max(high, found);
    }
    least += low;
    most += high;
  }
  if (least <= count && count <= most) return std::nullopt;
  return fmt::format("count(*) is {}, it must be {} .. {}", count, least, most);
}

std::optional<std::string> CheckNearest(const Moment& moment,
                                        const Nearest& seen,
                                        const Scope& scope) {
  std::map<Key, float> shown;
  float last = -1;
  for (const auto& [key, distance] : seen.hits) {
    if (distance < last) return fmt::format("key {} is out of order", key);
    last = distance;
    if (!shown.emplace(key, distance).second) {
      return fmt::format("key {} is found twice", key);
    }
    if (!Knows(moment, key)) {
      return fmt::format("key {} was never written", key);
    }
  }
  if (seen.hits.size() > seen.limit) return "more hits than were asked for";
  const float reach = seen.hits.size() == seen.limit ? last : kFar;
  const auto is_crowded_out = [&](float distance) {
    return RowsWithin(moment, distance, seen.query, scope) > seen.limit;
  };
  for (const auto& [key, possible] : moment) {
    const auto hit = shown.find(key);
    if (std::ranges::any_of(*possible, [&](const std::vector<Row>& rows) {
          const float nearest = NearestOf(rows, scope, seen.query);
          if (hit == shown.end()) {
            return nearest >= reach || is_crowded_out(nearest);
          }
          return nearest == hit->second ||
                 (is_crowded_out(nearest) &&
                  HasRowAt(rows, hit->second, seen.query, scope));
        })) {
      continue;
    }
    std::string allowed;
    for (const std::vector<Row>& rows : *possible) {
      allowed += fmt::format("{} at {} ", Show(rows),
                             NearestOf(rows, scope, seen.query));
    }
    return fmt::format(
        "key {} is {} with rows {}; {} hits of {}, the last at {}", key,
        hit != shown.end() ? fmt::format("found at {}", hit->second)
                           : "not found",
        allowed, seen.hits.size(), seen.limit, last);
  }
  return std::nullopt;
}

}  // namespace elanus::model
