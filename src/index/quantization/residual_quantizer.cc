#include "index/quantization/residual_quantizer.h"

#include <algorithm>

namespace elanus::index {
namespace {

// Passes over the levels until codes hardly change.
constexpr int kPasses = 3;

}  // namespace

ResidualQuantizer::ResidualQuantizer(const ResidualShape& shape,
                                     std::span<const float> codebook)
    : shape_(shape), codebook_(codebook.begin(), codebook.end()) {
  const std::size_t size = shape.product.codebook_size();
  for (std::size_t at = 0; at + size <= codebook.size(); at += size) {
    levels_.emplace_back(shape.product, codebook.subspan(at, size));
  }
}

absl::StatusOr<std::vector<float>> ResidualQuantizer::Train(
    const base::OpContext& ctx, const ResidualShape& shape,
    std::vector<float> rows, std::uint64_t seed, const BuildOptions& build) {
  const std::size_t count = rows.size() / shape.product.dim;
  std::vector<float> codebook;
  std::vector<std::uint8_t> codes(count * shape.product.m);
  for (std::size_t level = 0; level < shape.levels; ++level) {
    ASSIGN_OR_RETURN(
        const std::vector<float> words,
        ProductQuantizer::Train(ctx, shape.product, rows.data(), count,
                                seed + level * shape.product.m, build));
    codebook.insert(codebook.end(), words.begin(), words.end());
    if (level + 1 == shape.levels) break;
    const ResidualQuantizer last({.product = shape.product}, words);
    last.Encode(rows, codes.data());
  }
  return codebook;
}

std::size_t ResidualQuantizer::memory_bytes() const {
  std::size_t bytes = codebook_.size() * sizeof(float);
  for (const ProductQuantizer& level : levels_) bytes += level.memory_bytes();
  return bytes;
}

void ResidualQuantizer::Encode(std::span<float> rows,
                               std::uint8_t* codes) const {
  const std::size_t m = shape_.product.m;
  const std::size_t count = rows.size() / shape_.product.dim;
  std::vector<std::vector<std::uint8_t>> chosen(
      levels_.size(), std::vector<std::uint8_t>(count * m));
  // Of each level the words nearest to what all others leave: first of those
  // before it, then of all. No step makes the whole worse.
  const int passes = levels_.size() == 1 ? 1 : kPasses;
  for (int pass = 0; pass < passes; ++pass) {
    for (std::size_t level = 0; level < levels_.size(); ++level) {
      if (pass > 0) AddWords(level, chosen[level], 1.0F, rows);
      levels_[level].Encode(rows.data(), count, chosen[level].data());
      AddWords(level, chosen[level], -1.0F, rows);
    }
  }
  for (std::size_t row = 0; row < count; ++row) {
    for (const std::vector<std::uint8_t>& level : chosen) {
      codes = std::copy_n(level.data() + row * m, m, codes);
    }
  }
}

void ResidualQuantizer::AddWords(std::size_t level,
                                 const std::vector<std::uint8_t>& codes,
                                 float factor, std::span<float> rows) const {
  const ProductShape& shape = shape_.product;
  const std::size_t part_dim = shape.part_dim();
  const float* const words = codebook_.data() + level * shape.codebook_size();
  // Parts of all rows follow each other, as their codes do.
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::size_t part = i % shape.m;
    const float* const word =
        words + (part * shape.entries() + codes[i]) * part_dim;
    for (std::size_t d = 0; d < part_dim; ++d) {
      rows[i * part_dim + d] += factor * word[d];
    }
  }
}

void ResidualQuantizer::DotTable(const float* query, float factor,
                                 float* table) const {
  const std::size_t entries = shape_.product.entries();
  std::vector<float> dots(shape_.product.m * entries);
  for (const ProductQuantizer& level : levels_) {
    level.DotTable(query, factor, dots.data());
    for (std::size_t part = 0; part < shape_.product.m; ++part) {
      std::copy_n(dots.data() + part * entries, entries, table);
      table += kTableEntries;
    }
  }
}

}  // namespace elanus::index
