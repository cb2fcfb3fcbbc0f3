#include "index/vector/diskann/disk_codes.h"

#include <algorithm>
#include <cstring>

#include "simd/distance.h"

namespace elanus::index {
namespace {

constexpr std::size_t kEntries = 256;

// Four codes at once: their sums do not wait for each other.
void SumFour(const float* table, std::size_t parts,
             const std::uint8_t* const codes[4], float sums[4]) {
  float a = 0;
  float b = 0;
  float c = 0;
  float d = 0;
  for (std::size_t part = 0; part < parts; ++part, table += kEntries) {
    a += table[codes[0][part]];
    b += table[codes[1][part]];
    c += table[codes[2][part]];
    d += table[codes[3][part]];
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
}

}  // namespace

void FillParts(const float* row, const ProductShape& shape, PartFill fill,
               float* padded) {
  const std::size_t room = shape.part_dim();
  std::fill_n(padded, shape.padded_dim(), 0.0F);
  if (fill == PartFill::kInTurn) {
    std::copy_n(row, shape.dim, padded);
    return;
  }
  const std::size_t lacking = shape.padded_dim() - shape.dim;
  for (std::size_t part = 0; part < shape.m; ++part, padded += room) {
    const std::size_t count = part + lacking < shape.m ? room : room - 1;
    std::copy_n(row, count, padded);
    row += count;
  }
}

DiskCodes::DiskCodes(types::MetricType metric, const ProductShape& shape,
                     PartFill fill, std::span<const float> codebook,
                     std::span<const std::uint8_t> codes, float error)
    : is_l2_(metric == types::MetricType::kL2),
      shape_(shape),
      fill_(fill),
      parts_(shape.m),
      part_dim_(shape.part_dim()),
      error_(error),
      memory_(codes.size()) {
  for (std::size_t part = 0; part < parts_; ++part) {
    words_.emplace_back(
        simd::RowTable{codebook.data() + part * kEntries * part_dim_,
                       part_dim_},
        kEntries, part_dim_, is_l2_ ? TableScore::kL2 : TableScore::kNegDot);
  }
  if (!codes.empty()) std::memcpy(memory_.data(), codes.data(), codes.size());
  codes_ = {reinterpret_cast<const std::uint8_t*>(memory_.data()),
            codes.size()};
}

std::size_t DiskCodes::memory_bytes() const {
  std::size_t bytes = memory_.size();
  for (const PackedTable& words : words_) bytes += words.memory_bytes();
  return bytes;
}

void DiskCodes::Bind(const float* query, Bound& bound) const {
  bound.padded.resize(shape_.padded_dim());
  FillParts(query, shape_, fill_, bound.padded.data());
  bound.table.resize(parts_ * kEntries);
  for (std::size_t part = 0; part < parts_; ++part) {
    words_[part].Scores({bound.padded.data() + part * part_dim_, part_dim_}, 1,
                        bound.table.data() + part * kEntries);
  }
  bound.base =
      is_l2_ ? simd::Kernels().dot(query, query, shape_.dim) + error_ : 0.0F;
}

void DiskCodes::Distances(const Bound& bound, const std::uint32_t* places,
                          std::size_t count, float* out) const {
  for (std::size_t i = 0; i < count; i += 4) {
    const std::size_t group = std::min<std::size_t>(4, count - i);
    const std::uint8_t* codes[4];
    for (std::size_t j = 0; j < 4; ++j) {
      codes[j] = codes_.data() + places[i + std::min(j, group - 1)] * parts_;
    }
    float sums[4];
    SumFour(bound.table.data(), parts_, codes, sums);
    for (std::size_t j = 0; j < group; ++j) out[i + j] = bound.base + sums[j];
  }
}

}  // namespace elanus::index
