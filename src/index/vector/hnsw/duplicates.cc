#include "index/vector/hnsw/duplicates.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>

namespace elanus::index {
namespace {

constexpr std::size_t kRowsBetweenChecks = 4096;

struct HashedRow {
  std::size_t hash;
  std::uint32_t row;

  friend bool operator<(const HashedRow& a, const HashedRow& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.row < b.row;
  }
};

std::vector<std::string_view> BytesOfRows(const VectorDataset& dataset) {
  std::vector<std::string_view> rows;
  rows.reserve(dataset.rows());
  for (const VectorBlock& block : dataset.blocks) {
    const std::size_t stride = block.stride == 0 ? dataset.dim : block.stride;
    for (std::size_t i = 0; i < block.rows; ++i) {
      rows.emplace_back(
          reinterpret_cast<const char*>(block.floats() + i * stride),
          dataset.dim * sizeof(float));
    }
  }
  return rows;
}

}  // namespace

absl::StatusOr<std::vector<std::uint32_t>> ChainDuplicates(
    const base::OpContext& ctx, const VectorDataset& dataset) {
  const std::vector<std::string_view> bytes = BytesOfRows(dataset);
  const std::size_t rows = bytes.size();
  std::vector<HashedRow> hashed(rows);
  const std::hash<std::string_view> hash;
  for (std::size_t row = 0; row < rows; ++row) {
    if (row % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
    hashed[row] = {hash(bytes[row]), static_cast<std::uint32_t>(row)};
  }
  std::sort(hashed.begin(), hashed.end());
  RETURN_IF_ERROR(ctx.Check());
  std::vector<std::uint32_t> next;
  // The last rows of the chains of one hash: more than one where different
  // vectors happen to have the same.
  std::vector<std::uint32_t> ends;
  for (std::size_t i = 0; i < rows; ++i) {
    if (i == 0 || hashed[i].hash != hashed[i - 1].hash) ends.clear();
    const std::uint32_t row = hashed[i].row;
    const auto same = std::find_if(
        ends.begin(), ends.end(),
        [&](std::uint32_t end) { return bytes[end] == bytes[row]; });
    if (same == ends.end()) {
      ends.push_back(row);
      continue;
    }
    if (next.empty()) next.assign(rows, kNoRow);
    next[*same] = row;
    *same = row;
  }
  return next;
}

}  // namespace elanus::index
