#include "index/vector/hnsw/build.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "index/vector/held_out.h"
#include "index/vector/hnsw/calibrate.h"
#include "index/vector/hnsw/duplicates.h"
#include "index/vector/hnsw/insert.h"
#include "index/vector/hnsw/layout.h"
#include "index/vector/hnsw/levels.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/parallel.h"
#include "index/vector/rounding.h"
#include "types/bitset.h"

namespace elanus::index {
namespace {

// So many rows go in one by one before several threads start: rows that go in
// at the same time do not see each other.
constexpr std::size_t kSequentialRows = 1000;
// Rows a thread takes at a time.
constexpr std::size_t kGrain = 16;
constexpr std::size_t kRowsBetweenChecks = 1024;

types::Bitset RowsBehindOthers(std::size_t rows,
                               std::span<const std::uint32_t> next_equal) {
  types::Bitset behind(rows);
  for (const std::uint32_t row : next_equal) {
    if (row != kNoRow) behind.Set(row);
  }
  return behind;
}

class Builder {
 public:
  Builder(const base::OpContext& ctx, const HnswParams& params,
          IndexFileWriter& file, const HnswGraph& graph)
      : ctx_(ctx),
        rows_(graph.rows),
        inserter_(
            graph, graph.rows,
            {.links = file.array<std::uint32_t>(Section::kLinks),
             .upper_links = file.array<std::uint32_t>(Section::kUpperLinks)},
            params.ef_construction) {}

  // Puts the rows into the graph, which already holds its entry point; in
  // their order if one thread does it.
  absl::Status Insert(std::span<const std::uint32_t> rows,
                      const BuildOptions& options) {
    const std::size_t alone = std::min(rows.size(), kSequentialRows);
    Turns first(0, alone, kGrain);
    RETURN_IF_ERROR(InsertAll(rows, first));
    Turns rest(alone, rows.size(), kGrain);
    return WorkTogether(options.executor, options.max_threads,
                        [&](std::size_t) { return InsertAll(rows, rest); });
  }

 private:
  absl::Status InsertAll(std::span<const std::uint32_t> rows, Turns& turns) {
    InsertScratch scratch(rows_);
    while (const auto turn = turns.Next()) {
      for (std::size_t i = turn->begin; i < turn->end; ++i) {
        RETURN_IF_ERROR(inserter_.Find(ctx_, rows[i], scratch));
        inserter_.Link(rows[i], scratch);
      }
      RETURN_IF_ERROR(ctx_.Check());
    }
    return absl::OkStatus();
  }

  const base::OpContext& ctx_;
  const std::size_t rows_;
  GraphInserter inserter_;
};

absl::Status CopyVectors(const base::OpContext& ctx, types::MetricType metric,
                         const VectorDataset& dataset, std::size_t stride,
                         float* to) {
  std::size_t row = 0;
  for (const VectorBlock& block : dataset.blocks) {
    const std::size_t from_stride =
        block.stride == 0 ? dataset.dim : block.stride;
    for (std::size_t i = 0; i < block.rows; ++i, ++row) {
      if (row % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
      const float* from = block.floats() + i * from_stride;
      if (metric == types::MetricType::kCosine) {
        Normalise(from, to + row * stride, dataset.dim);
      } else {
        std::memcpy(to + row * stride, from, dataset.dim * sizeof(float));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status EncodeVectors(const base::OpContext& ctx, const HnswGraph& graph,
                           const CodecRoom& room, const BuildOptions& options) {
  RETURN_IF_ERROR(TrainByteCodec(ctx, graph.vectors.data, graph.vectors.stride,
                                 graph.rows, room.middle, room.step, options));
  std::vector<float> lengths(graph.rows);
  RETURN_IF_ERROR(ForEachTogether(
      ctx, graph.rows, kRowsBetweenChecks, options.executor,
      options.max_threads, [&](std::size_t row) {
        const float* const x = graph.Vector(static_cast<std::uint32_t>(row));
        std::uint8_t* const code = room.codes.data() + row * graph.codes.stride;
        graph.codec.Encode(x, code);
        if (!room.terms.empty()) room.terms[row] = graph.codec.Term(code);
        room.errors[row] = graph.codec.ErrorOf(x, code);
        lengths[row] = RoundUp(ByteCodec::LengthOf({code, graph.dim}));
      }));
  room.errors[graph.rows] = *std::max_element(lengths.begin(), lengths.end());
  return absl::OkStatus();
}

absl::Status FillLists(const base::OpContext& ctx, const HnswGraph& graph,
                       const RowListsRoom& room, const HeldOut& held_out,
                       const BuildOptions& options) {
  if (room.rows.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(FillRowLists(ctx, graph, room, options));
  *room.reach = RowLists::Measure(graph, room, held_out);
  return absl::OkStatus();
}

// All rows that belong into the graph, but the entry point, which is in it.
struct InsertOrder {
  std::vector<std::uint32_t> first;
  // They measure the graph of the others before they go in.
  std::vector<std::uint32_t> held_out;
};

InsertOrder OrderOf(const HnswGraph& graph, const types::Bitset& behind,
                    std::uint64_t seed) {
  types::Bitset unfit = behind;
  for (std::uint32_t row = 0; row < graph.rows; ++row) {
    // The rows behind it are reached through it only.
    if (graph.NextEqual(row) != kNoRow) unfit.Set(row);
  }
  if (graph.rows > 0) unfit.Set(graph.entry);
  InsertOrder order;
  order.held_out = ChooseHeldOut(graph.rows, unfit, seed);
  types::Bitset later = behind;
  if (graph.rows > 0) later.Set(graph.entry);
  for (const std::uint32_t row : order.held_out) later.Set(row);
  later.Flip();
  later.ForEach([&order](std::size_t row) {
    order.first.push_back(static_cast<std::uint32_t>(row));
  });
  return order;
}

}  // namespace

absl::StatusOr<base::Buffer> BuildHnsw(const base::OpContext& ctx,
                                       const IndexSpec& spec,
                                       const VectorDataset& dataset,
                                       const BuildOptions& options,
                                       bool is_final) {
  ASSIGN_OR_RETURN(const std::vector<std::uint32_t> next_equal,
                   ChainDuplicates(ctx, dataset));
  std::vector<std::uint8_t> levels =
      DrawLevels(dataset.rows(), spec.hnsw.m, options.seed);
  const types::Bitset behind = RowsBehindOthers(dataset.rows(), next_equal);
  behind.ForEach([&levels](std::size_t row) { levels[row] = 0; });
  HnswShape shape = {.type = spec.type,
                     .metric = spec.metric,
                     .dim = dataset.dim,
                     .params = spec.hnsw,
                     .seed = options.seed,
                     .levels = levels,
                     .next_equal = next_equal,
                     .with_codes = dataset.rows() >= kMinMeasuredRows,
                     .is_final = is_final};
  std::optional<IndexFileWriter> file(MakeHnswFile(shape));
  HnswGraph graph = GraphIn(*file, shape);
  RETURN_IF_ERROR(CopyVectors(ctx, spec.metric, dataset, graph.vectors.stride,
                              file->array<float>(Section::kVectors)));
  InsertOrder order = OrderOf(graph, behind, options.seed);
  ASSIGN_OR_RETURN(
      const HeldOut held_out,
      FindTruth(ctx, graph, std::move(order.held_out),
                shape.has_lists() ? kReachDepths.back() : kMeasuredNeighbours,
                options));
  if (shape.with_codes) {
    RETURN_IF_ERROR(EncodeVectors(ctx, graph, CodecIn(*file, shape), options));
    // Bounds want to know the codec and the codes as they are now.
    graph = GraphIn(*file, shape);
    ASSIGN_OR_RETURN(shape.with_codes,
                     CodesServe(ctx, graph, held_out, options));
    if (!shape.with_codes) {
      // Anew, without room for them; one file at a time is held.
      file.reset();
      file.emplace(MakeHnswFile(shape));
      graph = GraphIn(*file, shape);
      RETURN_IF_ERROR(CopyVectors(ctx, spec.metric, dataset,
                                  graph.vectors.stride,
                                  file->array<float>(Section::kVectors)));
    }
  }
  RETURN_IF_ERROR(
      FillLists(ctx, graph, RowListsIn(*file, shape), held_out, options));
  // In the order of the lists.
  RETURN_IF_ERROR(FillSketches(ctx, graph, SketchesIn(*file, shape), options));
  Builder builder(ctx, spec.hnsw, *file, graph);
  RETURN_IF_ERROR(builder.Insert(order.first, options));
  ASSIGN_OR_RETURN(const std::vector<RecallPoint> curve,
                   MeasureRecall(ctx, graph, held_out, options));
  PutRecallCurve(curve, *file);
  RETURN_IF_ERROR(builder.Insert(held_out.rows, options));
  return std::move(*file).Finish();
}

}  // namespace elanus::index
