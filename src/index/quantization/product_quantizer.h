// Product quantisation: a vector is cut into m parts, and each part is named
// by the number of the nearest of 2^nbits codewords of that part.
//
//   ASSIGN_OR_RETURN(std::vector<float> codebook,
//                    ProductQuantizer::Train(ctx, shape, rows, n, 1, {}));
//   const ProductQuantizer quantizer(shape, codebook);
//   quantizer.Encode(rows, n, codes);
//   quantizer.DotTable(query, -2.0F, table);
//
// Where m does not divide dim the last part is filled up with zeros.
//
// Threads:   const methods from any thread.
// Ownership: keeps its own copy of the codebook.
// Source:    H. Jegou, M. Douze, C. Schmid, "Product quantization for nearest
//            neighbor search", IEEE TPAMI 33(1), 2011; the weighted loss from
//            R. Guo et al., "Accelerating large-scale inference with
//            anisotropic vector quantization", ICML 2020.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/quantization/packed_table.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

struct ProductShape {
  std::size_t dim = 0;
  std::size_t m = 0;      // parts
  std::size_t nbits = 8;  // 1..8

  std::size_t entries() const { return std::size_t{1} << nbits; }
  std::size_t part_dim() const { return (dim + m - 1) / m; }
  std::size_t padded_dim() const { return part_dim() * m; }
  // Floats of a codebook: part by part, codeword by codeword.
  std::size_t codebook_size() const { return padded_dim() * entries(); }
};

class ProductQuantizer {
 public:
  ProductQuantizer(const ProductShape& shape, std::span<const float> codebook);

  // `rows`: count * padded_dim values.
  static absl::StatusOr<std::vector<float>> Train(
      const base::OpContext& ctx, const ProductShape& shape, const float* rows,
      std::size_t count, std::uint64_t seed, const BuildOptions& build);

  const ProductShape& shape() const { return shape_; }
  std::size_t memory_bytes() const;

  // The nearest codewords: codes[row * m + part]. `rows`: padded.
  void Encode(const float* rows, std::size_t count, std::uint8_t* codes) const;

  // Codewords by which products with vectors near `directions` (of length 1
  // or zero, padded) stay right: an error along the direction weighs 1 +
  // `along` times as much as one across it.
  void EncodeAlong(const float* rows, const float* directions, float along,
                   std::size_t count, std::uint8_t* codes) const;

  // table[part * entries + code] = factor * <part of query, codeword>.
  // `query`: padded.
  void DotTable(const float* query, float factor, float* table) const;

 private:
  const ProductShape shape_;
  std::vector<PackedTable> nearest_;  // of each part, by L2
  std::vector<PackedTable> dots_;     // of each part, by product
};

}  // namespace elanus::index
