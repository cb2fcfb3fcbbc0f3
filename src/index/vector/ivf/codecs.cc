#include "index/vector/ivf/codecs.h"

#include <algorithm>
#include <utility>

#include "index/vector/ivf/bit_lists.h"
#include "index/vector/ivf/byte_lists.h"
#include "index/vector/ivf/compact_rows.h"
#include "index/vector/ivf/float_codes.h"
#include "index/vector/ivf/float_lists.h"
#include "index/vector/ivf/product_lists.h"
#include "index/vector/ivf/sign_lists.h"

namespace elanus::index {
namespace {

// SCANN's threshold for the part of a neighbour's score that matters, as in
// the paper.
constexpr double kThreshold = 0.2;
constexpr std::uint32_t kScannBits = 4;

// By how much more an error along a row weighs than one across it (Guo et al.,
// theorem 3.4: the ratio of both is (dim - 1) t^2 / (1 - t^2)).
float AlongOf(std::size_t dim) {
  const double t = kThreshold * kThreshold;
  return static_cast<float>(
      std::max(0.0, static_cast<double>(dim - 1) * t / (1 - t) - 1));
}

// Residuals of the sample, each as long as the quantiser's vectors.
std::vector<float> ResidualsOf(const TrainingSet& set, std::size_t width) {
  std::vector<float> residuals(set.rows * width);
  for (std::size_t i = 0; i < set.rows; ++i) {
    const float* centroid = set.centroids.data() + set.nearest[i] * set.dim;
    for (std::size_t d = 0; d < set.dim; ++d) {
      residuals[i * width + d] = set.sample[i * set.dim + d] - centroid[d];
    }
  }
  return residuals;
}

absl::StatusOr<std::unique_ptr<ListEncoder>> TrainProduct(
    const base::OpContext& ctx, const IndexSpec& spec, const TrainingSet& set,
    const BuildOptions& options) {
  const IvfHeader header = HeaderOf(spec, 1, options.seed);
  const ProductShape shape = {
      .dim = set.dim, .m = header.m, .nbits = header.nbits};
  const std::vector<float> residuals = ResidualsOf(set, shape.padded_dim());
  ASSIGN_OR_RETURN(std::vector<float> codebook,
                   ProductQuantizer::Train(ctx, shape, residuals.data(),
                                           set.rows, options.seed, options));
  return std::make_unique<ProductEncoder>(
      shape, std::move(codebook), set.centroids, spec.metric,
      spec.type == IndexType::kScann ? AlongOf(set.dim) : 0.0F);
}

absl::StatusOr<std::unique_ptr<ListEncoder>> TrainScan(
    const base::OpContext& ctx, const IndexSpec& spec, const TrainingSet& set,
    const BuildOptions& options) {
  switch (spec.type) {
    case IndexType::kIvfSq8:
      return std::make_unique<ByteEncoder>(set.sample, set.rows, set.dim,
                                           spec.metric);
    case IndexType::kIvfPq:
    case IndexType::kScann:
      return TrainProduct(ctx, spec, set, options);
    case IndexType::kIvfRabitq:
      return std::make_unique<SignEncoder>(set.dim, options.seed, set.centroids,
                                           spec.metric);
    default:
      return std::make_unique<FloatEncoder>(set.dim);
  }
}

}  // namespace

IvfHeader HeaderOf(const IndexSpec& spec, std::size_t lists,
                   std::uint64_t seed) {
  IvfHeader header = {.lists = static_cast<std::uint32_t>(lists), .seed = seed};
  if (spec.type == IndexType::kIvfPq) {
    header.m = spec.ivf.m;
    header.nbits = spec.ivf.nbits;
  }
  if (spec.type == IndexType::kScann) {
    const auto dim = static_cast<std::uint32_t>(spec.dim);
    const std::uint32_t sub_dim = std::min(spec.ivf.sub_dim, dim);
    header.m = (dim + sub_dim - 1) / sub_dim;
    header.nbits = kScannBits;
  }
  if (spec.type == IndexType::kIvfPq || spec.type == IndexType::kScann ||
      spec.type == IndexType::kIvfRabitq) {
    header.refine = static_cast<std::uint32_t>(spec.ivf.refine);
  }
  return header;
}

absl::StatusOr<std::unique_ptr<RowCodec>> OpenFiner(const IndexFileReader& file,
                                                    RefineType type) {
  if (type == RefineType::kNone) return std::unique_ptr<RowCodec>();
  if (type == RefineType::kFp32) return FloatLists::Open(file);
  if (type > RefineType::kSq6) {
    return base::DataLoss("{}: rows are refined by type {}", file.name(),
                          static_cast<std::uint32_t>(type));
  }
  return CompactRows::Open(file, type);
}

std::unique_ptr<ListEncoder> MakeFiner(RefineType type,
                                       const std::vector<float>& sample,
                                       std::size_t rows, std::size_t dim) {
  if (type == RefineType::kNone) return nullptr;
  if (type == RefineType::kFp32) return std::make_unique<FloatEncoder>(dim);
  return std::make_unique<CompactEncoder>(type, sample, rows, dim);
}

absl::StatusOr<Codecs> OpenCodecs(const IndexFileReader& file,
                                  const IvfHeader& header, const Lists& lists) {
  Codecs codecs;
  ASSIGN_OR_RETURN(codecs.finer,
                   OpenFiner(file, static_cast<RefineType>(header.refine)));
  codecs.rows = codecs.finer.get();
  codecs.ranks_again = codecs.finer != nullptr;
  switch (file.info().type) {
    case IndexType::kIvfFlat: {
      ASSIGN_OR_RETURN(auto opened, FloatLists::Open(file));
      codecs.rows = opened.get();
      codecs.ranks_again = false;
      codecs.scan = std::move(opened);
      ASSIGN_OR_RETURN(codecs.codes, FloatCodes::Open(file, lists));
      return codecs;
    }
    case IndexType::kIvfSq8: {
      ASSIGN_OR_RETURN(auto opened, ByteLists::Open(file, lists));
      codecs.rows = opened.get();
      codecs.ranks_again = true;
      codecs.scan = std::move(opened);
      return codecs;
    }
    case IndexType::kIvfPq:
    case IndexType::kScann: {
      ASSIGN_OR_RETURN(codecs.scan, ProductLists::Open(file,
                                                       {.dim = file.info().dim,
                                                        .m = header.m,
                                                        .nbits = header.nbits},
                                                       lists));
      return codecs;
    }
    case IndexType::kBinIvfFlat: {
      ASSIGN_OR_RETURN(auto opened, BitLists::Open(file));
      codecs.rows = opened.get();
      codecs.scan = std::move(opened);
      return codecs;
    }
    case IndexType::kIvfRabitq: {
      ASSIGN_OR_RETURN(codecs.scan, SignLists::Open(file, header.seed, lists));
      return codecs;
    }
    default:
      return base::DataLoss("{}: index type {} has no lists", file.name(),
                            static_cast<int>(file.info().type));
  }
}

bool LearnsFromResiduals(IndexType type) {
  return type == IndexType::kIvfPq || type == IndexType::kScann;
}

absl::StatusOr<std::vector<std::unique_ptr<ListEncoder>>> TrainEncoders(
    const base::OpContext& ctx, const IndexSpec& spec, const TrainingSet& set,
    const BuildOptions& options) {
  std::vector<std::unique_ptr<ListEncoder>> encoders;
  ASSIGN_OR_RETURN(std::unique_ptr<ListEncoder> scan,
                   TrainScan(ctx, spec, set, options));
  encoders.push_back(std::move(scan));
  if (spec.type == IndexType::kIvfFlat) {
    encoders.push_back(
        std::make_unique<FloatCodeEncoder>(set.dim, spec.metric));
  }
  const auto refine =
      static_cast<RefineType>(HeaderOf(spec, 1, options.seed).refine);
  if (auto finer = MakeFiner(refine, set.sample, set.rows, set.dim)) {
    encoders.push_back(std::move(finer));
  }
  return encoders;
}

}  // namespace elanus::index
