#include "index/vector/hnsw/product_build.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "index/quantization/residual_quantizer.h"
#include "index/vector/dataset_rows.h"
#include "index/vector/hnsw/build.h"
#include "index/vector/hnsw/layout.h"
#include "index/vector/hnsw/product_rows.h"
#include "index/vector/ivf/codecs.h"
#include "index/vector/ivf/list_codec.h"
#include "index/vector/parallel.h"
#include "simd/distance.h"

namespace elanus::index {
namespace {

// Codewords are means of so many rows: 64 for each of 256.
constexpr std::size_t kSample = 16384;
// Rows a thread takes at a time.
constexpr std::size_t kGrain = 256;

class ProductBuilder {
 public:
  ProductBuilder(const base::OpContext& ctx, const IndexSpec& spec,
                 const HnswGraph& graph, const BuildOptions& options)
      : ctx_(ctx),
        spec_(spec),
        graph_(graph),
        options_(options),
        shape_({.product = {.dim = graph.dim,
                            .m = spec.product.m,
                            .nbits = spec.product.nbits},
                .levels = spec.product.levels}),
        is_l2_(spec.metric == types::MetricType::kL2) {}

  // `plain`: the file of the graph.
  absl::StatusOr<base::Buffer> Run(const IndexFileReader& plain) {
    const std::size_t dim = graph_.dim;
    std::vector<float> sample;
    for (const std::uint32_t row :
         SampleRows(graph_.rows, kSample, options_.seed)) {
      sample.insert(sample.end(), graph_.Vector(row), graph_.Vector(row) + dim);
    }
    finer_ = MakeFiner(spec_.product.refine, sample, sample.size() / dim, dim);
    ASSIGN_OR_RETURN(const std::vector<float> codebook,
                     ResidualQuantizer::Train(ctx_, shape_, std::move(sample),
                                              options_.seed, options_));
    IndexFileWriter file = MakeFile(plain);
    PutTables(codebook, file);
    RETURN_IF_ERROR(Encode(ResidualQuantizer(shape_, codebook), file));
    return std::move(file).Finish();
  }

 private:
  IndexFileWriter MakeFile(const IndexFileReader& plain) const {
    const std::size_t rows = graph_.rows;
    std::vector<SectionSize> more = {
        {Section::kProduct, sizeof(ProductHeader)},
        {Section::kCodebook, shape_.codebook_size() * sizeof(float)},
        {Section::kProductCodes, rows * shape_.codes()},
        {Section::kProductSquares, is_l2_ ? rows * sizeof(float) : 0}};
    if (finer_ != nullptr) {
      // An encoder wants lists: all rows are one, in their order.
      std::vector<std::uint32_t> ids(rows);
      std::iota(ids.begin(), ids.end(), 0U);
      const std::uint32_t offsets[] = {0, static_cast<std::uint32_t>(rows)};
      const auto finer = finer_->Sections(MakeLists(offsets, ids));
      more.insert(more.end(), finer.begin(), finer.end());
    }
    return MakeCodedFile(plain, spec_.type, more);
  }

  void PutTables(const std::vector<float>& codebook, IndexFileWriter& file) {
    const ProductHeader header = {
        .parts = spec_.product.m,
        .levels = spec_.product.levels,
        .nbits = spec_.product.nbits,
        .refine = static_cast<std::uint32_t>(spec_.product.refine)};
    std::memcpy(file.section(Section::kProduct).data(), &header,
                sizeof(header));
    std::copy(codebook.begin(), codebook.end(),
              file.array<float>(Section::kCodebook));
    if (finer_ != nullptr) finer_->PutTables(file);
  }

  absl::Status Encode(const ResidualQuantizer& quantizer,
                      IndexFileWriter& file) {
    auto* const codes = file.array<std::uint8_t>(Section::kProductCodes);
    auto* const squares = file.array<float>(Section::kProductSquares);
    Turns turns(0, graph_.rows, kGrain);
    const auto encode = [&](std::size_t) -> absl::Status {
      std::vector<float> tile;
      while (const auto turn = turns.Next()) {
        RETURN_IF_ERROR(ctx_.Check());
        ReadRows(turn->begin, turn->count(), tile);
        if (finer_ != nullptr) PutFiner(turn->begin, turn->count(), tile);
        quantizer.Encode(tile, codes + turn->begin * shape_.codes());
        if (is_l2_) PutSquares(turn->begin, turn->count(), tile, squares);
      }
      return absl::OkStatus();
    };
    return WorkTogether(options_.executor, options_.max_threads, encode);
  }

  void ReadRows(std::size_t begin, std::size_t count,
                std::vector<float>& tile) const {
    tile.resize(count * graph_.dim);
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(graph_.Vector(static_cast<std::uint32_t>(begin + i)),
                  graph_.dim, tile.data() + i * graph_.dim);
    }
  }

  void PutFiner(std::size_t begin, std::size_t count,
                const std::vector<float>& tile) {
    for (std::size_t at = 0; at < count; at += kBlockRows) {
      finer_->PutBlock({}, begin + at, tile.data() + at * graph_.dim,
                       std::min(kBlockRows, count - at));
    }
  }

  // `left`: what the codes leave of the rows.
  void PutSquares(std::size_t begin, std::size_t count,
                  const std::vector<float>& left, float* squares) const {
    std::vector<float> coded(graph_.dim);
    for (std::size_t i = 0; i < count; ++i) {
      const float* row = graph_.Vector(static_cast<std::uint32_t>(begin + i));
      for (std::size_t d = 0; d < graph_.dim; ++d) {
        coded[d] = row[d] - left[i * graph_.dim + d];
      }
      squares[begin + i] =
          simd::Kernels().dot(coded.data(), coded.data(), graph_.dim);
    }
  }

  const base::OpContext& ctx_;
  const IndexSpec& spec_;
  const HnswGraph& graph_;
  const BuildOptions& options_;
  const ResidualShape shape_;
  const bool is_l2_;
  std::unique_ptr<ListEncoder> finer_;  // or null
};

}  // namespace

std::size_t ProductSampleRows(std::size_t rows) {
  return std::min(rows, kSample);
}

absl::StatusOr<base::Buffer> BuildHnswProduct(const base::OpContext& ctx,
                                              const IndexSpec& spec,
                                              const VectorDataset& dataset,
                                              const BuildOptions& options) {
  if (spec.product.m == 0 || spec.dim % spec.product.m != 0) {
    return base::Error(base::ErrorCode::kParameterInvalid,
                       "{} dimensions in {} parts", spec.dim, spec.product.m);
  }
  IndexSpec graph_spec = spec;
  graph_spec.type = IndexType::kHnsw;
  ASSIGN_OR_RETURN(base::Buffer bytes,
                   BuildHnsw(ctx, graph_spec, dataset, options,
                             /*is_final=*/false));
  ASSIGN_OR_RETURN(const IndexFileReader plain,
                   IndexFileReader::Open({"hnsw", std::move(bytes)}, false));
  ASSIGN_OR_RETURN(const HnswGraph graph, GraphIn(plain));
  return ProductBuilder(ctx, spec, graph, options).Run(plain);
}

}  // namespace elanus::index
