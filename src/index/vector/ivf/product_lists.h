// Lists of product-quantised residuals: IVF_PQ and SCANN. What a code says is
// the row less its list's centroid.
//
// With q the query, c the centroid and r the residual, the distance is
//   IP:  -<q, c> - <q, r>
//   L2:  |q|^2 + (|c|^2 - 2 <q, c>) + (|c + r|^2 - |c|^2) - 2 <q, r>
// The bracket before last is stored for each row, so one table of <q, .>
// serves all lists. Codes of up to 4 bits lie in halves of bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/quantization/product_quantizer.h"
#include "index/vector/ivf/list_codec.h"
#include "types/metric.h"

namespace elanus::index {

class ProductLists final : public ListCodec {
 public:
  static absl::StatusOr<std::unique_ptr<ProductLists>> Open(
      const IndexFileReader& file, const ProductShape& shape,
      const Lists& lists);

  std::unique_ptr<ListQuery> Bind(QueryRow query,
                                  const SearchParams& params) const override;
  std::size_t memory_bytes() const override {
    return quantizer_.memory_bytes();
  }

 private:
  friend class ProductQuery;

  ProductLists(const ProductShape& shape, std::span<const float> codebook,
               const std::uint8_t* codes, const float* bias, bool is_l2)
      : quantizer_(shape, codebook),
        codes_(codes),
        bias_(bias),
        is_l2_(is_l2) {}

  const ProductQuantizer quantizer_;
  const std::uint8_t* const codes_;
  const float* const bias_;  // null: none
  const bool is_l2_;
};

class ProductEncoder final : public ListEncoder {
 public:
  // `along`: ProductQuantizer::EncodeAlong; 0 = plain nearest codewords.
  ProductEncoder(const ProductShape& shape, std::vector<float> codebook,
                 const std::vector<float>& centroids, types::MetricType metric,
                 float along);

  std::vector<SectionSize> Sections(const Lists& lists) const override;
  void PutTables(IndexFileWriter& file) override;
  void PutBlock(const ListRef& list, std::size_t first, const float* rows,
                std::size_t count) override;

 private:
  const std::vector<float> codebook_;
  const ProductQuantizer quantizer_;
  const std::vector<float>& centroids_;
  const bool is_l2_;
  const float along_;
  std::uint8_t* codes_ = nullptr;
  float* bias_ = nullptr;
};

}  // namespace elanus::index
