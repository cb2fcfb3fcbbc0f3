#include "index/vector/hnsw/product_rows.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "index/vector/ivf/codecs.h"
#include "simd/distance.h"

namespace elanus::index {
namespace {

constexpr std::size_t kMaxLevels = 16;
constexpr std::size_t kMaxBits = 8;

// The finest there is where rows are not ranked again.
class CodeQuery final : public RowQuery {
 public:
  CodeQuery(const ProductRows& rows, const float* query) : rows_(rows) {
    rows.Bind(query, bound_);
  }

  void Distances(const ListRef& list, std::size_t first, std::size_t count,
                 float* out) override {
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = static_cast<std::uint32_t>(list.begin + first + i);
      rows_.Distances(bound_, &row, 1, out + i);
    }
  }

  void DistancesOf(std::span<const std::uint32_t> positions,
                   float* out) override {
    rows_.Distances(bound_, positions.data(), positions.size(), out);
  }

 private:
  const ProductRows& rows_;
  ProductQuery bound_;
};

absl::StatusOr<ProductHeader> ProductHeaderIn(const IndexFileReader& file) {
  ASSIGN_OR_RETURN(
      const auto bytes,
      file.Array<std::byte>(Section::kProduct, sizeof(ProductHeader)));
  ProductHeader header{};
  std::memcpy(&header, bytes.data(), sizeof(header));
  const std::uint32_t dim = file.info().dim;
  if (header.parts == 0 || header.parts > dim || dim % header.parts != 0 ||
      header.levels == 0 || header.levels > kMaxLevels || header.nbits == 0 ||
      header.nbits > kMaxBits) {
    return base::DataLoss("{}: {} levels of {} parts of {} dimensions, {} bits",
                          file.name(), header.levels, header.parts, dim,
                          header.nbits);
  }
  return header;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProductRows>> ProductRows::Open(
    const IndexFileReader& file) {
  ASSIGN_OR_RETURN(const ProductHeader header, ProductHeaderIn(file));
  const IndexFileInfo& info = file.info();
  const ResidualShape shape = {
      .product = {.dim = info.dim, .m = header.parts, .nbits = header.nbits},
      .levels = header.levels};
  ASSIGN_OR_RETURN(
      const auto codebook,
      file.Array<float>(Section::kCodebook, shape.codebook_size()));
  auto opened = std::unique_ptr<ProductRows>(new ProductRows(
      shape, codebook, static_cast<std::size_t>(info.rows), info.metric));
  ASSIGN_OR_RETURN(opened->codes_,
                   file.Array<std::uint8_t>(Section::kProductCodes,
                                            info.rows * shape.codes()));
  ASSIGN_OR_RETURN(opened->squares_,
                   file.Array<float>(Section::kProductSquares,
                                     opened->is_l2_ ? info.rows : 0));
  ASSIGN_OR_RETURN(opened->finer_,
                   OpenFiner(file, static_cast<RefineType>(header.refine)));
  return opened;
}

std::size_t ProductRows::memory_bytes() const {
  return quantizer_.memory_bytes() +
         (finer_ == nullptr ? 0 : finer_->memory_bytes());
}

void ProductRows::Bind(const float* query, ProductQuery& bound) const {
  bound.table.resize(width_ * ResidualQuantizer::kTableEntries);
  quantizer_.DotTable(query, is_l2_ ? -2.0F : -1.0F, bound.table.data());
  bound.base = is_l2_ ? simd::Kernels().dot(query, query, dim()) : 0.0F;
}

void ProductRows::Distances(const ProductQuery& bound, const std::uint32_t* ids,
                            std::size_t count, float* out) const {
  constexpr std::size_t kEntries = ResidualQuantizer::kTableEntries;
  // Sums that do not wait for each other.
  constexpr std::size_t kSums = 4;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* const code = codes_.data() + ids[i] * width_;
    const float* table = bound.table.data();
    float sums[kSums] = {};
    std::size_t at = 0;
    for (; at + kSums <= width_; at += kSums) {
      for (std::size_t j = 0; j < kSums; ++j) {
        sums[j] += table[j * kEntries + code[at + j]];
      }
      table += kSums * kEntries;
    }
    for (; at < width_; ++at, table += kEntries) sums[0] += table[code[at]];
    const float sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    // What floats lose must not make a square negative.
    out[i] = is_l2_ ? std::max(bound.base + sum + squares_[ids[i]], 0.0F) : sum;
  }
}

std::unique_ptr<RowQuery> ProductRows::BindFinest(const float* query) const {
  if (finer_ != nullptr) return finer_->BindRows({.floats = query});
  return std::make_unique<CodeQuery>(*this, query);
}

}  // namespace elanus::index
