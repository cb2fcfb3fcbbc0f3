#include "index/vector/diskann/build.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "index/vector/dataset_rows.h"
#include "index/vector/diskann/build_space.h"
#include "index/vector/diskann/disk_file.h"
#include "index/vector/diskann/node_order.h"
#include "index/vector/diskann/vamana.h"
#include "index/vector/hnsw/duplicates.h"
#include "index/vector/parallel.h"
#include "types/bitset.h"

namespace elanus::index {
namespace {

// Codes shorter than this say too little where rows are short.
constexpr std::size_t kMinParts = 8;
// Blocks a thread writes at a time.
constexpr std::size_t kGrain = 64;

// Rows of dim values, each laid out part by part.
std::vector<float> Padded(const std::vector<float>& rows,
                          const ProductShape& shape) {
  const std::size_t count = rows.size() / shape.dim;
  std::vector<float> padded(count * shape.padded_dim());
  for (std::size_t i = 0; i < count; ++i) {
    FillParts(rows.data() + i * shape.dim, shape, PartFill::kEven,
              padded.data() + i * shape.padded_dim());
  }
  return padded;
}

class Builder {
 public:
  Builder(const base::OpContext& ctx, const IndexSpec& spec,
          const VectorDataset& dataset, const BuildOptions& options)
      : ctx_(ctx),
        spec_(spec),
        options_(options),
        dataset_(dataset),
        rows_(dataset, spec.metric),
        shape_(DiskCodeShape(spec)),
        layout_{.dim = dataset.dim, .degree = spec.disk.max_degree} {
    header_.degree = spec.disk.max_degree;
    header_.list_size = spec.disk.search_list_size;
    header_.parts = static_cast<std::uint32_t>(shape_.m);
    header_.part_fill = PartFill::kEven;
    header_.seed = options.seed;
  }

  absl::StatusOr<base::Buffer> Run() {
    ASSIGN_OR_RETURN(next_equal_, ChainDuplicates(ctx_, dataset_));
    ChooseNodes();
    header_.nodes = static_cast<std::uint32_t>(nodes_.size());
    const double raw =
        static_cast<double>(nodes_.size() * rows_.dim()) * sizeof(float);
    const auto cached =
        static_cast<std::size_t>(spec_.disk.cache_budget * raw /
                                 static_cast<double>(layout_.block_bytes()));
    header_.cached_blocks = static_cast<std::uint32_t>(
        std::min(cached, layout_.blocks(nodes_.size())));
    if (!nodes_.empty()) RETURN_IF_ERROR(BuildGraph());
    RETURN_IF_ERROR(TrainCodes());
    order_ = OrderNodes(graph_, nodes_.size(), layout_.per_block(),
                        header_.cached_blocks * layout_.per_block());
    RETURN_IF_ERROR(ctx_.Check());
    return Write();
  }

 private:
  // The rows that stand behind no equal one.
  void ChooseNodes() {
    types::Bitset is_node(rows_.rows(), true);
    for (const std::uint32_t row : next_equal_) {
      if (row != kNoRow) is_node.Clear(row);
    }
    is_node.ForEach([this](std::size_t row) {
      nodes_.push_back(static_cast<std::uint32_t>(row));
    });
  }

  absl::Status BuildGraph() {
    BuildSpace space(rows_, spec_.metric, nodes_);
    RETURN_IF_ERROR(space.Fill(ctx_, options_));
    ASSIGN_OR_RETURN(graph_,
                     BuildVamana(ctx_, space.graph(),
                                 {.degree = spec_.disk.max_degree,
                                  .list_size = spec_.disk.search_list_size},
                                 options_));
    return absl::OkStatus();
  }

  absl::Status TrainCodes() {
    const std::vector<float> sample =
        Padded(rows_.Sample(kDiskSampleRows, options_.seed), shape_);
    const std::size_t count = sample.size() / shape_.padded_dim();
    ASSIGN_OR_RETURN(codebook_,
                     ProductQuantizer::Train(ctx_, shape_, sample.data(), count,
                                             options_.seed, options_));
    quantizer_.emplace(shape_, codebook_);
    std::vector<std::uint8_t> codes(count * shape_.m);
    quantizer_->Encode(sample.data(), count, codes.data());
    const std::size_t part_dim = shape_.part_dim();
    double error = 0;
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t part = 0; part < shape_.m; ++part) {
        const std::size_t word =
            part * shape_.entries() + codes[i * shape_.m + part];
        error += double{simd::Kernels().l2(
            sample.data() + i * shape_.padded_dim() + part * part_dim,
            codebook_.data() + word * part_dim, part_dim)};
      }
    }
    const auto mean = static_cast<float>(
        error / static_cast<double>(std::max<std::size_t>(count, 1)));
    header_.code_error = std::isfinite(mean) ? mean : 0.0F;
    return absl::OkStatus();
  }

  absl::StatusOr<base::Buffer> Write() {
    place_of_.resize(nodes_.size());
    for (std::uint32_t place = 0; place < order_.size(); ++place) {
      place_of_[order_[place]] = place;
    }
    if (!nodes_.empty()) header_.entry = place_of_[graph_.entry];
    const std::size_t blocks = layout_.blocks(nodes_.size());
    const std::vector<SectionSize> sections = {
        {Section::kParams, sizeof(DiskHeader)},
        {Section::kCodebook, codebook_.size() * sizeof(float)},
        {Section::kNodeCodes, nodes_.size() * shape_.m},
        {Section::kNodeRows, nodes_.size() * sizeof(std::uint32_t)},
        {Section::kNextEqual, next_equal_.size() * sizeof(std::uint32_t)},
        {Section::kNodeBlocks, blocks * layout_.block_bytes(), kBlockSize}};
    IndexFileWriter file({.type = spec_.type,
                          .metric = spec_.metric,
                          .dim = static_cast<std::uint32_t>(rows_.dim()),
                          .rows = rows_.rows()},
                         sections);
    std::memcpy(file.array<std::byte>(Section::kParams), &header_,
                sizeof(header_));
    std::copy(codebook_.begin(), codebook_.end(),
              file.array<float>(Section::kCodebook));
    std::copy(next_equal_.begin(), next_equal_.end(),
              file.array<std::uint32_t>(Section::kNextEqual));
    Turns turns(0, blocks, kGrain);
    const auto put = [&](std::size_t) -> absl::Status {
      while (const auto turn = turns.Next()) {
        RETURN_IF_ERROR(ctx_.Check());
        PutNodes(turn->begin * layout_.per_block(),
                 std::min(turn->end * layout_.per_block(), nodes_.size()),
                 file);
        for (std::size_t block = turn->begin; block < turn->end; ++block) {
          SealBlock(file.section(Section::kNodeBlocks)
                        .subspan(block * layout_.block_bytes(),
                                 layout_.block_bytes()),
                    block);
        }
      }
      return absl::OkStatus();
    };
    RETURN_IF_ERROR(WorkTogether(options_.executor, options_.max_threads, put));
    return std::move(file).Finish();
  }

  void PutNodes(std::size_t begin, std::size_t end, IndexFileWriter& file) {
    const std::size_t padded_dim = shape_.padded_dim();
    std::vector<float> rows((end - begin) * padded_dim);
    std::vector<float> vector(layout_.dim);
    for (std::size_t place = begin; place < end; ++place) {
      const std::uint32_t row = nodes_[order_[place]];
      rows_.Read(row, vector.data());
      FillParts(vector.data(), shape_, PartFill::kEven,
                rows.data() + (place - begin) * padded_dim);
      file.array<std::uint32_t>(Section::kNodeRows)[place] = row;
      auto* const node = reinterpret_cast<std::uint32_t*>(
          file.array<std::byte>(Section::kNodeBlocks) + layout_.offset(place));
      const auto links = graph_.LinksOf(order_[place]);
      node[0] = static_cast<std::uint32_t>(links.size());
      std::memcpy(node + 1, vector.data(), layout_.dim * sizeof(float));
      for (std::size_t i = 0; i < links.size(); ++i) {
        node[1 + layout_.dim + i] = place_of_[links[i]];
      }
    }
    quantizer_->Encode(
        rows.data(), end - begin,
        file.array<std::uint8_t>(Section::kNodeCodes) + begin * shape_.m);
  }

  const base::OpContext& ctx_;
  const IndexSpec& spec_;
  const BuildOptions& options_;
  const VectorDataset& dataset_;
  const DatasetRows rows_;
  const ProductShape shape_;
  const NodeLayout layout_;
  DiskHeader header_;
  std::vector<std::uint32_t> next_equal_;  // by row
  std::vector<std::uint32_t> nodes_;       // row of each node
  VamanaGraph graph_;
  std::vector<float> codebook_;
  std::optional<ProductQuantizer> quantizer_;
  std::vector<std::uint32_t> order_;  // node of each place
  std::vector<std::uint32_t> place_of_;
};

}  // namespace

ProductShape DiskCodeShape(const IndexSpec& spec) {
  const std::size_t dim = spec.dim;
  const auto bytes = static_cast<std::size_t>(
      spec.disk.code_budget * static_cast<double>(dim * sizeof(float)));
  return {.dim = dim,
          .m = std::min(dim, std::max(bytes, std::min(dim, kMinParts))),
          .nbits = 8};
}

absl::StatusOr<base::Buffer> BuildDiskAnn(const base::OpContext& ctx,
                                          const IndexSpec& spec,
                                          const VectorDataset& dataset,
                                          const BuildOptions& options) {
  return Builder(ctx, spec, dataset, options).Run();
}

}  // namespace elanus::index
