// Seeded sparse rows for tests and benchmarks, and the plain way to search
// them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "index/vector/vector_index.h"
#include "types/sparse.h"

namespace elanus::index {

// Rows that own their entries.
struct SparseTable {
  std::vector<types::SparseEntry> entries;
  std::vector<std::uint32_t> offsets = {0};

  void Add(std::vector<types::SparseEntry> row) {
    std::sort(row.begin(), row.end(),
              [](const auto& a, const auto& b) { return a.index < b.index; });
    entries.insert(entries.end(), row.begin(), row.end());
    offsets.push_back(
        static_cast<std::uint32_t>(entries.size() * sizeof(row[0])));
  }
  std::size_t size() const { return offsets.size() - 1; }
  types::SparseRows rows() const { return {entries.data(), offsets}; }
  VectorBlock block() const {
    return {.data = entries.data(), .rows = size(), .offsets = offsets.data()};
  }
};

struct SparseShape {
  std::size_t rows = 0;
  std::size_t dims = 0;      // few of them are frequent, most are rare
  std::size_t row_size = 0;  // entries of a row, at most
  int largest = 0;           // values are integers, so that sums are exact
  bool has_negative = false;
};

inline SparseTable RandomSparse(const SparseShape& shape, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform;
  SparseTable table;
  for (std::size_t row = 0; row < shape.rows; ++row) {
    std::vector<types::SparseEntry> entries;
    const std::size_t size = random() % (shape.row_size + 1);
    for (std::size_t i = 0; i < size; ++i) {
      const double u = uniform(random);
      const auto index = static_cast<std::uint32_t>(
          static_cast<double>(shape.dims) * u * u * u);
      const bool is_known =
          std::any_of(entries.begin(), entries.end(),
                      [index](const auto& e) { return e.index == index; });
      if (is_known) continue;
      auto value = static_cast<float>(
          1 + random() % static_cast<std::uint64_t>(shape.largest));
      if (shape.has_negative && random() % 3 == 0) value = -value;
      entries.push_back({.index = index, .value = value});
    }
    table.Add(std::move(entries));
  }
  return table;
}

// All rows with a product above 0 that are in, nearest first. `weigh(row,
// entry)` gives the value that counts for an entry.
template <typename Weigh>
std::vector<Neighbor> PlainSparseSearch(
    const types::SparseRows& rows, std::span<const types::SparseEntry> query,
    types::BitsetView excluded, Weigh weigh) {
  std::vector<Neighbor> hits;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (excluded.Test(row)) continue;
    double sum = 0;
    for (const types::SparseEntry& entry : rows.Row(row)) {
      for (const types::SparseEntry& asked : query) {
        if (asked.index == entry.index) {
          sum += double{asked.value} * weigh(row, entry);
        }
      }
    }
    if (sum > 0) {
      hits.push_back(
          {static_cast<float>(-sum), static_cast<std::uint32_t>(row)});
    }
  }
  std::sort(hits.begin(), hits.end());
  return hits;
}

}  // namespace elanus::index
