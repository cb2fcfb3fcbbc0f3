// Exact distances of all rows of bits that are in, for brute force.
//
//   BitScan scan(dataset, metric, excluded, params);
//   RETURN_IF_ERROR(scan.Run(ctx, queries, nq, visit));
//
// HAMMING and JACCARD as in bit_distance.h. SUBSTRUCTURE, SUPERSTRUCTURE: 0
// for a row whose bits are a part of the query's, or the query's of the row's;
// other rows are not visited. MHJACCARD as in signature.h.
//
// Threads: none.
// Errors:  of the context.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/bit_distance.h"
#include "index/vector/signature.h"
#include "index/vector/vector_index.h"
#include "simd/bits.h"
#include "types/metric.h"

namespace elanus::index {

class BitScan {
 public:
  BitScan(const VectorDataset& dataset, types::MetricType metric,
          types::BitsetView excluded, const SearchParams& params)
      : dataset_(dataset),
        metric_(metric),
        excluded_(excluded),
        signatures_(dataset.signature, dataset.dim / 8),
        by_bands_(dataset.signature.bands != 0 && !params.with_jaccard) {}

  // Calls visit(query, distance, row), rows of a query in rising order.
  template <typename Visit>
  absl::Status Run(const base::OpContext& ctx,
                   std::span<const std::byte> queries, std::size_t nq,
                   Visit visit) {
    const std::size_t width = dataset_.dim / 8;
    std::size_t base = 0;
    for (const VectorBlock& block : dataset_.blocks) {
      const auto* rows = static_cast<const std::uint8_t*>(block.data);
      const std::size_t step = block.stride == 0 ? width : block.stride;
      for (std::size_t at = 0; at < block.rows; at += kTileRows) {
        RETURN_IF_ERROR(ctx.Check());
        const std::size_t count = std::min(kTileRows, block.rows - at);
        for (std::size_t q = 0; q < nq; ++q) {
          const auto* query =
              reinterpret_cast<const std::uint8_t*>(queries.data()) + q * width;
          Count(query, rows + at * step, step, width, count);
          if (metric_ == types::MetricType::kMhJaccard) {
            RankSignatures(query, rows + at * step, step, count);
          } else {
            Rank(count);
          }
          Deliver(q, base + at, count, visit);
        }
      }
      base += block.rows;
    }
    return absl::OkStatus();
  }

 private:
  // A tile stays in the first-level cache while all queries go over it.
  static constexpr std::size_t kTileRows = 128;

  void Count(const std::uint8_t* query, const std::uint8_t* rows,
             std::size_t step, std::size_t width, std::size_t count) {
    // Kernels take rows without a gap, as nearly all are: else one by one.
    const std::size_t together = step == width ? count : 1;
    for (std::size_t i = 0; i < count; i += together) {
      const std::uint8_t* row = rows + i * step;
      if (metric_ == types::MetricType::kHamming) {
        simd::Bits().differing(query, row, width, together, both_.data() + i);
      } else if (metric_ == types::MetricType::kMhJaccard) {
        signatures_.CountEqual(query, row, together, both_.data() + i);
      } else {
        simd::Bits().shared(query, row, width, together, both_.data() + i,
                            either_.data() + i);
      }
    }
    if (metric_ == types::MetricType::kHamming ||
        metric_ == types::MetricType::kMhJaccard) {
      return;
    }
    // What the query shares with itself: its set bits.
    simd::Bits().shared(query, query, width, 1, &query_bits_, &query_bits_);
  }

  void Rank(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      distances_[i] = Distance(both_[i], either_[i]);
    }
  }

  void RankSignatures(const std::uint8_t* query, const std::uint8_t* rows,
                      std::size_t step, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      distances_[i] =
          by_bands_ ? signatures_.BandDistance(query, rows + i * step, both_[i])
                    : signatures_.ElementDistance(both_[i]);
    }
  }

  template <typename Visit>
  void Deliver(std::size_t q, std::size_t first, std::size_t count,
               Visit& visit) {
    for (std::size_t i = 0; i < count; ++i) {
      if (excluded_.Test(first + i)) continue;
      if (distances_[i] == kNoDistance) continue;
      visit(q, distances_[i], static_cast<std::uint32_t>(first + i));
    }
  }

  float Distance(std::uint32_t both, std::uint32_t either) const {
    switch (metric_) {
      case types::MetricType::kHamming:
        return static_cast<float>(both);
      case types::MetricType::kSubstructure:
        return either == query_bits_ ? 0 : kNoDistance;
      case types::MetricType::kSuperstructure:
        return both == query_bits_ ? 0 : kNoDistance;
      default:
        return JaccardDistance(both, either);
    }
  }

  const VectorDataset& dataset_;
  const types::MetricType metric_;
  const types::BitsetView excluded_;
  const Signatures signatures_;
  const bool by_bands_;
  // HAMMING: differing bits. MHJACCARD: equal elements.
  std::array<std::uint32_t, kTileRows> both_{};
  std::array<std::uint32_t, kTileRows> either_{};
  std::array<float, kTileRows> distances_{};
  std::uint32_t query_bits_ = 0;
};

}  // namespace elanus::index
