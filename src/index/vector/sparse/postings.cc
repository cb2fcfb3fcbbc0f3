#include "index/vector/sparse/postings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace elanus::index {
namespace {

using types::SparseEntry;
using types::SparseRows;

constexpr std::size_t kRowsBetweenChecks = 4096;

struct Header {
  std::uint32_t algorithm;
  std::uint32_t lists;
  std::uint32_t chunks;
  std::uint32_t postings;
  std::uint32_t is_positive;
  float bm25_k1;
  float bm25_b;
  float bm25_avgdl;
};
static_assert(sizeof(Header) == 32);

// Gives each entry that counts to `visit(row, entry)`.
template <typename Visit>
absl::Status ForEach(const base::OpContext& ctx, const VectorDataset& dataset,
                     Visit visit) {
  std::uint32_t row = 0;
  for (const VectorBlock& block : dataset.blocks) {
    const SparseRows rows = block.sparse();
    for (std::size_t r = 0; r < block.rows; ++r, ++row) {
      if (row % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
      for (const SparseEntry& entry : rows.Row(r)) {
        if (entry.value != 0) visit(row, entry);
      }
    }
  }
  return absl::OkStatus();
}

// What an entry adds to a score, per unit of the query's value.
class Impact {
 public:
  Impact(const IndexSpec& spec, std::size_t rows)
      : params_(spec.sparse),
        is_bm25_(spec.metric == types::MetricType::kBm25),
        lengths_(is_bm25_ ? rows : 0) {}

  absl::Status Prepare(const base::OpContext& ctx,
                       const VectorDataset& dataset) {
    if (!is_bm25_) return absl::OkStatus();
    RETURN_IF_ERROR(
        ForEach(ctx, dataset, [this](std::uint32_t row, const auto& entry) {
          lengths_[row] += entry.value;
        }));
    double sum = 0;
    for (const float length : lengths_) sum += length;
    if (params_.bm25_avgdl <= 0 && !lengths_.empty()) {
      params_.bm25_avgdl =
          static_cast<float>(sum / static_cast<double>(lengths_.size()));
    }
    return absl::OkStatus();
  }

  float Of(std::uint32_t row, const SparseEntry& entry) const {
    if (!is_bm25_) return entry.value;
    const float k1 = params_.bm25_k1;
    const float share = lengths_[row] / params_.bm25_avgdl;
    return entry.value * (k1 + 1) /
           (entry.value + k1 * (1 - params_.bm25_b + params_.bm25_b * share));
  }

  const SparseParams& params() const { return params_; }

 private:
  SparseParams params_;
  bool is_bm25_;
  std::vector<float> lengths_;
};

// The shape of the lists, counted before they are filled.
struct Shape {
  std::vector<std::uint32_t> dimensions;
  std::vector<std::uint32_t> counts;  // postings of each list
  std::uint64_t postings = 0;
  bool is_positive = true;

  std::size_t ListOf(std::uint32_t dimension) const {
    return static_cast<std::size_t>(
        std::lower_bound(dimensions.begin(), dimensions.end(), dimension) -
        dimensions.begin());
  }
};

absl::StatusOr<Shape> Count(const base::OpContext& ctx,
                            const VectorDataset& dataset) {
  Shape shape;
  std::vector<std::uint32_t> seen;
  RETURN_IF_ERROR(ForEach(ctx, dataset, [&](std::uint32_t, const auto& entry) {
    seen.push_back(entry.index);
    shape.is_positive = shape.is_positive && entry.value > 0;
  }));
  shape.postings = seen.size();
  if (shape.postings > std::numeric_limits<std::uint32_t>::max()) {
    return base::Error(base::ErrorCode::kParameterInvalid,
                       "{} values, an index of sparse rows has at most 2^32",
                       shape.postings);
  }
  std::sort(seen.begin(), seen.end());
  for (const std::uint32_t dimension : seen) {
    if (shape.dimensions.empty() || shape.dimensions.back() != dimension) {
      shape.dimensions.push_back(dimension);
      shape.counts.push_back(0);
    }
    ++shape.counts.back();
  }
  return shape;
}

struct Filled {
  std::vector<std::uint32_t> rows;  // list after list
  std::vector<float> values;
};

absl::StatusOr<Filled> Fill(const base::OpContext& ctx, const Shape& shape,
                            const VectorDataset& dataset,
                            const Impact& impact) {
  std::vector<std::uint32_t> next(shape.counts.size());
  for (std::size_t list = 1; list < next.size(); ++list) {
    next[list] = next[list - 1] + shape.counts[list - 1];
  }
  Filled filled{.rows = std::vector<std::uint32_t>(shape.postings),
                .values = std::vector<float>(shape.postings)};
  RETURN_IF_ERROR(
      ForEach(ctx, dataset, [&](std::uint32_t row, const auto& entry) {
        const std::uint32_t at = next[shape.ListOf(entry.index)]++;
        filled.rows[at] = row;
        filled.values[at] = impact.Of(row, entry);
      }));
  return filled;
}

struct Chunks {
  std::vector<std::uint32_t> list_first;
  std::vector<std::uint32_t> windows;
  std::vector<std::uint32_t> first;
  std::vector<float> largest;
};

Chunks Cut(const Shape& shape, const Filled& filled) {
  Chunks chunks;
  std::uint32_t at = 0;
  for (const std::uint32_t count : shape.counts) {
    chunks.list_first.push_back(
        static_cast<std::uint32_t>(chunks.windows.size()));
    const std::uint32_t end = at + count;
    for (std::uint32_t window = 0; at < end; ++at) {
      const auto here =
          static_cast<std::uint32_t>(filled.rows[at] / kWindowRows);
      const bool is_first = at + count == end;
      if (is_first || here != window) {
        window = here;
        chunks.windows.push_back(window);
        chunks.first.push_back(at);
        chunks.largest.push_back(filled.values[at]);
      }
      chunks.largest.back() =
          std::max(chunks.largest.back(), filled.values[at]);
    }
  }
  chunks.list_first.push_back(
      static_cast<std::uint32_t>(chunks.windows.size()));
  chunks.first.push_back(at);
  return chunks;
}

template <typename T>
void Put(IndexFileWriter& out, Section section, const std::vector<T>& values) {
  std::copy(values.begin(), values.end(), out.array<T>(section));
}

template <typename T>
SectionSize SizeOf(Section section, const std::vector<T>& values) {
  return {section, values.size() * sizeof(T)};
}

bool RisesWithin(std::span<const std::uint32_t> values, std::size_t end) {
  return !values.empty() && values.front() == 0 && values.back() == end &&
         std::is_sorted(values.begin(), values.end());
}

}  // namespace

absl::StatusOr<base::Buffer> BuildPostings(const base::OpContext& ctx,
                                           const IndexSpec& spec,
                                           const VectorDataset& dataset) {
  Impact impact(spec, dataset.rows());
  RETURN_IF_ERROR(impact.Prepare(ctx, dataset));
  ASSIGN_OR_RETURN(const Shape shape, Count(ctx, dataset));
  ASSIGN_OR_RETURN(const Filled filled, Fill(ctx, shape, dataset, impact));
  const Chunks chunks = Cut(shape, filled);
  const std::array sections = {
      SectionSize{Section::kParams, sizeof(Header)},
      SizeOf(Section::kDimensions, shape.dimensions),
      SizeOf(Section::kListChunks, chunks.list_first),
      SizeOf(Section::kChunkWindows, chunks.windows),
      SizeOf(Section::kChunkPostings, chunks.first),
      SizeOf(Section::kChunkLargest, chunks.largest),
      SectionSize{Section::kPostingRows, shape.postings * 2},
      SizeOf(Section::kPostingValues, filled.values)};
  IndexFileWriter out({.type = spec.type,
                       .metric = spec.metric,
                       .dim = 0,
                       .rows = dataset.rows()},
                      sections);
  const SparseParams& params = impact.params();
  *out.array<Header>(Section::kParams) = {
      .algorithm = static_cast<std::uint32_t>(params.algorithm),
      .lists = static_cast<std::uint32_t>(shape.dimensions.size()),
      .chunks = static_cast<std::uint32_t>(chunks.windows.size()),
      .postings = static_cast<std::uint32_t>(shape.postings),
      .is_positive = shape.is_positive ? 1U : 0U,
      .bm25_k1 = params.bm25_k1,
      .bm25_b = params.bm25_b,
      .bm25_avgdl = params.bm25_avgdl};
  Put(out, Section::kDimensions, shape.dimensions);
  Put(out, Section::kListChunks, chunks.list_first);
  Put(out, Section::kChunkWindows, chunks.windows);
  Put(out, Section::kChunkPostings, chunks.first);
  Put(out, Section::kChunkLargest, chunks.largest);
  Put(out, Section::kPostingValues, filled.values);
  std::transform(filled.rows.begin(), filled.rows.end(),
                 out.array<std::uint16_t>(Section::kPostingRows),
                 [](std::uint32_t row) {
                   return static_cast<std::uint16_t>(row % kWindowRows);
                 });
  return std::move(out).Finish();
}

absl::StatusOr<Postings> Postings::Open(const IndexFileReader& file) {
  ASSIGN_OR_RETURN(const auto headers, file.Array<Header>(Section::kParams, 1));
  const Header& header = headers.front();
  Postings postings;
  postings.rows_ = static_cast<std::size_t>(file.info().rows);
  postings.algorithm_ = static_cast<SparseAlgorithm>(header.algorithm);
  postings.is_positive_ = header.is_positive != 0;
  const auto lists = std::uint64_t{header.lists};
  const auto chunks = std::uint64_t{header.chunks};
  ASSIGN_OR_RETURN(postings.dimensions_,
                   file.Array<std::uint32_t>(Section::kDimensions, lists));
  ASSIGN_OR_RETURN(postings.list_first_,
                   file.Array<std::uint32_t>(Section::kListChunks, lists + 1));
  ASSIGN_OR_RETURN(postings.windows_,
                   file.Array<std::uint32_t>(Section::kChunkWindows, chunks));
  ASSIGN_OR_RETURN(
      postings.chunk_first_,
      file.Array<std::uint32_t>(Section::kChunkPostings, chunks + 1));
  ASSIGN_OR_RETURN(postings.largest_,
                   file.Array<float>(Section::kChunkLargest, chunks));
  ASSIGN_OR_RETURN(
      postings.in_window_,
      file.Array<std::uint16_t>(Section::kPostingRows, header.postings));
  ASSIGN_OR_RETURN(postings.values_,
                   file.Array<float>(Section::kPostingValues, header.postings));
  RETURN_IF_ERROR(postings.Check(file));
  return postings;
}

absl::Status Postings::Check(const IndexFileReader& file) const {
  if (!std::is_sorted(dimensions_.begin(), dimensions_.end()) ||
      !RisesWithin(list_first_, windows_.size()) ||
      !RisesWithin(chunk_first_, values_.size())) {
    return base::DataLoss("{}: the lists are out of order", file.name());
  }
  for (std::size_t chunk = 0; chunk < windows_.size(); ++chunk) {
    const std::uint64_t first = std::uint64_t{windows_[chunk]} * kWindowRows;
    const std::uint64_t left = first < rows_ ? rows_ - first : 0;
    for (const std::uint16_t row : At(chunk).rows) {
      if (row >= std::min<std::uint64_t>(left, kWindowRows)) {
        return base::DataLoss("{}: row {} of {} in chunk {}", file.name(),
                              first + row, rows_, chunk);
      }
    }
  }
  return absl::OkStatus();
}

std::optional<std::size_t> Postings::Find(std::uint32_t dimension) const {
  const auto found =
      std::lower_bound(dimensions_.begin(), dimensions_.end(), dimension);
  if (found == dimensions_.end() || *found != dimension) return std::nullopt;
  return static_cast<std::size_t>(found - dimensions_.begin());
}

}  // namespace elanus::index
