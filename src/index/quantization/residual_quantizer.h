// Product-residual quantisation: what a product quantiser leaves of a vector is
// quantised by another one, level after level; the vector is about the sum of
// the words that its codes name. One level is plain product quantisation.
//
//   ASSIGN_OR_RETURN(std::vector<float> codebook,
//                    ResidualQuantizer::Train(ctx, shape, rows, 1, {}));
//   const ResidualQuantizer quantizer(shape, codebook);
//   quantizer.Encode(rows, codes);
//   quantizer.DotTable(query, -1.0F, table);
//
// Threads:   const methods from any thread.
// Ownership: keeps its own copy of the codebook.
// Source:    Y. Chen, T. Guan, C. Wang, "Approximate nearest neighbor search by
//            residual vector quantization", Sensors 10(12), 2010; the choice of
//            codes after A. Babenko and V. Lempitsky, "Additive quantization
//            for extreme vector compression", CVPR 2014.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/quantization/product_quantizer.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

struct ResidualShape {
  ProductShape product;  // of each level; m divides dim
  std::size_t levels = 1;

  // Codes of a vector, a byte each: level by level, part by part.
  std::size_t codes() const { return levels * product.m; }
  // Floats of a codebook: level by level.
  std::size_t codebook_size() const { return levels * product.codebook_size(); }
};

class ResidualQuantizer {
 public:
  // Entries of a code in a table: more than it can name if it has fewer bits.
  static constexpr std::size_t kTableEntries = 256;

  ResidualQuantizer(const ResidualShape& shape,
                    std::span<const float> codebook);

  // `rows`: dim values each.
  static absl::StatusOr<std::vector<float>> Train(const base::OpContext& ctx,
                                                  const ResidualShape& shape,
                                                  std::vector<float> rows,
                                                  std::uint64_t seed,
                                                  const BuildOptions& build);

  const ResidualShape& shape() const { return shape_; }
  std::size_t memory_bytes() const;

  // codes[row * shape().codes() + i]; `rows` gets what the codes leave of them.
  void Encode(std::span<float> rows, std::uint8_t* codes) const;

  // table[i * kTableEntries + code] = factor * <query, the word>.
  void DotTable(const float* query, float factor, float* table) const;

 private:
  // rows += factor * the words of `codes` at that level.
  void AddWords(std::size_t level, const std::vector<std::uint8_t>& codes,
                float factor, std::span<float> rows) const;

  const ResidualShape shape_;
  const std::vector<float> codebook_;
  std::vector<ProductQuantizer> levels_;
};

}  // namespace elanus::index
