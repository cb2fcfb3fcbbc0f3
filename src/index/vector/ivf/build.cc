#include "index/vector/ivf/build.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "index/quantization/groups.h"
#include "index/quantization/kmeans.h"
#include "index/quantization/packed_table.h"
#include "index/vector/dataset_rows.h"
#include "index/vector/ivf/codecs.h"
#include "index/vector/ivf/effort_curve.h"
#include "index/vector/ivf/effort_meter.h"
#include "index/vector/ivf/ivf_file.h"
#include "index/vector/ivf/lists.h"
#include "index/vector/parallel.h"

namespace elanus::index {
namespace {

constexpr std::size_t kMinRowsPerList = 39;
// A centroid is the mean of so many rows of the sample: more of them move it
// by less than the rows of its list differ.
constexpr std::size_t kSamplePerList = 64;
// Quantisers train on the same sample and want more if there are few lists.
constexpr std::size_t kMinSample = 16384;
// Rows a thread takes at a time.
constexpr std::size_t kGrain = 768;

class Builder {
 public:
  Builder(const base::OpContext& ctx, const IndexSpec& spec,
          const VectorDataset& dataset, const BuildOptions& options)
      : ctx_(ctx),
        spec_(spec),
        options_(options),
        dataset_(dataset),
        rows_(dataset, spec.metric),
        dim_(dataset.dim) {}

  absl::StatusOr<base::Buffer> Run() {
    RETURN_IF_ERROR(Train());
    RETURN_IF_ERROR(AssignRows());
    return Write();
  }

 private:
  // The sample goes with it: as much memory as the file of a small segment.
  absl::Status Train() {
    list_count_ = IvfListCount(spec_, rows_.rows());
    const std::vector<float> sample =
        rows_.Sample(IvfSampleRows(spec_, rows_.rows()), options_.seed);
    const std::size_t sampled = sample.size() / dim_;
    ASSIGN_OR_RETURN(
        centroids_,
        KMeans(ctx_, {sample.data(), dim_}, sampled, dim_,
               {.clusters = list_count_,
                .is_spherical = spec_.metric == types::MetricType::kCosine,
                .seed = options_.seed},
               options_));
    table_ = PackedTable({centroids_.data(), dim_}, list_count_, dim_,
                         TableScore::kL2);
    std::vector<std::uint32_t> nearest;
    if (LearnsFromResiduals(spec_.type)) {
      nearest.resize(sampled);
      table_.Nearest({sample.data(), dim_}, sampled, nearest.data(), nullptr);
    }
    ASSIGN_OR_RETURN(encoders_, TrainEncoders(ctx_, spec_,
                                              {.sample = sample,
                                               .rows = sampled,
                                               .dim = dim_,
                                               .centroids = centroids_,
                                               .nearest = nearest},
                                              options_));
    return absl::OkStatus();
  }

  absl::Status AssignRows() {
    std::vector<std::uint32_t> nearest(rows_.rows());
    Turns turns(0, rows_.rows(), kGrain);
    const auto assign = [&](std::size_t) -> absl::Status {
      std::vector<float> tile(kGrain * dim_);
      while (const auto turn = turns.Next()) {
        RETURN_IF_ERROR(ctx_.Check());
        for (std::size_t i = 0; i < turn->count(); ++i) {
          rows_.Read(turn->begin + i, tile.data() + i * dim_);
        }
        table_.Nearest({tile.data(), dim_}, turn->count(),
                       nearest.data() + turn->begin, nullptr);
      }
      return absl::OkStatus();
    };
    RETURN_IF_ERROR(
        WorkTogether(options_.executor, options_.max_threads, assign));
    groups_ = GroupBy(nearest, list_count_);
    return absl::OkStatus();
  }

  absl::StatusOr<base::Buffer> Write() {
    const Lists lists = MakeLists(groups_.offsets, groups_.members);
    std::vector<SectionSize> sections = {
        {Section::kParams, sizeof(IvfHeader)},
        {Section::kCentroids, centroids_.size() * sizeof(float)},
        {Section::kListOffsets, groups_.offsets.size() * sizeof(std::uint32_t)},
        {Section::kListRows, groups_.members.size() * sizeof(std::uint32_t)}};
    const bool is_measured = spec_.type == IndexType::kScann;
    if (is_measured) {
      sections.push_back({Section::kRecallCurve, sizeof(EffortSection)});
    }
    for (const auto& encoder : encoders_) {
      const auto more = encoder->Sections(lists);
      sections.insert(sections.end(), more.begin(), more.end());
    }
    IndexFileWriter file({.type = spec_.type,
                          .metric = spec_.metric,
                          .dim = static_cast<std::uint32_t>(dim_),
                          .rows = rows_.rows()},
                         sections);
    const IvfHeader header = HeaderOf(spec_, list_count_, options_.seed);
    std::memcpy(file.array<std::byte>(Section::kParams), &header,
                sizeof(header));
    std::copy(centroids_.begin(), centroids_.end(),
              file.array<float>(Section::kCentroids));
    std::copy(groups_.offsets.begin(), groups_.offsets.end(),
              file.array<std::uint32_t>(Section::kListOffsets));
    std::copy(groups_.members.begin(), groups_.members.end(),
              file.array<std::uint32_t>(Section::kListRows));
    for (const auto& encoder : encoders_) encoder->PutTables(file);
    RETURN_IF_ERROR(Encode(lists));
    if (is_measured) RETURN_IF_ERROR(Measure(file));
    return std::move(file).Finish();
  }

  absl::Status Measure(IndexFileWriter& file) {
    ASSIGN_OR_RETURN(const IndexFileReader written,
                     IndexFileReader::Open({"ivf", file.Written()}, false));
    ASSIGN_OR_RETURN(const std::vector<EffortPoint> points,
                     MeasureEfforts(ctx_, written, dataset_, options_));
    PutEffortCurve(points, spec_.is_auto, file);
    return absl::OkStatus();
  }

  absl::Status Encode(const Lists& lists) {
    Turns turns(0, lists.count(), 1);
    return WorkTogether(options_.executor, options_.max_threads,
                        [&](std::size_t) -> absl::Status {
                          std::vector<float> block(kBlockRows * dim_);
                          while (const auto turn = turns.Next()) {
                            RETURN_IF_ERROR(ctx_.Check());
                            EncodeList(lists, lists.At(turn->begin, 0), block);
                          }
                          return absl::OkStatus();
                        });
  }

  void EncodeList(const Lists& lists, const ListRef& list,
                  std::vector<float>& block) {
    for (std::size_t first = 0; first < list.rows; first += kBlockRows) {
      const std::size_t count = std::min(kBlockRows, list.rows - first);
      for (std::size_t i = 0; i < count; ++i) {
        rows_.Read(lists.ids[list.begin + first + i], block.data() + i * dim_);
      }
      for (const auto& encoder : encoders_) {
        encoder->PutBlock(list, first, block.data(), count);
      }
    }
  }

  const base::OpContext& ctx_;
  const IndexSpec& spec_;
  const BuildOptions& options_;
  const VectorDataset& dataset_;
  const DatasetRows rows_;
  const std::size_t dim_;
  std::size_t list_count_ = 0;
  std::vector<float> centroids_;
  PackedTable table_;
  std::vector<std::unique_ptr<ListEncoder>> encoders_;
  Groups groups_;
};

}  // namespace

std::size_t IvfListCount(const IndexSpec& spec, std::size_t rows) {
  return std::clamp<std::size_t>(rows / kMinRowsPerList, 1, spec.ivf.nlist);
}

std::size_t IvfSampleRows(const IndexSpec& spec, std::size_t rows) {
  return std::min(
      rows, std::max(IvfListCount(spec, rows) * kSamplePerList, kMinSample));
}

absl::StatusOr<base::Buffer> BuildIvf(const base::OpContext& ctx,
                                      const IndexSpec& spec,
                                      const VectorDataset& dataset,
                                      const BuildOptions& options) {
  return Builder(ctx, spec, dataset, options).Run();
}

}  // namespace elanus::index
