// Vectors in 16, 8 or 6 bits a value, row after row: what ranks the rows of
// coarser lists again for less memory than float32. FP16 and BF16 are the
// usual floats; SQ8 and SQ6 cut each dimension's range into 255 or 63 steps.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/vector/ivf/list_codec.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/registry.h"
#include "types/metric.h"

namespace elanus::index {

class CompactRows final : public RowCodec {
 public:
  static absl::StatusOr<std::unique_ptr<CompactRows>> Open(
      const IndexFileReader& file, RefineType type);

  std::unique_ptr<ListQuery> Bind(QueryRow query,
                                  const SearchParams& params) const override;
  std::unique_ptr<RowQuery> BindRows(QueryRow query) const override;

 private:
  friend class CompactQuery;

  CompactRows(RefineType type, std::size_t dim, types::MetricType metric)
      : type_(type), dim_(dim), kernels_(KernelsOf(metric)) {}

  void Decode(std::size_t position, float* to) const;

  const RefineType type_;
  const std::size_t dim_;
  const MetricKernels kernels_;
  std::span<const std::uint8_t> rows_;
  std::span<const float> lowest_;  // SQ8, SQ6: of each dimension
  std::span<const float> step_;
};

class CompactEncoder final : public ListEncoder {
 public:
  // SQ8 and SQ6 take their ranges from the `rows` rows of the sample.
  CompactEncoder(RefineType type, const std::vector<float>& sample,
                 std::size_t rows, std::size_t dim);

  std::vector<SectionSize> Sections(const Lists& lists) const override;
  void PutTables(IndexFileWriter& file) override;
  void PutBlock(const ListRef& list, std::size_t first, const float* rows,
                std::size_t count) override;

 private:
  void Encode(const float* row, std::uint8_t* to) const;

  const RefineType type_;
  const std::size_t dim_;
  std::vector<float> ranges_;  // lowest of all dimensions, step of all
  std::uint8_t* rows_ = nullptr;
};

}  // namespace elanus::index
