#include "index/vector/flat/codes.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "index/vector/flat/code_bounds.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/query_check.h"
#include "index/vector/topk.h"
#include "simd/distance.h"

namespace elanus::index {
namespace {

constexpr std::size_t kRowsBetweenChecks = 1024;
// One search: chunk after chunk of the codes, all queries over each.
class CodeSearch {
 public:
  CodeSearch(const FlatRows& rows, types::MetricType metric,
             const simd::CodeTable& codes, std::span<const float> queries,
             const SearchQuery& query)
      : rows_(rows),
        is_l2_(metric == types::MetricType::kL2),
        scan_(*simd::CodeScan()),
        distance_(KernelsOf(metric).rows),
        codes_(codes),
        queries_(queries),
        excluded_(query.excluded) {
    for (std::size_t q = 0; q < query.nq; ++q) {
      coded_.emplace_back(queries.data() + q * rows.dim, rows.dim, is_l2_);
      best_.emplace_back(query.k, query.LimitOf(q));
      if (!query.limits.empty()) coded_.back().SetBound(query.limits[q]);
    }
    candidates_.resize(simd::kCodeQueries * kChunkGroups * simd::kCodeGroup);
  }

  bool is_usable() const {
    return std::all_of(coded_.begin(), coded_.end(),
                       [](const auto& query) { return query.is_usable(); });
  }

  absl::Status Run(const base::OpContext& ctx) {
    const std::size_t groups = CodeGroups(rows_.rows);
    std::size_t since_check = 0;
    RETURN_IF_ERROR(ctx.Check());
    // Small chunks at first: the bound falls quickly.
    std::size_t chunk = kFirstGroups;
    for (std::size_t group = 0; group < groups; group += chunk) {
      if (group != 0) chunk = std::min(2 * chunk, kChunkGroups);
      chunk = std::min(chunk, groups - group);
      if (!Include(group, chunk)) continue;
      for (std::size_t q = 0; q < best_.size(); q += simd::kCodeQueries) {
        ScanChunk(group, chunk, q);
      }
      since_check += chunk * best_.size();
      if (since_check >= kGroupsBetweenChecks) {
        since_check = 0;
        RETURN_IF_ERROR(ctx.Check());
      }
    }
    return absl::OkStatus();
  }

  void Answer(std::size_t k, const SearchOutput& out) {
    for (std::size_t q = 0; q < best_.size(); ++q) {
      PutHits(best_[q].TakeSorted(), q, k, out);
    }
  }

 private:
  static constexpr std::size_t kFirstGroups = 4;
  static constexpr std::size_t kChunkGroups = 64;
  static constexpr std::size_t kGroupsBetweenChecks = 1 << 12;

  // Which rows of the chunk are in; false if none is.
  bool Include(std::size_t first_group, std::size_t groups) {
    std::uint16_t any = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t row = (first_group + g) * simd::kCodeGroup;
      std::uint64_t out = 0;
      if (row / 64 < excluded_.word_count()) {
        out = excluded_.words()[row / 64] >> (row % 64);
      }
      std::uint64_t in = ~out;
      const std::size_t left = rows_.rows - row;
      if (left < simd::kCodeGroup) in &= (std::uint64_t{1} << left) - 1;
      included_[g] = static_cast<std::uint16_t>(in);
      any |= included_[g];
    }
    return any != 0;
  }

  void ScanChunk(std::size_t group, std::size_t groups, std::size_t first) {
    const std::size_t count =
        std::min(simd::kCodeQueries, best_.size() - first);
    std::array<simd::CodeQuery, simd::kCodeQueries> queries{};
    std::array<std::size_t, simd::kCodeQueries> found{};
    for (std::size_t q = 0; q < count; ++q) {
      queries[q] = coded_[first + q].view();
    }
    const auto batch = is_l2_ ? scan_.l2_batch : scan_.dot_batch;
    batch(codes_, group, groups, queries.data(), count, included_.data(),
          candidates_.data(), found.data());
    for (std::size_t q = 0; q < count; ++q) {
      Compute(first + q,
              {candidates_.data() + q * groups * simd::kCodeGroup, found[q]});
    }
  }

  // Offers the rows at their true distances.
  void Compute(std::size_t q, std::span<const std::uint32_t> rows) {
    if (rows.empty()) return;
    TopK& best = best_[q];
    const float before = best.bound();
    distance_(queries_.data() + q * rows_.dim, {rows_.data, rows_.dim},
              rows.data(), rows.size(), rows_.dim, distances_.data());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      float distance = distances_[i];
      if (rows_.inverse_norms != nullptr) {
        distance *= rows_.inverse_norms[rows[i]];
      }
      if (!(distance > best.bound())) best.Offer({distance, rows[i]});
    }
    if (best.bound() != before) coded_[q].SetBound(best.bound());
  }

  const FlatRows rows_;
  const bool is_l2_;
  const simd::CodeScanKernels& scan_;
  const simd::RowsKernel distance_;
  const simd::CodeTable codes_;
  const std::span<const float> queries_;
  const types::BitsetView excluded_;
  std::vector<CodedQuery> coded_;
  std::vector<TopK> best_;
  std::vector<std::uint32_t> candidates_;
  std::array<std::uint16_t, kChunkGroups> included_{};
  std::array<float, kChunkGroups * simd::kCodeGroup> distances_{};
};

}  // namespace

std::vector<SectionSize> CodeSections(std::size_t rows, std::size_t dim) {
  const std::size_t padded = CodeGroups(rows) * simd::kCodeGroup;
  return {{Section::kCodes, padded * CodeWidth(dim)},
          {Section::kCodeScales, padded * sizeof(float)},
          {Section::kCodeErrors, padded * sizeof(float)},
          {Section::kCodeSizes, padded * sizeof(float)}};
}

CodeRoom CodeRoomIn(IndexFileWriter& file, std::size_t dim) {
  const std::span<std::byte> codes = file.section(Section::kCodes);
  std::memset(codes.data(), simd::kCodeZero, codes.size());
  return {.codes = reinterpret_cast<std::uint8_t*>(codes.data()),
          .width = CodeWidth(dim),
          .scales = file.array<float>(Section::kCodeScales),
          .errors = file.array<float>(Section::kCodeErrors),
          .sizes = file.array<float>(Section::kCodeSizes)};
}

absl::Status EncodeRows(const base::OpContext& ctx, const FlatRows& rows,
                        types::MetricType metric, IndexFileWriter& out) {
  const bool is_l2 = metric == types::MetricType::kL2;
  const CodeRoom room = CodeRoomIn(out, rows.dim);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (row % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
    EncodeRow(rows.data + row * rows.dim,
              rows.inverse_norms != nullptr ? rows.inverse_norms[row] : 1,
              rows.dim, is_l2, row, room);
  }
  return absl::OkStatus();
}

absl::StatusOr<simd::CodeTable> OpenCodes(const IndexFileReader& file,
                                          std::size_t rows) {
  if (!file.Has(Section::kCodes)) return simd::CodeTable{};
  const std::size_t width = CodeWidth(file.info().dim);
  const std::size_t padded = CodeGroups(rows) * simd::kCodeGroup;
  ASSIGN_OR_RETURN(const auto codes,
                   file.Array<std::uint8_t>(Section::kCodes, padded * width));
  ASSIGN_OR_RETURN(const auto scales,
                   file.Array<float>(Section::kCodeScales, padded));
  ASSIGN_OR_RETURN(const auto errors,
                   file.Array<float>(Section::kCodeErrors, padded));
  ASSIGN_OR_RETURN(const auto sizes,
                   file.Array<float>(Section::kCodeSizes, padded));
  return simd::CodeTable{.codes = codes.data(),
                         .width = width,
                         .scales = scales.data(),
                         .errors = errors.data(),
                         .sizes = sizes.data()};
}

absl::StatusOr<bool> SearchCodes(const base::OpContext& ctx,
                                 const FlatRows& rows, types::MetricType metric,
                                 const simd::CodeTable& codes,
                                 std::span<const float> bound_queries,
                                 const SearchQuery& query,
                                 const SearchOutput& out) {
  CodeSearch search(rows, metric, codes, bound_queries, query);
  if (!search.is_usable()) return false;
  RETURN_IF_ERROR(search.Run(ctx));
  search.Answer(query.k, out);
  return true;
}

}  // namespace elanus::index
