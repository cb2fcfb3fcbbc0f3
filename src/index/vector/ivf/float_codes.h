// 8-bit codes of IVF_FLAT's rows, in the order of the lists: they prove of most
// rows of a list that these are farther than the k-th best so far, and only the
// others are computed from their floats, as in FLAT (flat/codes.h). The answer
// is that of a scan of the floats.
//
//   ASSIGN_OR_RETURN(auto codes, FloatCodes::Open(file, lists));
//   FloatCodeScan scan(*codes, lists, query, *rows, excluded);
//   scan.Scan(list, best);
//
// Threads:   FloatCodes from any; a scan by one.
// Ownership: the codes borrow the index file; a scan borrows all it is given.
// Errors:    DATA_LOSS.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "index/vector/flat/code_bounds.h"
#include "index/vector/index_file.h"
#include "index/vector/ivf/list_codec.h"
#include "index/vector/ivf/lists.h"
#include "index/vector/topk.h"
#include "simd/code_scan.h"
#include "types/bitset.h"
#include "types/metric.h"

namespace elanus::index {

class FloatCodes {
 public:
  // Null if the file has none.
  static absl::StatusOr<std::unique_ptr<FloatCodes>> Open(
      const IndexFileReader& file, const Lists& lists);

  const simd::CodeTable& table() const { return table_; }
  std::size_t dim() const { return dim_; }
  bool is_l2() const { return is_l2_; }

 private:
  FloatCodes(simd::CodeTable table, std::size_t dim, bool is_l2)
      : table_(table), dim_(dim), is_l2_(is_l2) {}

  const simd::CodeTable table_;
  const std::size_t dim_;
  const bool is_l2_;
};

// One query over list after list.
class FloatCodeScan {
 public:
  // `query` as the kernels want it, `rows` bound to it. This machine must have
  // simd::CodeScan().
  FloatCodeScan(const FloatCodes& codes, const Lists& lists, const float* query,
                RowQuery& rows, types::BitsetView excluded);

  // False: the query is too long for bounds to hold.
  bool is_usable() const { return coded_.is_usable(); }

  // Offers all rows of the list that are in and not farther than best.bound().
  void Scan(const ListRef& list, TopK& best);

 private:
  // Rows whose codes are looked at together; few at first, since the bound
  // falls quickly.
  static constexpr std::size_t kFirstGroups = 4;
  static constexpr std::size_t kGroups = 32;
  static constexpr std::size_t kRows = kGroups * simd::kCodeGroup;

  void Compute(std::size_t found, TopK& best);

  const Lists& lists_;
  RowQuery& rows_;
  const types::BitsetView excluded_;
  const simd::CodeTable table_;
  const simd::CodeScanKernel kernel_;
  CodedQuery coded_;
  std::size_t groups_ = kFirstGroups;
  std::array<std::uint32_t, kRows> positions_{};
  std::array<float, kRows> distances_{};
};

class FloatCodeEncoder final : public ListEncoder {
 public:
  FloatCodeEncoder(std::size_t dim, types::MetricType metric)
      : dim_(dim), is_l2_(metric == types::MetricType::kL2) {}

  std::vector<SectionSize> Sections(const Lists& lists) const override;
  void PutTables(IndexFileWriter& file) override;
  void PutBlock(const ListRef& list, std::size_t first, const float* rows,
                std::size_t count) override;

 private:
  const std::size_t dim_;
  const bool is_l2_;
  CodeRoom room_;
};

}  // namespace elanus::index
