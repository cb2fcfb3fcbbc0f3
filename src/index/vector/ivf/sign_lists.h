// Lists of the signs of rotated residuals, a bit a dimension: IVF_RABITQ.
//
// With r the row less its centroid c, both rotated, and s the signs of r, the
// product <r, q - c> is estimated without bias by f <s, q - c>, where
// f = |r|^2 / <s, r>. What depends on the row alone is stored for it: f, and
// the rest as one sum, so that a distance is
//   base of query and list + bias of the row + scale of the row * <s, q>.
// The product <s, q> is a sum of table entries, one for each 4 bits.
//
// Source: J. Gao and C. Long, "RaBitQ: quantizing high-dimensional vectors
//         with a theoretical error bound for approximate nearest neighbor
//         search", SIGMOD 2024.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/quantization/rotation.h"
#include "index/vector/ivf/list_codec.h"
#include "types/metric.h"

namespace elanus::index {

class SignLists final : public ListCodec {
 public:
  static absl::StatusOr<std::unique_ptr<SignLists>> Open(
      const IndexFileReader& file, std::uint64_t seed, const Lists& lists);

  std::unique_ptr<ListQuery> Bind(QueryRow query,
                                  const SearchParams& params) const override;

 private:
  friend class SignQuery;

  SignLists(std::size_t dim, std::uint64_t seed, bool is_l2)
      : dim_(dim), rotation_(dim, seed), is_l2_(is_l2) {}

  const std::size_t dim_;
  const Rotation rotation_;
  const bool is_l2_;
  std::span<const std::uint8_t> codes_;
  std::span<const float> scale_;
  std::span<const float> bias_;
};

class SignEncoder final : public ListEncoder {
 public:
  SignEncoder(std::size_t dim, std::uint64_t seed,
              const std::vector<float>& centroids, types::MetricType metric)
      : dim_(dim),
        rotation_(dim, seed),
        centroids_(centroids),
        is_l2_(metric == types::MetricType::kL2) {}

  std::vector<SectionSize> Sections(const Lists& lists) const override;
  void PutTables(IndexFileWriter& file) override;
  void PutBlock(const ListRef& list, std::size_t first, const float* rows,
                std::size_t count) override;

 private:
  const std::size_t dim_;
  const Rotation rotation_;
  const std::vector<float>& centroids_;
  const bool is_l2_;
  std::uint8_t* codes_ = nullptr;
  float* scale_ = nullptr;
  float* bias_ = nullptr;
};

}  // namespace elanus::index
