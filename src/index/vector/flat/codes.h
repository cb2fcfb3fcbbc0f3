// FLAT's rows as 8-bit codes, and the exact search that reads only them for
// nearly all rows: a quarter of the bytes, so up to four times as fast where
// memory is the limit.
//
//   EncodeRows(rows, metric, out);               // into the file's sections
//   ASSIGN_OR_RETURN(const simd::CodeTable codes, OpenCodes(file, rows));
//   ASSIGN_OR_RETURN(const bool is_answered,
//                    SearchCodes(ctx, rows, metric, codes, bound, query, out));
//
// A row whose code proves that it is farther than the k-th best so far is
// passed over (simd/code_scan.h has the inequalities); every other one is
// computed from its floats. The answer is that of a plain scan, whatever the
// data: what cannot be coded well only costs time.
//
// The idea of a filter by approximations with bounds: R. Weber, H.-J. Schek,
// S. Blott, "A Quantitative Analysis and Performance Study for
// Similarity-Search Methods in High-Dimensional Spaces", VLDB 1998 (VA-file).
//
// Threads:   pure functions.
// Ownership: views only.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/flat/code_bounds.h"
#include "index/vector/index_file.h"
#include "index/vector/vector_index.h"
#include "simd/code_scan.h"
#include "types/metric.h"

namespace elanus::index {

// Rows of float32, behind each other.
struct FlatRows {
  const float* data = nullptr;
  std::size_t rows = 0;
  std::size_t dim = 0;
  const float* inverse_norms = nullptr;  // COSINE
};

// The sections that codes need.
std::vector<SectionSize> CodeSections(std::size_t rows, std::size_t dim);

// These sections, to be written, all codes zero.
CodeRoom CodeRoomIn(IndexFileWriter& file, std::size_t dim);

absl::Status EncodeRows(const base::OpContext& ctx, const FlatRows& rows,
                        types::MetricType metric, IndexFileWriter& out);

// Of so many rows. `width` is 0 if the file has none.
absl::StatusOr<simd::CodeTable> OpenCodes(const IndexFileReader& file,
                                          std::size_t rows);

// `query` has been checked, `bound_queries` are its vectors as the kernels
// want them (BindQueries). False, and no answer, if a query is too long for
// bounds to hold. This machine must have simd::CodeScan().
absl::StatusOr<bool> SearchCodes(const base::OpContext& ctx,
                                 const FlatRows& rows, types::MetricType metric,
                                 const simd::CodeTable& codes,
                                 std::span<const float> bound_queries,
                                 const SearchQuery& query,
                                 const SearchOutput& out);

}  // namespace elanus::index
