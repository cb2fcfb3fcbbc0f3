#include "index/vector/diskann/build_space.h"

#include <algorithm>
#include <cmath>

#include "index/vector/held_out.h"
#include "index/vector/hnsw/calibrate.h"
#include "index/vector/parallel.h"
#include "types/bitset.h"

namespace elanus::index {
namespace {

// Rows a thread takes at a time.
constexpr std::size_t kGrain = 1024;

template <typename Visit>
absl::Status ForEachRow(const base::OpContext& ctx, std::size_t rows,
                        const BuildOptions& options, Visit visit) {
  return ForEachTogether(ctx, rows, kGrain, options.executor,
                         options.max_threads, visit);
}

}  // namespace

BuildSpace::BuildSpace(const DatasetRows& rows, types::MetricType metric,
                       std::span<const std::uint32_t> nodes)
    : rows_(rows),
      nodes_(nodes),
      has_length_(metric == types::MetricType::kIp),
      vectors_(nodes.size() * (rows.dim() + (has_length_ ? 1 : 0)) *
               sizeof(float)) {
  graph_.dim = rows.dim() + (has_length_ ? 1 : 0);
  graph_.rows = nodes.size();
  graph_.vectors = {.data = reinterpret_cast<const float*>(vectors_.data()),
                    .stride = graph_.dim};
  graph_.stored_metric = types::MetricType::kL2;
  graph_.kernels = KernelsOf(types::MetricType::kL2);
  graph_.byte_kernel = simd::ByteKernels().rows;
}

float* BuildSpace::VectorAt(std::size_t node) {
  return reinterpret_cast<float*>(vectors_.data()) + node * graph_.dim;
}

absl::Status BuildSpace::Fill(const base::OpContext& ctx,
                              const BuildOptions& options) {
  RETURN_IF_ERROR(ForEachRow(
      ctx, graph_.rows, options,
      [this](std::size_t node) { rows_.Read(nodes_[node], VectorAt(node)); }));
  if (has_length_) RETURN_IF_ERROR(MakeEquallyLong(ctx, options));
  // Fewer are soon walked through as they are.
  if (graph_.rows < kMinMeasuredRows) return absl::OkStatus();
  return Encode(ctx, options);
}

absl::Status BuildSpace::MakeEquallyLong(const base::OpContext& ctx,
                                         const BuildOptions& options) {
  const std::size_t dim = rows_.dim();
  std::vector<double> squares(graph_.rows);
  RETURN_IF_ERROR(ForEachRow(ctx, graph_.rows, options, [&](std::size_t node) {
    const float* const vector = VectorAt(node);
    for (std::size_t i = 0; i < dim; ++i) {
      squares[node] += double{vector[i]} * double{vector[i]};
    }
  }));
  double longest = 0;
  for (const double square : squares) {
    if (std::isfinite(square)) longest = std::max(longest, square);
  }
  return ForEachRow(ctx, graph_.rows, options, [&](std::size_t node) {
    const double rest = std::max(0.0, longest - squares[node]);
    VectorAt(node)[dim] = static_cast<float>(std::sqrt(rest));
  });
}

absl::Status BuildSpace::Encode(const base::OpContext& ctx,
                                const BuildOptions& options) {
  middle_.resize(graph_.dim);
  step_.resize(graph_.dim);
  terms_.resize(graph_.rows);
  RETURN_IF_ERROR(TrainByteCodec(ctx, graph_.vectors.data,
                                 graph_.vectors.stride, graph_.rows, middle_,
                                 step_, options));
  graph_.codec = ByteCodec(types::MetricType::kL2, middle_, step_);
  codes_ = HugeBytes(graph_.rows * graph_.dim);
  auto* const codes = reinterpret_cast<std::uint8_t*>(codes_.data());
  RETURN_IF_ERROR(ForEachRow(ctx, graph_.rows, options, [&](std::size_t node) {
    std::uint8_t* const code = codes + node * graph_.dim;
    graph_.codec.Encode(VectorAt(node), code);
    terms_[node] = graph_.codec.Term(code);
  }));
  graph_.codes = {.data = codes, .stride = graph_.dim};
  graph_.code_terms = terms_.data();
  // Equal rows share a node: none is unfit to be looked for.
  ASSIGN_OR_RETURN(
      const HeldOut held_out,
      FindTruth(ctx, graph_,
                ChooseHeldOut(graph_.rows, types::Bitset(), options.seed),
                kMeasuredNeighbours, options));
  ASSIGN_OR_RETURN(const bool serve,
                   CodesServe(ctx, graph_, held_out, options));
  if (serve) return absl::OkStatus();
  graph_.codes = {};
  graph_.code_terms = nullptr;
  codes_ = HugeBytes(0);
  return absl::OkStatus();
}

}  // namespace elanus::index
