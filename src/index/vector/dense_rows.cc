#include "index/vector/dense_rows.h"

#include <utility>

namespace elanus::index {
namespace {

using types::DataType;

constexpr std::size_t kRowsBetweenChecks = 1024;

}  // namespace

bool IsDense(DataType type) {
  return type == DataType::kFloatVector || type == DataType::kFloat16Vector ||
         type == DataType::kBFloat16Vector || type == DataType::kInt8Vector;
}

simd::DecodeKernel DecoderOf(DataType type) {
  switch (type) {
    case DataType::kFloat16Vector:
      return simd::Narrow().half;
    case DataType::kBFloat16Vector:
      return simd::Narrow().bfloat;
    case DataType::kInt8Vector:
      return simd::Narrow().int8;
    default:
      return nullptr;
  }
}

std::size_t ElementBytes(DataType type) { return types::FixedWidth(type, 1); }

absl::StatusOr<FloatRows> FloatRows::Of(const base::OpContext& ctx,
                                        const VectorDataset& dataset) {
  FloatRows rows;
  rows.dim_ = dataset.dim;
  rows.blocks_.assign(dataset.blocks.begin(), dataset.blocks.end());
  const simd::DecodeKernel decode = DecoderOf(dataset.type);
  if (decode == nullptr) return rows;
  for (VectorBlock& block : rows.blocks_) {
    const std::size_t stride = block.stride == 0 ? dataset.dim : block.stride;
    const std::size_t step = stride * ElementBytes(dataset.type);
    const auto* from = static_cast<const std::byte*>(block.data);
    auto to = std::make_unique_for_overwrite<float[]>(block.rows * dataset.dim);
    for (std::size_t row = 0; row < block.rows; ++row) {
      if (row % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
      decode(from + row * step, dataset.dim, to.get() + row * dataset.dim);
    }
    block.data = to.get();
    block.stride = 0;
    rows.decoded_.push_back(std::move(to));
  }
  return rows;
}

}  // namespace elanus::index
