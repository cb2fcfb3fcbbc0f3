#include "index/vector/flat/raw_flat_index.h"

#include <cstring>
#include <optional>

#include "index/vector/brute_force.h"
#include "index/vector/dense_rows.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/signature.h"

namespace elanus::index {
namespace {

constexpr std::size_t kRowsBetweenChecks = 1024;
// Of a file; with it no number of rows makes the size of all wrap around.
constexpr std::uint32_t kMaxDim = 1U << 20;

std::size_t RowBytes(types::DataType type, std::size_t dim) {
  return types::FixedWidth(type, static_cast<std::int64_t>(dim));
}

// Copies rows behind each other, with their norms.
struct RowCopy {
  types::DataType type;
  std::size_t dim;
  std::byte* to;
  float* norms;  // null: not wanted
  std::vector<float> decoded = std::vector<float>(dim);

  absl::Status Add(const base::OpContext& ctx, const VectorBlock& block) {
    const std::size_t width = RowBytes(type, dim);
    const bool is_bits = type == types::DataType::kBinaryVector;
    const std::size_t step =
        block.stride == 0 ? width
                          : block.stride * (is_bits ? 1 : ElementBytes(type));
    const auto* from = static_cast<const std::byte*>(block.data);
    for (std::size_t i = 0; i < block.rows; ++i, from += step, to += width) {
      if (i % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
      std::memcpy(to, from, width);
      if (norms == nullptr) continue;
      DecoderOf(type)(from, dim, decoded.data());
      *norms++ = InverseNorm(decoded.data(), dim);
    }
    return absl::OkStatus();
  }
};

absl::StatusOr<types::DataType> TypeIn(const IndexFileReader& file) {
  ASSIGN_OR_RETURN(const auto number,
                   file.Array<std::uint32_t>(Section::kDataType, 1));
  const auto type =
      types::DataTypeFromWire(static_cast<std::int32_t>(number.front()));
  const auto want = file.info().type == IndexType::kBinFlat
                        ? std::optional(types::DataType::kBinaryVector)
                        : type;
  // Bits fill whole bytes: a row of fewer than 8 would take no room at all.
  const bool is_raw = type == types::DataType::kBinaryVector
                          ? file.info().dim % 8 == 0
                          : type.has_value() && DecoderOf(*type) != nullptr;
  if (is_raw && type == want) return *type;
  return base::DataLoss("{}: vectors of type {}, {} dimensions", file.name(),
                        number.front(), file.info().dim);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RawFlatIndex>> RawFlatIndex::Build(
    const base::OpContext& ctx, types::MetricType metric,
    const VectorDataset& dataset) {
  const std::size_t rows = dataset.rows();
  const bool is_cosine = metric == types::MetricType::kCosine;
  const bool is_binary = dataset.type == types::DataType::kBinaryVector;
  std::vector<SectionSize> sections = {
      {Section::kDataType, sizeof(std::uint32_t)},
      {Section::kVectors, rows * RowBytes(dataset.type, dataset.dim)},
      {Section::kInverseNorms, is_cosine ? rows * sizeof(float) : 0}};
  const bool has_signatures = metric == types::MetricType::kMhJaccard;
  if (has_signatures) {
    sections.push_back({Section::kSignature, sizeof(SignatureSection)});
  }
  IndexFileWriter out(
      {.type = is_binary ? IndexType::kBinFlat : IndexType::kFlat,
       .metric = metric,
       .dim = static_cast<std::uint32_t>(dataset.dim),
       .rows = rows},
      sections);
  *out.array<std::uint32_t>(Section::kDataType) =
      static_cast<std::uint32_t>(dataset.type);
  if (has_signatures) {
    *out.array<SignatureSection>(Section::kSignature) = {
        .element_bytes = dataset.signature.element_bytes};
  }
  RowCopy copy{
      .type = dataset.type,
      .dim = dataset.dim,
      .to = out.section(Section::kVectors).data(),
      .norms = is_cosine ? out.array<float>(Section::kInverseNorms) : nullptr};
  for (const VectorBlock& block : dataset.blocks) {
    RETURN_IF_ERROR(copy.Add(ctx, block));
  }
  ASSIGN_OR_RETURN(
      IndexFileReader file,
      IndexFileReader::Open({"flat", std::move(out).Finish()}, false));
  return Open(std::move(file));
}

absl::StatusOr<std::unique_ptr<RawFlatIndex>> RawFlatIndex::Open(
    IndexFileReader file) {
  const IndexFileInfo info = file.info();
  ASSIGN_OR_RETURN(const types::DataType type, TypeIn(file));
  if (!IsMetricOf(type, info.metric) || info.dim == 0 || info.dim > kMaxDim ||
      info.rows >= kNoRow) {
    return base::DataLoss("{}: metric {}, {} rows of {} dimensions",
                          file.name(), static_cast<int>(info.metric), info.rows,
                          info.dim);
  }
  const bool is_cosine = info.metric == types::MetricType::kCosine;
  ASSIGN_OR_RETURN(const auto vectors,
                   file.Array<std::byte>(Section::kVectors,
                                         info.rows * RowBytes(type, info.dim)));
  ASSIGN_OR_RETURN(
      const auto norms,
      file.Array<float>(Section::kInverseNorms, is_cosine ? info.rows : 0));
  auto index =
      std::unique_ptr<RawFlatIndex>(new RawFlatIndex(std::move(file), type));
  index->block_ = {.data = vectors.data(),
                   .rows = static_cast<std::size_t>(info.rows),
                   .inverse_norms = is_cosine ? norms.data() : nullptr};
  if (info.metric == types::MetricType::kMhJaccard) {
    ASSIGN_OR_RETURN(const SignatureSection section, SignatureIn(index->file_));
    index->signature_ = {.element_bytes = section.element_bytes};
  }
  return index;
}

absl::Status RawFlatIndex::Search(const base::OpContext& ctx,
                                  const SearchQuery& query,
                                  const SearchOutput& out) const {
  return BruteForceSearch(ctx, dataset(), metric(), query, out);
}

absl::StatusOr<std::vector<Neighbor>> RawFlatIndex::RangeSearch(
    const base::OpContext& ctx, const RangeQuery& query) const {
  return BruteForceRangeSearch(ctx, dataset(), metric(), query);
}

absl::StatusOr<std::unique_ptr<VectorIterator>> RawFlatIndex::Iterate(
    const IterateQuery& query) const {
  return BruteForceIterate(dataset(), metric(), query);
}

absl::StatusOr<std::vector<IndexFile>> RawFlatIndex::Save() const {
  return std::vector<IndexFile>{{"flat", file_.bytes()}};
}

}  // namespace elanus::index
