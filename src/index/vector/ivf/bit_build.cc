#include "index/vector/ivf/bit_build.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "index/quantization/bit_kmeans.h"
#include "index/quantization/bit_table.h"
#include "index/quantization/groups.h"
#include "index/vector/dataset_rows.h"
#include "index/vector/ivf/build.h"
#include "index/vector/ivf/codecs.h"
#include "index/vector/ivf/ivf_file.h"
#include "index/vector/parallel.h"

namespace elanus::index {
namespace {

// Rows a thread takes at a time.
constexpr std::size_t kGrain = 4096;

// The rows of a dataset by their numbers.
class BitRows {
 public:
  explicit BitRows(const VectorDataset& dataset) : width_(dataset.dim / 8) {
    for (const VectorBlock& block : dataset.blocks) {
      first_.push_back(rows_);
      starts_.push_back(static_cast<const std::uint8_t*>(block.data));
      strides_.push_back(block.stride == 0 ? width_ : block.stride);
      rows_ += block.rows;
    }
  }

  std::size_t rows() const { return rows_; }
  const std::uint8_t* At(std::size_t row) const {
    const auto block = static_cast<std::size_t>(
        std::upper_bound(first_.begin(), first_.end(), row) - first_.begin() -
        1);
    return starts_[block] + (row - first_[block]) * strides_[block];
  }

 private:
  const std::size_t width_;
  std::size_t rows_ = 0;
  std::vector<std::size_t> first_;  // row of each block
  std::vector<const std::uint8_t*> starts_;
  std::vector<std::size_t> strides_;
};

class BitBuilder {
 public:
  BitBuilder(const base::OpContext& ctx, const IndexSpec& spec,
             const VectorDataset& dataset, const BuildOptions& options)
      : ctx_(ctx),
        spec_(spec),
        options_(options),
        rows_(dataset),
        width_(dataset.dim / 8),
        list_count_(IvfListCount(spec, rows_.rows())) {}

  absl::StatusOr<base::Buffer> Run() {
    RETURN_IF_ERROR(Train());
    RETURN_IF_ERROR(AssignRows());
    return Write();
  }

 private:
  absl::Status Train() {
    const std::vector<std::uint32_t> chosen = SampleRows(
        rows_.rows(), IvfSampleRows(spec_, rows_.rows()), options_.seed);
    std::vector<std::uint8_t> sample(chosen.size() * width_);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      std::copy_n(rows_.At(chosen[i]), width_, sample.data() + i * width_);
    }
    ASSIGN_OR_RETURN(centroids_,
                     BitKMeans(ctx_, sample.data(), chosen.size(), width_,
                               {.clusters = list_count_,
                                .metric = spec_.metric,
                                .seed = options_.seed},
                               options_));
    return absl::OkStatus();
  }

  // Calls work(row) for all rows.
  template <typename Work>
  absl::Status ForRows(Work work) {
    return ForEachTogether(ctx_, rows_.rows(), kGrain, options_.executor,
                           options_.max_threads, work);
  }

  absl::Status AssignRows() {
    const BitTable table(spec_.metric, centroids_.data(), list_count_, width_);
    std::vector<std::uint32_t> nearest(rows_.rows());
    RETURN_IF_ERROR(ForRows([&](std::size_t row) {
      nearest[row] = table.Nearest(rows_.At(row)).row;
    }));
    groups_ = GroupBy(nearest, list_count_);
    return absl::OkStatus();
  }

  absl::StatusOr<base::Buffer> Write() {
    constexpr std::size_t kLink = sizeof(std::uint32_t);
    const std::vector<SectionSize> sections = {
        {Section::kParams, sizeof(IvfHeader)},
        {Section::kCentroids, centroids_.size()},
        {Section::kListOffsets, groups_.offsets.size() * kLink},
        {Section::kListRows, groups_.members.size() * kLink},
        {Section::kVectors, rows_.rows() * width_}};
    IndexFileWriter file({.type = spec_.type,
                          .metric = spec_.metric,
                          .dim = static_cast<std::uint32_t>(spec_.dim),
                          .rows = rows_.rows()},
                         sections);
    const IvfHeader header = HeaderOf(spec_, list_count_, options_.seed);
    std::memcpy(file.array<std::byte>(Section::kParams), &header,
                sizeof(header));
    std::copy(centroids_.begin(), centroids_.end(),
              file.array<std::uint8_t>(Section::kCentroids));
    std::copy(groups_.offsets.begin(), groups_.offsets.end(),
              file.array<std::uint32_t>(Section::kListOffsets));
    std::copy(groups_.members.begin(), groups_.members.end(),
              file.array<std::uint32_t>(Section::kListRows));
    auto* const to = file.array<std::uint8_t>(Section::kVectors);
    RETURN_IF_ERROR(ForRows([&](std::size_t position) {
      std::copy_n(rows_.At(groups_.members[position]), width_,
                  to + position * width_);
    }));
    return std::move(file).Finish();
  }

  const base::OpContext& ctx_;
  const IndexSpec& spec_;
  const BuildOptions& options_;
  const BitRows rows_;
  const std::size_t width_;
  const std::size_t list_count_;
  std::vector<std::uint8_t> centroids_;
  Groups groups_;
};

}  // namespace

absl::StatusOr<base::Buffer> BuildBitIvf(const base::OpContext& ctx,
                                         const IndexSpec& spec,
                                         const VectorDataset& dataset,
                                         const BuildOptions& options) {
  if (!IsListedBits(spec.metric) || dataset.dim % 8 != 0) {
    return base::Error(base::ErrorCode::kParameterInvalid,
                       "bits of {} dimensions have no lists under {}",
                       dataset.dim, types::NameOf(spec.metric));
  }
  return BitBuilder(ctx, spec, dataset, options).Run();
}

}  // namespace elanus::index
