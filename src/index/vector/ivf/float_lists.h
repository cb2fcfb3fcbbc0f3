// Lists of the vectors themselves, as float32: IVF_FLAT, and what ranks the
// rows of coarser lists again.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "index/vector/ivf/list_codec.h"
#include "index/vector/metric_kernels.h"
#include "types/metric.h"

namespace elanus::index {

class FloatLists final : public RowCodec {
 public:
  static absl::StatusOr<std::unique_ptr<FloatLists>> Open(
      const IndexFileReader& file);

  std::unique_ptr<ListQuery> Bind(QueryRow query,
                                  const SearchParams& params) const override;
  std::unique_ptr<RowQuery> BindRows(QueryRow query) const override;

  simd::RowTable vectors() const { return vectors_; }
  const MetricKernels& kernels() const { return kernels_; }

 private:
  FloatLists(simd::RowTable vectors, types::MetricType metric)
      : vectors_(vectors), kernels_(KernelsOf(metric)) {}

  const simd::RowTable vectors_;  // by position
  const MetricKernels kernels_;
};

class FloatEncoder final : public ListEncoder {
 public:
  explicit FloatEncoder(std::size_t dim) : dim_(dim) {}

  std::vector<SectionSize> Sections(const Lists& lists) const override;
  void PutTables(IndexFileWriter& file) override;
  void PutBlock(const ListRef& list, std::size_t first, const float* rows,
                std::size_t count) override;

 private:
  const std::size_t dim_;
  float* vectors_ = nullptr;
};

}  // namespace elanus::index
