#include "index/vector/ivf/sign_lists.h"

#include <algorithm>
#include <cmath>

#include "index/quantization/byte_table.h"
#include "simd/distance.h"
#include "simd/list_codes.h"

namespace elanus::index {
namespace {

constexpr std::size_t kBits = 4;   // dimensions of a table
constexpr std::size_t kGroup = 4;  // tables of a run

std::size_t TablesOf(std::size_t dim) { return (dim + kBits - 1) / kBits; }
std::size_t GroupsOf(std::size_t dim) {
  return (TablesOf(dim) + kGroup - 1) / kGroup;
}
std::size_t BlockBytes(std::size_t dim) {
  return GroupsOf(dim) * simd::kNibbleGroupBytes;
}

// Rounds to one of 2^bits values between the smallest and the largest.
void Coarsen(std::vector<float>& values, std::size_t bits) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const float lowest = *low;
  const float step = (*high - lowest) / static_cast<float>((1U << bits) - 1);
  if (!(step > 0)) return;
  for (float& value : values) {
    value = lowest + step * std::round((value - lowest) / step);
  }
}

}  // namespace

class SignQuery final : public ListQuery {
 public:
  SignQuery(const SignLists& lists, const float* query, std::size_t bits)
      : lists_(lists) {
    std::vector<float> rotated(query, query + lists.dim_);
    lists.rotation_.Apply(rotated.data());
    if (bits != 0) Coarsen(rotated, bits);
    float sum = 0;
    for (const float value : rotated) sum += value;
    rotated.resize(TablesOf(lists.dim_) * kBits);
    // Entry b is the sum of the values whose bits are set in b.
    std::vector<float> table(TablesOf(lists.dim_) * 16);
    for (std::size_t i = 0; i < table.size(); ++i) {
      const std::size_t code = i % 16;
      if (code == 0) continue;
      const std::size_t rest = code & (code - 1);
      const auto bit = static_cast<std::size_t>(__builtin_ctzll(code));
      table[i] = table[i - code + rest] + rotated[i / 16 * kBits + bit];
    }
    bytes_ = MakeByteTable(table, TablesOf(lists.dim_), 16, 16, kGroup);
    // <s, q> = 2 * (sum of q where s is +1) - sum of q
    score_.delta = 2 * bytes_.delta;
    score_.shift = 2 * bytes_.shift - sum;
    if (lists.is_l2_) {
      score_.base = simd::Kernels().dot(query, query, lists.dim_);
    }
  }

  void Distances(const ListRef& list, std::size_t first, std::size_t count,
                 float* out) override {
    const std::size_t block = list.first_block + first / kBlockRows;
    simd::ScoreOf score = score_;
    score.base += list.score;
    score.scale = lists_.scale_.data() + block * kBlockRows;
    score.bias = lists_.bias_.data() + block * kBlockRows;
    simd::ChooseCodeKernels().nibble_sums(
        lists_.codes_.data() + block * BlockBytes(lists_.dim_),
        BlocksFor(count), GroupsOf(lists_.dim_), bytes_.entries.data(), score,
        out);
  }

 private:
  const SignLists& lists_;
  ByteTable bytes_;
  simd::ScoreOf score_;
};

absl::StatusOr<std::unique_ptr<SignLists>> SignLists::Open(
    const IndexFileReader& file, std::uint64_t seed, const Lists& lists) {
  const std::size_t dim = file.info().dim;
  const std::size_t slots = lists.blocks() * kBlockRows;
  auto opened = std::unique_ptr<SignLists>(
      new SignLists(dim, seed, file.info().metric == types::MetricType::kL2));
  ASSIGN_OR_RETURN(opened->codes_,
                   file.Array<std::uint8_t>(Section::kListCodes,
                                            lists.blocks() * BlockBytes(dim)));
  ASSIGN_OR_RETURN(opened->scale_,
                   file.Array<float>(Section::kRowScale, slots));
  ASSIGN_OR_RETURN(opened->bias_, file.Array<float>(Section::kRowBias, slots));
  return opened;
}

std::unique_ptr<ListQuery> SignLists::Bind(QueryRow query,
                                           const SearchParams& params) const {
  return std::make_unique<SignQuery>(*this, query.floats, params.query_bits);
}

std::vector<SectionSize> SignEncoder::Sections(const Lists& lists) const {
  const std::size_t floats = lists.blocks() * kBlockRows * sizeof(float);
  return {{Section::kListCodes, lists.blocks() * BlockBytes(dim_)},
          {Section::kRowScale, floats},
          {Section::kRowBias, floats}};
}

void SignEncoder::PutTables(IndexFileWriter& file) {
  codes_ = file.array<std::uint8_t>(Section::kListCodes);
  scale_ = file.array<float>(Section::kRowScale);
  bias_ = file.array<float>(Section::kRowBias);
}

void SignEncoder::PutBlock(const ListRef& list, std::size_t first,
                           const float* rows, std::size_t count) {
  const simd::DistanceKernels& kernels = simd::Kernels();
  const std::size_t block = list.first_block + first / kBlockRows;
  std::uint8_t* to = codes_ + block * BlockBytes(dim_);
  const float* centroid = centroids_.data() + list.list * dim_;
  std::vector<float> turned(centroid, centroid + dim_);
  rotation_.Apply(turned.data());
  std::vector<float> residual(dim_);
  for (std::size_t i = 0; i < count; ++i) {
    const float* row = rows + i * dim_;
    for (std::size_t d = 0; d < dim_; ++d) residual[d] = row[d] - centroid[d];
    const float square = kernels.dot(residual.data(), residual.data(), dim_);
    const float along = kernels.dot(residual.data(), centroid, dim_);
    rotation_.Apply(residual.data());
    float sum = 0;        // <s, r>
    float of_turned = 0;  // <s, c>
    for (std::size_t d = 0; d < dim_; ++d) {
      const bool is_plus = residual[d] >= 0;
      sum += std::abs(residual[d]);
      of_turned += is_plus ? turned[d] : -turned[d];
      if (!is_plus) continue;
      const std::size_t table = d / kBits;
      std::uint8_t& both = to[table / kGroup * simd::kNibbleGroupBytes +
                              i % 16 * 4 + table % kGroup];
      both = static_cast<std::uint8_t>(both | (1U << (d % kBits))
                                                  << (i < 16 ? 0 : 4));
    }
    // <r, q> ~ f <s, q> + rest
    const float f = sum > 0 ? square / sum : 0.0F;
    const float rest = along - f * of_turned;
    const std::size_t slot = block * kBlockRows + i;
    scale_[slot] = is_l2_ ? -2 * f : -f;
    bias_[slot] = is_l2_ ? kernels.dot(row, row, dim_) -
                               kernels.dot(centroid, centroid, dim_) - 2 * rest
                         : -rest;
  }
}

}  // namespace elanus::index
