#include "index/vector/ivf/compact_rows.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "index/quantization/step_ranges.h"
#include "simd/narrow.h"

namespace elanus::index {
namespace {

std::size_t RowBytes(RefineType type, std::size_t dim) {
  if (type == RefineType::kSq8) return dim;
  if (type == RefineType::kSq6) return (dim * 6 + 7) / 8;
  return dim * 2;
}

bool HasRanges(RefineType type) {
  return type == RefineType::kSq8 || type == RefineType::kSq6;
}

// To the nearest bfloat16, ties to even.
std::uint16_t ToBf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

// What is too large for a half becomes the largest one: distances to infinity
// are all alike.
std::uint16_t ToFp16(float value) {
  constexpr float kLargest = 65504;
  value = std::clamp(value, -kLargest, kLargest);
  return std::bit_cast<std::uint16_t>(static_cast<_Float16>(value));
}

// Six bits at bit 6 * i.
unsigned SixBits(const std::uint8_t* from, std::size_t i) {
  const std::size_t bit = i * 6;
  unsigned two = from[bit / 8];
  if (bit % 8 > 2) two |= static_cast<unsigned>(from[bit / 8 + 1]) << 8;
  return two >> (bit % 8) & 63;
}

}  // namespace

class CompactQuery final : public RowQuery {
 public:
  CompactQuery(const CompactRows& rows, const float* query)
      : rows_(rows), query_(query), tile_(kTileRows * rows.dim_) {}

  void Distances(const ListRef& list, std::size_t first, std::size_t count,
                 float* out) override {
    Run(
        count, [&](std::size_t i) { return list.begin + first + i; }, out);
  }

  void DistancesOf(std::span<const std::uint32_t> positions,
                   float* out) override {
    Run(
        positions.size(), [&](std::size_t i) { return positions[i]; }, out);
  }

 private:
  static constexpr std::size_t kTileRows = 16;

  template <typename PositionOf>
  void Run(std::size_t count, PositionOf position_of, float* out) {
    for (std::size_t at = 0; at < count; at += kTileRows) {
      const std::size_t rows = std::min(kTileRows, count - at);
      for (std::size_t i = 0; i < rows; ++i) {
        rows_.Decode(position_of(at + i), tile_.data() + i * rows_.dim_);
      }
      rows_.kernels_.block({query_, rows_.dim_}, 1, {tile_.data(), rows_.dim_},
                           rows, rows_.dim_, out + at);
    }
  }

  const CompactRows& rows_;
  const float* const query_;
  std::vector<float> tile_;
};

absl::StatusOr<std::unique_ptr<CompactRows>> CompactRows::Open(
    const IndexFileReader& file, RefineType type) {
  const IndexFileInfo& info = file.info();
  auto opened = std::unique_ptr<CompactRows>(
      new CompactRows(type, info.dim, info.metric));
  ASSIGN_OR_RETURN(opened->rows_, file.Array<std::uint8_t>(
                                      Section::kFinerRows,
                                      info.rows * RowBytes(type, info.dim)));
  const std::size_t width = HasRanges(type) ? info.dim : 0;
  ASSIGN_OR_RETURN(const auto ranges,
                   file.Array<float>(Section::kFinerRanges, 2 * width));
  opened->lowest_ = ranges.first(width);
  opened->step_ = ranges.subspan(width);
  return opened;
}

void CompactRows::Decode(std::size_t position, float* to) const {
  const std::uint8_t* from = rows_.data() + position * RowBytes(type_, dim_);
  if (!HasRanges(type_)) {
    const simd::NarrowKernels& kernels = simd::Narrow();
    (type_ == RefineType::kBf16 ? kernels.bfloat : kernels.half)(from, dim_,
                                                                 to);
    return;
  }
  for (std::size_t d = 0; d < dim_; ++d) {
    const unsigned code =
        type_ == RefineType::kSq8 ? from[d] : SixBits(from, d);
    to[d] = lowest_[d] + step_[d] * static_cast<float>(code);
  }
}

std::unique_ptr<ListQuery> CompactRows::Bind(QueryRow query,
                                             const SearchParams&) const {
  return BindRows(query);
}

std::unique_ptr<RowQuery> CompactRows::BindRows(QueryRow query) const {
  return std::make_unique<CompactQuery>(*this, query.floats);
}

CompactEncoder::CompactEncoder(RefineType type,
                               const std::vector<float>& sample,
                               std::size_t rows, std::size_t dim)
    : type_(type), dim_(dim) {
  if (!HasRanges(type)) return;
  ranges_ = StepRanges(sample, rows, dim, type == RefineType::kSq8 ? 255 : 63);
}

std::vector<SectionSize> CompactEncoder::Sections(const Lists& lists) const {
  return {{Section::kFinerRows, lists.rows() * RowBytes(type_, dim_)},
          {Section::kFinerRanges, ranges_.size() * sizeof(float)}};
}

void CompactEncoder::PutTables(IndexFileWriter& file) {
  std::copy(ranges_.begin(), ranges_.end(),
            file.array<float>(Section::kFinerRanges));
  rows_ = file.array<std::uint8_t>(Section::kFinerRows);
}

void CompactEncoder::Encode(const float* row, std::uint8_t* to) const {
  const float steps = type_ == RefineType::kSq8 ? 255 : 63;
  for (std::size_t d = 0; d < dim_; ++d) {
    if (!HasRanges(type_)) {
      const std::uint16_t bits =
          type_ == RefineType::kBf16 ? ToBf16(row[d]) : ToFp16(row[d]);
      std::memcpy(to + 2 * d, &bits, sizeof(bits));
      continue;
    }
    const unsigned code = StepOf(row[d], ranges_[d], ranges_[dim_ + d], steps);
    if (type_ == RefineType::kSq8) {
      to[d] = static_cast<std::uint8_t>(code);
      continue;
    }
    const std::size_t bit = d * 6;
    const unsigned two = code << (bit % 8);
    to[bit / 8] = static_cast<std::uint8_t>(to[bit / 8] | two);
    if (bit % 8 > 2) {
      to[bit / 8 + 1] = static_cast<std::uint8_t>(two >> 8);
    }
  }
}

void CompactEncoder::PutBlock(const ListRef& list, std::size_t first,
                              const float* rows, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Encode(rows + i * dim_,
           rows_ + (list.begin + first + i) * RowBytes(type_, dim_));
  }
}

}  // namespace elanus::index
