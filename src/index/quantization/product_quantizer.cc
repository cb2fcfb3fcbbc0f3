#include "index/quantization/product_quantizer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "index/quantization/kmeans.h"
#include "simd/distance.h"

namespace elanus::index {
namespace {

constexpr std::size_t kRounds = 12;
// Passes over the parts until no code changes, as a rule.
constexpr int kPasses = 3;

}  // namespace

ProductQuantizer::ProductQuantizer(const ProductShape& shape,
                                   std::span<const float> codebook)
    : shape_(shape) {
  const std::size_t part_dim = shape.part_dim();
  const std::size_t entries = shape.entries();
  for (std::size_t part = 0; part < shape.m; ++part) {
    const simd::RowTable words = {codebook.data() + part * entries * part_dim,
                                  part_dim};
    nearest_.emplace_back(words, entries, part_dim, TableScore::kL2);
    dots_.emplace_back(words, entries, part_dim, TableScore::kNegDot);
  }
}

absl::StatusOr<std::vector<float>> ProductQuantizer::Train(
    const base::OpContext& ctx, const ProductShape& shape, const float* rows,
    std::size_t count, std::uint64_t seed, const BuildOptions& build) {
  std::vector<float> codebook;
  for (std::size_t part = 0; part < shape.m; ++part) {
    ASSIGN_OR_RETURN(
        const std::vector<float> words,
        KMeans(ctx, {rows + part * shape.part_dim(), shape.padded_dim()}, count,
               shape.part_dim(),
               {.clusters = shape.entries(),
                .max_rounds = kRounds,
                .seed = seed + part},
               build));
    codebook.insert(codebook.end(), words.begin(), words.end());
  }
  return codebook;
}

std::size_t ProductQuantizer::memory_bytes() const {
  std::size_t bytes = 0;
  for (const PackedTable& table : nearest_) bytes += table.memory_bytes();
  for (const PackedTable& table : dots_) bytes += table.memory_bytes();
  return bytes;
}

void ProductQuantizer::Encode(const float* rows, std::size_t count,
                              std::uint8_t* codes) const {
  std::vector<std::uint32_t> nearest(count);
  for (std::size_t part = 0; part < shape_.m; ++part) {
    nearest_[part].Nearest(
        {rows + part * shape_.part_dim(), shape_.padded_dim()}, count,
        nearest.data(), nullptr);
    for (std::size_t row = 0; row < count; ++row) {
      codes[row * shape_.m + part] = static_cast<std::uint8_t>(nearest[row]);
    }
  }
}

// The loss of a row with error e and direction x is |e|^2 + along <e, x>^2. It
// is lowered part by part, the others held.
void ProductQuantizer::EncodeAlong(const float* rows, const float* directions,
                                   float along, std::size_t count,
                                   std::uint8_t* codes) const {
  Encode(rows, count, codes);
  const std::size_t part_dim = shape_.part_dim();
  const std::size_t entries = shape_.entries();
  const std::size_t width = nearest_.front().width();
  // Of each part and word: |error|^2 less a constant, and error along x.
  std::vector<float> squares(shape_.m * width);
  std::vector<float> errors(shape_.m * width);
  for (std::size_t row = 0; row < count; ++row) {
    const float* x = directions + row * shape_.padded_dim();
    const float* r = rows + row * shape_.padded_dim();
    std::uint8_t* code = codes + row * shape_.m;
    float sum = 0;
    for (std::size_t part = 0; part < shape_.m; ++part) {
      const std::size_t at = part * part_dim;
      float* error = errors.data() + part * width;
      nearest_[part].Scores({r + at, part_dim}, 1,
                            squares.data() + part * width);
      dots_[part].Scores({x + at, part_dim}, 1, error);
      const float whole = simd::Kernels().dot(r + at, x + at, part_dim);
      for (std::size_t i = 0; i < entries; ++i) error[i] += whole;
      sum += error[code[part]];
    }
    bool is_changed = true;
    for (int pass = 0; pass < kPasses && is_changed; ++pass) {
      is_changed = false;
      for (std::size_t part = 0; part < shape_.m; ++part) {
        const float* square = squares.data() + part * width;
        const float* error = errors.data() + part * width;
        const float rest = sum - error[code[part]];
        float least = std::numeric_limits<float>::infinity();
        std::size_t best = code[part];
        for (std::size_t i = 0; i < entries; ++i) {
          const float total = rest + error[i];
          const float loss = square[i] + along * total * total;
          if (loss < least) {
            least = loss;
            best = i;
          }
        }
        is_changed |= best != code[part];
        sum = rest + error[best];
        code[part] = static_cast<std::uint8_t>(best);
      }
    }
  }
}

void ProductQuantizer::DotTable(const float* query, float factor,
                                float* table) const {
  const std::size_t entries = shape_.entries();
  const std::size_t width = dots_.front().width();
  std::vector<float> scores(width);
  for (std::size_t part = 0; part < shape_.m; ++part) {
    const std::size_t part_dim = shape_.part_dim();
    dots_[part].Scores({query + part * part_dim, part_dim}, 1, scores.data());
    for (std::size_t i = 0; i < entries; ++i) {
      table[part * entries + i] = -factor * scores[i];
    }
  }
}

}  // namespace elanus::index
