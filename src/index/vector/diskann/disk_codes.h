// Short codes of all nodes, the part of the index that stays in memory: a walk
// goes by them, so that it reads only the nodes it steps on.
//
//   codes.Bind(query, bound);
//   codes.Distances(bound, places, count, out);
//
// A code is a byte for each part of a product quantiser; a distance is a sum
// of as many looked up numbers. Where the parts cannot all have as many
// dimensions, some have one less, so that a budget of any number of bytes is
// used up: a byte for 3 dimensions errs several times as much as one for 2.
// Under L2 the mean square error of the codes is
// added, so that such distances compare with true ones.
//
// Threads:   const methods from any thread.
// Ownership: keeps its own copy of the codes and codewords.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/quantization/packed_table.h"
#include "index/quantization/product_quantizer.h"
#include "index/vector/huge_bytes.h"
#include "types/metric.h"

namespace elanus::index {

// How many of a row's dimensions stand in each part, which has room for
// shape.part_dim() of them.
enum class PartFill : std::uint32_t {
  kInTurn,  // each is full before the next one starts: files of old
  kEven,    // the first parts are full, the others lack one
};

// Lays a row out part by part, with zeros where a part has room left.
// `padded`: shape.padded_dim() values.
void FillParts(const float* row, const ProductShape& shape, PartFill fill,
               float* padded);

class DiskCodes {
 public:
  // A query as the codes are compared with it.
  struct Bound {
    std::vector<float> padded;
    std::vector<float> table;
    float base = 0;
  };

  // `codes`: shape.m bytes a node.
  DiskCodes(types::MetricType metric, const ProductShape& shape, PartFill fill,
            std::span<const float> codebook,
            std::span<const std::uint8_t> codes, float error);

  std::size_t memory_bytes() const;

  void Bind(const float* query, Bound& bound) const;
  void Prefetch(std::uint32_t place) const {
    const std::uint8_t* const code = codes_.data() + place * parts_;
    __builtin_prefetch(code);
    __builtin_prefetch(code + parts_ - 1);
  }
  void Distances(const Bound& bound, const std::uint32_t* places,
                 std::size_t count, float* out) const;

 private:
  const bool is_l2_;
  const ProductShape shape_;
  const PartFill fill_;
  const std::size_t parts_;
  const std::size_t part_dim_;
  const float error_;
  std::vector<PackedTable> words_;  // of each part
  HugeBytes memory_;
  std::span<const std::uint8_t> codes_;
};

}  // namespace elanus::index
