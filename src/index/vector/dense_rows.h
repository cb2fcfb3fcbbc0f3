// Rows of float16, bfloat16 and int8 as float32, for what computes in float32
// alone.
//
//   ASSIGN_OR_RETURN(const FloatRows rows, FloatRows::Of(ctx, dataset));
//   Build(rows.dataset());
//
// Threads:   none.
// Ownership: FloatRows owns the decoded rows, or borrows rows that are float32
//            already.
// Errors:    of the context.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/vector_index.h"
#include "simd/narrow.h"
#include "types/data_type.h"

namespace elanus::index {

// FloatVector, Float16Vector, BFloat16Vector, Int8Vector.
bool IsDense(types::DataType type);

// Null for FloatVector, which needs none. `type` is dense.
simd::DecodeKernel DecoderOf(types::DataType type);

// Bytes of one element of a dense type.
std::size_t ElementBytes(types::DataType type);

class FloatRows {
 public:
  // `dataset` is dense.
  static absl::StatusOr<FloatRows> Of(const base::OpContext& ctx,
                                      const VectorDataset& dataset);

  VectorDataset dataset() const { return {.blocks = blocks_, .dim = dim_}; }

 private:
  FloatRows() = default;

  std::size_t dim_ = 0;
  std::vector<VectorBlock> blocks_;
  std::vector<std::unique_ptr<float[]>> decoded_;
};

}  // namespace elanus::index
