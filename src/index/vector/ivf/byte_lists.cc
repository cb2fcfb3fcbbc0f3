#include "index/vector/ivf/byte_lists.h"

#include <algorithm>
#include <cmath>

#include "index/quantization/step_ranges.h"
#include "simd/distance.h"
#include "simd/list_codes.h"

namespace elanus::index {
namespace {

constexpr std::size_t kGroup = 4;

std::size_t GroupsOf(std::size_t dim) { return (dim + kGroup - 1) / kGroup; }

std::size_t BlockBytes(std::size_t dim) {
  return GroupsOf(dim) * simd::kDotGroupBytes;
}

// Where value `d` of row `i` of a block lies in it.
std::size_t PlaceOf(std::size_t i, std::size_t d) {
  return d / kGroup * simd::kDotGroupBytes + i * kGroup + d % kGroup;
}

}  // namespace

class ByteQuery final : public RowQuery {
 public:
  ByteQuery(const ByteLists& lists, const float* query)
      : lists_(lists), query_(query), bytes_(GroupsOf(lists.dim_) * kGroup) {
    float largest = 0;
    for (std::size_t d = 0; d < lists.dim_; ++d) {
      largest = std::max(largest, std::abs(WeightOf(d)));
    }
    score_.shift =
        factor() * simd::Kernels().dot(query, lists.lowest_.data(), lists.dim_);
    if (lists.is_l2_) {
      score_.base = simd::Kernels().dot(query, query, lists.dim_);
    }
    const float scale = 127 / largest;
    if (std::isfinite(largest) && std::isfinite(scale)) {
      score_.delta = largest / 127;
      for (std::size_t d = 0; d < lists.dim_; ++d) {
        const float value = WeightOf(d) * scale;
        if (!std::isfinite(value)) continue;
        bytes_[d] =
            static_cast<std::int8_t>(value + std::copysign(0.5F, value));
      }
    }
  }

  void Distances(const ListRef& list, std::size_t first, std::size_t count,
                 float* out) override {
    const std::size_t block = list.first_block + first / kBlockRows;
    simd::ScoreOf score = score_;
    if (lists_.is_l2_) score.bias = lists_.squares_.data() + block * kBlockRows;
    simd::ChooseCodeKernels().byte_dots(
        lists_.codes_.data() + block * BlockBytes(lists_.dim_),
        BlocksFor(count), GroupsOf(lists_.dim_), bytes_.data(), score, out);
  }

  // A byte is above its weight by a known excess; a code multiplies it by at
  // most 255. Besides, floats round.
  float margin() const override {
    constexpr float kRounding = 1e-5F;
    float excess = 0;
    float size = score_.base + std::abs(score_.shift);
    for (std::size_t d = 0; d < lists_.dim_; ++d) {
      const float byte = score_.delta * static_cast<float>(bytes_[d]);
      const float weight = WeightOf(d);
      excess += 255 * std::max(byte - weight, 0.0F);
      const float low = lists_.lowest_[d];
      const float high = low + 255 * lists_.step_[d];
      size += 255 * std::abs(weight);
      if (lists_.is_l2_) size += std::max(low * low, high * high);
    }
    return excess + kRounding * size;
  }

  void Refine(std::span<const std::uint32_t> positions,
              float* distances) override {
    DistancesOf(positions, distances);
  }

  void DistancesOf(std::span<const std::uint32_t> positions,
                   float* out) override {
    std::vector<float> row(lists_.dim_);
    for (const std::uint32_t position : positions) {
      const std::size_t slot = lists_.SlotOf(position);
      const std::uint8_t* codes =
          lists_.codes_.data() + slot / kBlockRows * BlockBytes(lists_.dim_);
      for (std::size_t d = 0; d < lists_.dim_; ++d) {
        const std::uint8_t code = codes[PlaceOf(slot % kBlockRows, d)];
        row[d] = lists_.lowest_[d] + lists_.step_[d] * static_cast<float>(code);
      }
      const simd::DistanceKernels& kernels = simd::Kernels();
      *out++ = lists_.is_l2_ ? kernels.l2(query_, row.data(), lists_.dim_)
                             : -kernels.dot(query_, row.data(), lists_.dim_);
    }
  }

 private:
  float factor() const { return lists_.is_l2_ ? -2.0F : -1.0F; }
  // By which a code of dimension `d` is multiplied.
  float WeightOf(std::size_t d) const {
    return factor() * query_[d] * lists_.step_[d];
  }

  const ByteLists& lists_;
  const float* const query_;
  std::vector<std::int8_t> bytes_;
  simd::ScoreOf score_;
};

absl::StatusOr<std::unique_ptr<ByteLists>> ByteLists::Open(
    const IndexFileReader& file, const Lists& lists) {
  auto opened = std::unique_ptr<ByteLists>(new ByteLists(lists));
  opened->dim_ = file.info().dim;
  opened->is_l2_ = file.info().metric == types::MetricType::kL2;
  ASSIGN_OR_RETURN(const auto ranges,
                   file.Array<float>(Section::kCodebook, 2 * opened->dim_));
  opened->lowest_ = ranges.first(opened->dim_);
  opened->step_ = ranges.subspan(opened->dim_);
  ASSIGN_OR_RETURN(
      opened->codes_,
      file.Array<std::uint8_t>(Section::kListCodes,
                               lists.blocks() * BlockBytes(opened->dim_)));
  ASSIGN_OR_RETURN(
      opened->squares_,
      file.Array<float>(Section::kRowBias,
                        opened->is_l2_ ? lists.blocks() * kBlockRows : 0));
  return opened;
}

std::size_t ByteLists::SlotOf(std::uint32_t position) const {
  const auto after =
      std::upper_bound(lists_.offsets.begin(), lists_.offsets.end(), position);
  const auto list =
      static_cast<std::size_t>(after - lists_.offsets.begin()) - 1;
  return lists_.first_block[list] * kBlockRows + position -
         lists_.offsets[list];
}

std::unique_ptr<ListQuery> ByteLists::Bind(QueryRow query,
                                           const SearchParams&) const {
  return BindRows(query);
}

std::unique_ptr<RowQuery> ByteLists::BindRows(QueryRow query) const {
  return std::make_unique<ByteQuery>(*this, query.floats);
}

ByteEncoder::ByteEncoder(const std::vector<float>& sample, std::size_t rows,
                         std::size_t dim, types::MetricType metric)
    : dim_(dim),
      is_l2_(metric == types::MetricType::kL2),
      ranges_(StepRanges(sample, rows, dim, 255)) {}

std::vector<SectionSize> ByteEncoder::Sections(const Lists& lists) const {
  const std::size_t blocks = lists.blocks();
  return {
      {Section::kCodebook, ranges_.size() * sizeof(float)},
      {Section::kListCodes, blocks * BlockBytes(dim_)},
      {Section::kRowBias, is_l2_ ? blocks * kBlockRows * sizeof(float) : 0}};
}

void ByteEncoder::PutTables(IndexFileWriter& file) {
  std::copy(ranges_.begin(), ranges_.end(),
            file.array<float>(Section::kCodebook));
  codes_ = file.array<std::uint8_t>(Section::kListCodes);
  squares_ = file.array<float>(Section::kRowBias);
}

void ByteEncoder::PutBlock(const ListRef& list, std::size_t first,
                           const float* rows, std::size_t count) {
  const std::size_t block = list.first_block + first / kBlockRows;
  std::uint8_t* to = codes_ + block * BlockBytes(dim_);
  for (std::size_t i = 0; i < count; ++i) {
    float square = 0;
    for (std::size_t d = 0; d < dim_; ++d) {
      const float low = ranges_[d];
      const float step = ranges_[dim_ + d];
      const unsigned code = StepOf(rows[i * dim_ + d], low, step, 255);
      to[PlaceOf(i, d)] = static_cast<std::uint8_t>(code);
      const float value = low + step * static_cast<float>(code);
      square += value * value;
    }
    if (is_l2_) squares_[block * kBlockRows + i] = square;
  }
}

}  // namespace elanus::index
