#include "index/vector/ivf/product_lists.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "index/quantization/byte_table.h"
#include "simd/distance.h"
#include "simd/list_codes.h"

namespace elanus::index {
namespace {

constexpr std::size_t kNibbleBits = 4;
constexpr std::size_t kNibbleGroup = 4;

bool IsNibbles(const ProductShape& shape) { return shape.nbits <= kNibbleBits; }

std::size_t GroupsOf(const ProductShape& shape) {
  return IsNibbles(shape) ? (shape.m + kNibbleGroup - 1) / kNibbleGroup
                          : shape.m;
}

std::size_t BlockBytes(const ProductShape& shape) {
  return GroupsOf(shape) *
         (IsNibbles(shape) ? simd::kNibbleGroupBytes : simd::kByteGroupBytes);
}

}  // namespace

class ProductQuery final : public ListQuery {
 public:
  ProductQuery(const ProductLists& lists, const float* query) : lists_(lists) {
    const ProductShape& shape = lists.quantizer_.shape();
    std::vector<float> padded(query, query + shape.dim);
    padded.resize(shape.padded_dim());
    std::vector<float> table(shape.m * shape.entries());
    lists.quantizer_.DotTable(padded.data(), lists.is_l2_ ? -2.0F : -1.0F,
                              table.data());
    bytes_ =
        IsNibbles(shape)
            ? MakeByteTable(table, shape.m, shape.entries(), 16, kNibbleGroup)
            : MakeByteTable(table, shape.m, shape.entries(), 256, 1);
    if (lists.is_l2_) square_ = simd::Kernels().dot(query, query, shape.dim);
  }

  void Distances(const ListRef& list, std::size_t first, std::size_t count,
                 float* out) override {
    const ProductShape& shape = lists_.quantizer_.shape();
    const std::size_t block = list.first_block + first / kBlockRows;
    const simd::ScoreOf score = {
        .delta = bytes_.delta,
        .shift = bytes_.shift,
        .base = square_ + list.score,
        .bias = lists_.bias_ == nullptr ? nullptr
                                        : lists_.bias_ + block * kBlockRows};
    const simd::CodeKernels& kernels = simd::ChooseCodeKernels();
    (IsNibbles(shape) ? kernels.nibble_sums : kernels.byte_sums)(
        lists_.codes_ + block * BlockBytes(shape), BlocksFor(count),
        GroupsOf(shape), bytes_.entries.data(), score, out);
  }

 private:
  const ProductLists& lists_;
  ByteTable bytes_;
  float square_ = 0;
};

absl::StatusOr<std::unique_ptr<ProductLists>> ProductLists::Open(
    const IndexFileReader& file, const ProductShape& shape,
    const Lists& lists) {
  if (shape.m == 0 || shape.m > shape.dim || shape.nbits == 0 ||
      shape.nbits > 8) {
    return base::DataLoss("{}: {} parts of {} dimensions, {} bits", file.name(),
                          shape.m, shape.dim, shape.nbits);
  }
  const bool is_l2 = file.info().metric == types::MetricType::kL2;
  ASSIGN_OR_RETURN(
      const auto codebook,
      file.Array<float>(Section::kCodebook, shape.codebook_size()));
  ASSIGN_OR_RETURN(const auto codes, file.Array<std::uint8_t>(
                                         Section::kListCodes,
                                         lists.blocks() * BlockBytes(shape)));
  ASSIGN_OR_RETURN(const auto bias,
                   file.Array<float>(Section::kRowBias,
                                     is_l2 ? lists.blocks() * kBlockRows : 0));
  return std::unique_ptr<ProductLists>(new ProductLists(
      shape, codebook, codes.data(), is_l2 ? bias.data() : nullptr, is_l2));
}

std::unique_ptr<ListQuery> ProductLists::Bind(QueryRow query,
                                              const SearchParams&) const {
  return std::make_unique<ProductQuery>(*this, query.floats);
}

ProductEncoder::ProductEncoder(const ProductShape& shape,
                               std::vector<float> codebook,
                               const std::vector<float>& centroids,
                               types::MetricType metric, float along)
    : codebook_(std::move(codebook)),
      quantizer_(shape, codebook_),
      centroids_(centroids),
      is_l2_(metric == types::MetricType::kL2),
      along_(along) {}

std::vector<SectionSize> ProductEncoder::Sections(const Lists& lists) const {
  const std::size_t blocks = lists.blocks();
  return {
      {Section::kCodebook, codebook_.size() * sizeof(float)},
      {Section::kListCodes, blocks * BlockBytes(quantizer_.shape())},
      {Section::kRowBias, is_l2_ ? blocks * kBlockRows * sizeof(float) : 0}};
}

void ProductEncoder::PutTables(IndexFileWriter& file) {
  std::copy(codebook_.begin(), codebook_.end(),
            file.array<float>(Section::kCodebook));
  codes_ = file.array<std::uint8_t>(Section::kListCodes);
  bias_ = file.array<float>(Section::kRowBias);
}

void ProductEncoder::PutBlock(const ListRef& list, std::size_t first,
                              const float* rows, std::size_t count) {
  const ProductShape& shape = quantizer_.shape();
  const simd::DistanceKernels& kernels = simd::Kernels();
  const std::size_t padded = shape.padded_dim();
  const std::size_t block = list.first_block + first / kBlockRows;
  const float* centroid = centroids_.data() + list.list * shape.dim;
  const float centroid_square = kernels.dot(centroid, centroid, shape.dim);
  std::vector<float> residuals(count * padded);
  std::vector<float> directions(count * padded);
  for (std::size_t i = 0; i < count; ++i) {
    const float* row = rows + i * shape.dim;
    const float square = kernels.dot(row, row, shape.dim);
    const float scale = square > 0 ? 1 / std::sqrt(square) : 0.0F;
    for (std::size_t d = 0; d < shape.dim; ++d) {
      residuals[i * padded + d] = row[d] - centroid[d];
      directions[i * padded + d] = row[d] * scale;
    }
    if (is_l2_) bias_[block * kBlockRows + i] = square - centroid_square;
  }
  std::vector<std::uint8_t> codes(count * shape.m);
  if (along_ > 0) {
    quantizer_.EncodeAlong(residuals.data(), directions.data(), along_, count,
                           codes.data());
  } else {
    quantizer_.Encode(residuals.data(), count, codes.data());
  }
  std::uint8_t* to = codes_ + block * BlockBytes(shape);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t part = 0; part < shape.m; ++part) {
      const unsigned code = codes[i * shape.m + part];
      if (!IsNibbles(shape)) {
        to[part * simd::kByteGroupBytes + i] = static_cast<std::uint8_t>(code);
        continue;
      }
      std::uint8_t& both = to[part / kNibbleGroup * simd::kNibbleGroupBytes +
                              i % 16 * 4 + part % kNibbleGroup];
      both = static_cast<std::uint8_t>(both | code << (i < 16 ? 0 : 4));
    }
  }
}

}  // namespace elanus::index
