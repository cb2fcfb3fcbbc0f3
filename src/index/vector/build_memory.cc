#include "index/vector/build_memory.h"

#include <algorithm>
#include <optional>

#include "index/quantization/sketch_codec.h"
#include "index/vector/auto_index.h"
#include "index/vector/dense_rows.h"
#include "index/vector/diskann/build.h"
#include "index/vector/diskann/disk_nodes.h"
#include "index/vector/diskann/vamana.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/product_build.h"
#include "index/vector/hnsw/product_rows.h"
#include "index/vector/hnsw/row_lists.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/ivf/build.h"
#include "index/vector/ivf/codecs.h"
#include "index/vector/ivf/lists.h"
#include "index/vector/minhash/build.h"

namespace elanus::index {
namespace {

constexpr std::size_t kFloat = sizeof(float);
constexpr std::size_t kLink = sizeof(std::uint32_t);
// A posting in the making: row and value, both again in the file, and its share
// of dimensions and chunks.
constexpr std::size_t kPostingBytes = 24;

std::size_t SparseBytes(const VectorDataset& dataset) {
  std::size_t entries = 0;
  for (const VectorBlock& block : dataset.blocks) {
    if (block.rows == 0) continue;
    entries += (block.offsets[block.rows] - block.offsets[0]) /
               sizeof(types::SparseEntry);
  }
  return entries * kPostingBytes + dataset.rows() * kFloat;
}

// Vectors as they are and as bytes, by which a scan chooses.
std::size_t FlatRowBytes(std::size_t dim) {
  return dim * kFloat + AlignSlots(dim, 4) + 4 * kFloat;
}

std::size_t HnswRowBytes(const IndexSpec& spec, const BuildOptions& options) {
  const std::size_t m = std::max<std::size_t>(spec.hnsw.m, 2);
  const std::size_t vector = AlignSlots(spec.dim, kVectorAlignment) * kFloat +
                             AlignSlots(spec.dim, 64) + kFloat;
  const std::size_t sketch =
      spec.dim < SketchCodec::kMinDim ? 0 : SketchCodec::StrideOf(spec.dim);
  const std::size_t links = AlignSlots(2 * m, kLinkAlignment) * kLink;
  // Of m rows one stands on each next level.
  const std::size_t upper = AlignSlots(m, kLinkAlignment) * kLink / (m - 1) + 1;
  // Level, place of the upper links, next equal row; of the last two, lists
  // while the file is made. The order of insertion, a lock.
  const std::size_t lists = 2 * (1 + 2 * kLink) + kLink + 1;
  const std::size_t threads = std::max<std::size_t>(options.max_threads, 1);
  return vector + sketch + links + upper + lists +
         threads * VisitedRows::kRowBytes;
}

// The lists of a graph's rows and the order that they give: which row is in
// which, as it is found, sorted, and both ways in the file; centroids, packed,
// and their sums.
std::size_t RowListBytes(const IndexSpec& spec, std::size_t rows) {
  if (rows < kMinListedRows) return 0;
  return rows * 4 * kLink + 3 * RowListCount(rows) * spec.dim * kFloat;
}

std::size_t RefinedRowBytes(RefineType type, std::size_t dim) {
  switch (type) {
    case RefineType::kNone:
      return 0;
    case RefineType::kFp32:
      return dim * kFloat;
    case RefineType::kFp16:
    case RefineType::kBf16:
      return dim * 2;
    case RefineType::kSq8:
      return dim;
    case RefineType::kSq6:
      return (dim * 6 + 7) / 8;
  }
  return dim * kFloat;
}

// Codes and finer values of a row, and its links again: the file of the plain
// graph is there until they are written. Of the sample the rows, what codes
// leave of them, and their lists of a part at a time.
std::size_t ProductBytes(const IndexSpec& spec, std::size_t rows) {
  const std::size_t row =
      spec.product.m * spec.product.levels + kFloat +
      RefinedRowBytes(spec.product.refine, spec.dim) +
      (AlignSlots(2 * std::size_t{spec.hnsw.m}, kLinkAlignment) + 3) * kLink;
  return rows * row +
         ProductSampleRows(rows) * (2 * spec.dim * kFloat + 4 * kLink);
}

// What a row takes in the blocks of its list.
std::size_t CodeRowBytes(const IndexSpec& spec, const IvfHeader& header) {
  switch (spec.type) {
    case IndexType::kIvfFlat:
      return CodeWidth(spec.dim) + 3 * kFloat;
    case IndexType::kIvfSq8:
      return AlignSlots(spec.dim, 4) + kFloat;
    case IndexType::kIvfPq:
    case IndexType::kScann:
      return (header.nbits <= 4 ? AlignSlots(header.m, 4) / 2 : header.m) +
             kFloat;
    case IndexType::kIvfRabitq:
      return AlignSlots(spec.dim, 16) / 8 + 2 * kFloat;
    default:
      return 0;
  }
}

std::size_t IvfBytes(const IndexSpec& spec, std::size_t rows,
                     const BuildOptions& options) {
  const std::size_t row = spec.dim * kFloat;
  const std::size_t lists = IvfListCount(spec, rows);
  const IvfHeader header = HeaderOf(spec, lists, options.seed);
  // Centroids: as they are, packed, in the file; while training their sums.
  const std::size_t centroids = 4 * lists * row;
  // Quantisers of products learn from the residuals, part by part.
  const std::size_t training = IvfSampleRows(spec, rows) * row *
                               (LearnsFromResiduals(spec.type) ? 3 : 1);
  const std::size_t slots = rows + lists * (kBlockRows - 1);
  const std::size_t rows_as_they_are =
      spec.type == IndexType::kIvfFlat ? rows * row : 0;
  const std::size_t file =
      slots * CodeRowBytes(spec, header) + rows_as_they_are +
      rows *
          (RefinedRowBytes(static_cast<RefineType>(header.refine), spec.dim) +
           3 * kLink);
  // SCANN measures its recall on the file: where each row lies, and distances.
  const std::size_t measuring =
      spec.type == IndexType::kScann ? 2 * rows * kFloat : 0;
  return centroids + std::max(training, file + measuring);
}

// Rows of bits in their lists: the sample or the file, and what says which row
// is in which list.
std::size_t BitIvfBytes(const IndexSpec& spec, std::size_t rows) {
  const std::size_t row = spec.dim / 8;
  // As they are, and in the file.
  const std::size_t centroids = 2 * IvfListCount(spec, rows) * (row + kLink);
  // Nearest list, distance, place among those of its list.
  const std::size_t training = IvfSampleRows(spec, rows) * (row + 3 * kLink);
  return centroids + std::max(training, rows * (row + 3 * kLink));
}

std::size_t DiskBytes(const IndexSpec& spec, std::size_t rows,
                      const BuildOptions& options) {
  const ProductShape shape = DiskCodeShape(spec);
  const NodeLayout layout = {.dim = spec.dim, .degree = spec.disk.max_degree};
  const std::size_t threads = std::max<std::size_t>(options.max_threads, 1);
  // What the graph is built over, as it is and as bytes, with one dimension
  // more for IP, then a term; what each thread has seen.
  const std::size_t space = rows * ((spec.dim + 1) * (kFloat + 1) + kFloat +
                                    threads * VisitedRows::kRowBytes);
  // The sample, the same filled up, and what learns from it.
  const std::size_t training =
      3 * std::min(rows, kDiskSampleRows) * shape.padded_dim() * kFloat;
  // A node's row and the next equal one stand in the file.
  const std::size_t file =
      layout.blocks(rows) * layout.block_bytes() + rows * (shape.m + 2 * kLink);
  // Next equal row, row of each node, order and its inverse.
  const std::size_t lists = rows * 4 * kLink;
  return 2 * shape.codebook_size() * kFloat + lists +
         rows * VamanaRowBytes(spec.disk.max_degree) +
         std::max({space, training, file});
}

bool IsIvf(IndexType type) {
  return type == IndexType::kIvfFlat || type == IndexType::kIvfSq8 ||
         type == IndexType::kIvfPq || type == IndexType::kScann ||
         type == IndexType::kIvfRabitq;
}

}  // namespace

std::size_t BuildMemory(const IndexSpec& spec, const VectorDataset& dataset,
                        const BuildOptions& options) {
  if (dataset.type == types::DataType::kSparseFloatVector) {
    return SparseBytes(dataset);
  }
  const std::size_t rows = dataset.rows();
  if (spec.type == IndexType::kMinHashLsh) {
    return MinHashBuildBytes(spec, rows, options);
  }
  if (dataset.type == types::DataType::kBinaryVector) {
    return spec.type == IndexType::kBinIvfFlat ? BitIvfBytes(spec, rows)
                                               : rows * (spec.dim / 8);
  }
  const bool is_narrow = dataset.type != types::DataType::kFloatVector;
  if (spec.type == IndexType::kFlat) {
    return rows * (is_narrow ? spec.dim * ElementBytes(dataset.type) + kFloat
                             : FlatRowBytes(spec.dim));
  }
  // All others compute in float32.
  const std::size_t decoded = is_narrow ? rows * spec.dim * kFloat : 0;
  if (IsIvf(spec.type)) return decoded + IvfBytes(spec, rows, options);
  if (spec.type == IndexType::kDiskAnn) {
    return decoded + DiskBytes(spec, rows, options);
  }
  const std::size_t graph =
      decoded + rows * HnswRowBytes(spec, options) +
      (HasProductRows(spec.type) ? ProductBytes(spec, rows)
                                 : RowListBytes(spec, rows));
  // The graph stays until the lists are measured.
  const std::optional<IndexSpec> other = ListsInPlaceOf(spec, rows);
  return other.has_value() ? graph + IvfBytes(*other, rows, options) : graph;
}

}  // namespace elanus::index
