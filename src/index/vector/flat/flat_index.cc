#include "index/vector/flat/flat_index.h"

#include <cstring>
#include <utility>

#include "index/vector/brute_force.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/query_check.h"

namespace elanus::index {
namespace {

constexpr std::size_t kRowsBetweenChecks = 1024;

}  // namespace

absl::StatusOr<std::unique_ptr<FlatIndex>> FlatIndex::Build(
    const base::OpContext& ctx, types::MetricType metric,
    const VectorDataset& dataset) {
  RETURN_IF_ERROR(CheckFloatMetric(metric));
  const std::size_t rows = dataset.rows();
  const std::size_t dim = dataset.dim;
  const bool is_cosine = metric == types::MetricType::kCosine;
  std::vector<SectionSize> sections = CodeSections(rows, dim);
  sections.push_back({Section::kVectors, rows * dim * sizeof(float)});
  sections.push_back(
      {Section::kInverseNorms, is_cosine ? rows * sizeof(float) : 0});
  IndexFileWriter out({.type = IndexType::kFlat,
                       .metric = metric,
                       .dim = static_cast<std::uint32_t>(dim),
                       .rows = rows},
                      sections);
  float* to = out.array<float>(Section::kVectors);
  float* norms = out.array<float>(Section::kInverseNorms);
  std::size_t row = 0;
  for (const VectorBlock& block : dataset.blocks) {
    const std::size_t stride = block.stride == 0 ? dim : block.stride;
    for (std::size_t i = 0; i < block.rows; ++i, ++row) {
      if (row % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
      const float* from = block.floats() + i * stride;
      std::memcpy(to + row * dim, from, dim * sizeof(float));
      if (is_cosine) norms[row] = InverseNorm(from, dim);
    }
  }
  RETURN_IF_ERROR(EncodeRows(ctx,
                             {.data = to,
                              .rows = rows,
                              .dim = dim,
                              .inverse_norms = is_cosine ? norms : nullptr},
                             metric, out));
  ASSIGN_OR_RETURN(
      IndexFileReader file,
      IndexFileReader::Open({"flat", std::move(out).Finish()}, false));
  return Open(std::move(file));
}

absl::StatusOr<std::unique_ptr<FlatIndex>> FlatIndex::Open(
    IndexFileReader file) {
  const IndexFileInfo info = file.info();
  if (!CheckFloatMetric(info.metric).ok() || info.dim == 0 ||
      info.rows >= kNoRow) {
    return base::DataLoss("{}: metric {}, {} rows of {} dimensions",
                          file.name(), static_cast<int>(info.metric), info.rows,
                          info.dim);
  }
  const bool is_cosine = info.metric == types::MetricType::kCosine;
  ASSIGN_OR_RETURN(const auto vectors,
                   file.Array<float>(Section::kVectors, info.rows * info.dim));
  ASSIGN_OR_RETURN(
      const auto norms,
      file.Array<float>(Section::kInverseNorms, is_cosine ? info.rows : 0));
  ASSIGN_OR_RETURN(const simd::CodeTable codes, OpenCodes(file, info.rows));
  auto index = std::unique_ptr<FlatIndex>(new FlatIndex(std::move(file)));
  index->block_ = {.data = vectors.data(),
                   .rows = static_cast<std::size_t>(info.rows),
                   .inverse_norms = is_cosine ? norms.data() : nullptr};
  index->codes_ = codes;
  return index;
}

absl::Status FlatIndex::Search(const base::OpContext& ctx,
                               const SearchQuery& query,
                               const SearchOutput& out) const {
  if (codes_.width != 0 && simd::CodeScan() != nullptr) {
    RETURN_IF_ERROR(CheckSearch(query, out, dim()));
    std::vector<float> storage;
    const auto bound =
        BindQueries(metric(), query.queries.floats(), dim(), storage);
    ASSIGN_OR_RETURN(
        const bool is_answered,
        SearchCodes(ctx, rows(), metric(), codes_, bound, query, out));
    if (is_answered) return absl::OkStatus();
  }
  return BruteForceSearch(ctx, dataset(), metric(), query, out);
}

absl::StatusOr<std::vector<Neighbor>> FlatIndex::RangeSearch(
    const base::OpContext& ctx, const RangeQuery& query) const {
  return BruteForceRangeSearch(ctx, dataset(), metric(), query);
}

absl::StatusOr<std::unique_ptr<VectorIterator>> FlatIndex::Iterate(
    const IterateQuery& query) const {
  return BruteForceIterate(dataset(), metric(), query);
}

absl::StatusOr<std::vector<IndexFile>> FlatIndex::Save() const {
  return std::vector<IndexFile>{{"flat", file_.bytes()}};
}

}  // namespace elanus::index
