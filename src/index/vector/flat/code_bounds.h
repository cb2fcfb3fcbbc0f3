// Rows and queries as 8-bit codes with proven bounds (simd/code_scan.h has the
// inequalities): what FLAT's file and the lists of growing rows are made of.
//
//   EncodeRow(x, inverse_norm, dim, is_l2, 17, room);
//   CodedQuery query(q, dim, is_l2);
//   query.SetBound(best.bound());
//   simd::CodeScan()->dot(table, 0, 4, query.view(), included, rows);
//
// The margins also cover the rounding of the float32 sums (rounding.h).
//
// Threads:   none; rows of different groups from different threads.
// Ownership: CodedQuery::view borrows from its CodedQuery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "simd/code_scan.h"

namespace elanus::index {

inline std::size_t CodeWidth(std::size_t dim) { return (dim + 3) / 4 * 4; }

inline std::size_t CodeGroups(std::size_t rows) {
  return (rows + simd::kCodeGroup - 1) / simd::kCodeGroup;
}

// A CodeTable that is being written.
struct CodeRoom {
  std::uint8_t* codes = nullptr;
  std::size_t width = 0;
  float* scales = nullptr;
  float* errors = nullptr;
  float* sizes = nullptr;
};

// Puts x * factor as row `row`. Of its place in `codes` the bytes beyond the
// dimension are left as they are: kCodeZero.
void EncodeRow(const float* x, double factor, std::size_t dim, bool is_l2,
               std::size_t row, const CodeRoom& room);

// A query's codes and bounds, for one metric.
class CodedQuery {
 public:
  CodedQuery(const float* query, std::size_t dim, bool is_l2);

  // False: no bound holds.
  bool is_usable() const { return is_usable_; }

  // Rows farther than `distance`, by the kernels, may be passed over.
  void SetBound(float distance);

  const simd::CodeQuery& view() const { return view_; }

 private:
  std::size_t dim_;
  bool is_l2_;
  bool is_usable_ = false;
  double error_ = 0;  // |q - q'|
  std::vector<std::int8_t> codes_;
  simd::CodeQuery view_{};
};

}  // namespace elanus::index
