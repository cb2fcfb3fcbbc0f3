// The rows of a graph as product or product-residual codes, by which walks go,
// and what ranks the best of them again: HNSW_PQ and HNSW_PRQ.
//
// With q the query and x' what the codes of a row say, the distance is
//   IP:  -<q, x'>
//   L2:  |q|^2 - 2 <q, x'> + |x'|^2
// where the last is stored for each row, so that one table of products serves
// all rows.
//
//   rows->Bind(query, bound);
//   rows->Distances(bound, ids, count, out);
//
// Threads:   const methods from any thread.
// Ownership: borrows the index file.
// Source:    H. Jegou, M. Douze, C. Schmid, "Product quantization for nearest
//            neighbor search", IEEE TPAMI 33(1), 2011, section III.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "index/quantization/residual_quantizer.h"
#include "index/vector/index_file.h"
#include "index/vector/ivf/list_codec.h"
#include "index/vector/registry.h"
#include "types/metric.h"

namespace elanus::index {

// Of these types a graph has no vectors of its own.
inline bool HasProductRows(IndexType type) {
  return type == IndexType::kHnswPq || type == IndexType::kHnswPrq;
}

// The section kProduct.
struct ProductHeader {
  std::uint32_t parts;
  std::uint32_t levels;
  std::uint32_t nbits;
  std::uint32_t refine;  // RefineType
};
static_assert(sizeof(ProductHeader) == 16);

// A query as codes are compared with it; keeps its memory from query to query.
struct ProductQuery {
  std::vector<float> table;
  float base = 0;
};

class ProductRows {
 public:
  // Errors: DATA_LOSS.
  static absl::StatusOr<std::unique_ptr<ProductRows>> Open(
      const IndexFileReader& file);

  std::size_t rows() const { return rows_; }
  std::size_t dim() const { return quantizer_.shape().product.dim; }
  // What they hold besides the index file.
  std::size_t memory_bytes() const;
  bool has_finer() const { return finer_ != nullptr; }
  std::size_t code_bytes() const { return width_; }  // of a row

  void Bind(const float* query, ProductQuery& bound) const;
  // By the codes.
  void Distances(const ProductQuery& bound, const std::uint32_t* ids,
                 std::size_t count, float* out) const;
  void Prefetch(std::uint32_t row) const {
    __builtin_prefetch(codes_.data() + row * width_);
  }

  // By the finest values there are. Borrows the query.
  std::unique_ptr<RowQuery> BindFinest(const float* query) const;

 private:
  ProductRows(const ResidualShape& shape, std::span<const float> codebook,
              std::size_t rows, types::MetricType metric)
      : quantizer_(shape, codebook),
        width_(shape.codes()),
        rows_(rows),
        is_l2_(metric == types::MetricType::kL2) {}

  const ResidualQuantizer quantizer_;
  const std::size_t width_;  // bytes of a row
  const std::size_t rows_;
  const bool is_l2_;
  std::span<const std::uint8_t> codes_;
  std::span<const float> squares_;   // L2: |x'|^2
  std::unique_ptr<RowCodec> finer_;  // or null
};

}  // namespace elanus::index
