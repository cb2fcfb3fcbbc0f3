#include "index/vector/hnsw/build.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "index/vector/held_out.h"
#include "index/vector/hnsw/calibrate.h"
#include "index/vector/hnsw/duplicates.h"
#include "index/vector/hnsw/insert.h"
#include "index/vector/hnsw/layout.h"
#include "index/vector/hnsw/levels.h"
#include "index/vector/hnsw/placed_rows.h"
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

// `numbers`: of each place the row that it is for; none if they lie so.
absl::Status CopyVectors(const base::OpContext& ctx, types::MetricType metric,
                         const VectorDataset& dataset,
                         std::span<const std::uint32_t> numbers,
                         std::size_t stride, float* to) {
  const std::vector<std::uint32_t> positions = PositionsOf(numbers);
  std::size_t row = 0;
  for (const VectorBlock& block : dataset.blocks) {
    const std::size_t from_stride =
        block.stride == 0 ? dataset.dim : block.stride;
    for (std::size_t i = 0; i < block.rows; ++i, ++row) {
      if (row % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
      const float* from = block.floats() + i * from_stride;
      const std::size_t at = positions.empty() ? row : positions[row];
      if (metric == types::MetricType::kCosine) {
        Normalise(from, to + at * stride, dataset.dim);
      } else {
        std::memcpy(to + at * stride, from, dataset.dim * sizeof(float));
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

// The same on every machine.
void Shuffle(std::vector<std::uint32_t>& rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::size_t left = rows.size(); left > 1; --left) {
    std::swap(rows[left - 1], rows[random() % left]);
  }
}

// All rows that belong into the graph, but the entry point, which is in it.
// They go in at random: rows that come sorted by what they are would find no
// links to what comes later, and walks would end among them.
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
  Shuffle(order.first, seed);
  return order;
}

// Builds a file step by step.
class FileBuild {
 public:
  FileBuild(const base::OpContext& ctx, const IndexSpec& spec,
            const VectorDataset& dataset, const BuildOptions& options,
            PlacedRows rows, bool is_final)
      : ctx_(ctx),
        spec_(spec),
        dataset_(dataset),
        options_(options),
        rows_(std::move(rows)),
        shape_({.type = spec.type,
                .metric = spec.metric,
                .dim = dataset.dim,
                .params = spec.hnsw,
                .seed = options.seed,
                .with_codes = dataset.rows() >= kMinMeasuredRows,
                .is_final = is_final}) {}

  absl::StatusOr<base::Buffer> Run() {
    RETURN_IF_ERROR(MakeFile());
    if (shape_.has_order()) RETURN_IF_ERROR(PutInOrder());
    InsertOrder order = OrderOf(
        graph_, RowsBehindOthers(graph_.rows, rows_.next_equal), options_.seed);
    ASSIGN_OR_RETURN(const HeldOut held_out,
                     FindTruth(ctx_, graph_, std::move(order.held_out),
                               shape_.has_lists() ? kReachDepths.back()
                                                  : kMeasuredNeighbours,
                               options_));
    if (shape_.with_codes) RETURN_IF_ERROR(Encode(held_out));
    if (const RowListsRoom room = RowListsIn(*file_, shape_);
        !room.offsets.empty()) {
      PutRowLists(graph_, near_, room);
      *room.reach = RowLists::Measure(graph_, room, held_out);
    }
    RETURN_IF_ERROR(
        FillSketches(ctx_, graph_, SketchesIn(*file_, shape_), options_));
    Builder builder(ctx_, spec_.hnsw, *file_, graph_);
    RETURN_IF_ERROR(builder.Insert(order.first, options_));
    ASSIGN_OR_RETURN(const std::vector<RecallPoint> curve,
                     MeasureRecall(ctx_, graph_, held_out, options_));
    PutRecallCurve(curve, *file_);
    RETURN_IF_ERROR(builder.Insert(held_out.rows, options_));
    return std::move(*file_).Finish();
  }

 private:
  // With the vectors, but neither codes nor links.
  absl::Status MakeFile() {
    SetRows();
    // One file at a time is held.
    file_.reset();
    file_.emplace(MakeHnswFile(shape_));
    graph_ = GraphIn(*file_, shape_);
    return CopyVectors(ctx_, spec_.metric, dataset_, rows_.numbers,
                       graph_.vectors.stride,
                       file_->array<float>(Section::kVectors));
  }

  absl::Status PutInOrder() {
    ASSIGN_OR_RETURN(near_, GroupRows(ctx_, graph_, options_));
    rows_.PutInOrder(std::move(near_.groups.members),
                     file_->array<float>(Section::kVectors),
                     graph_.vectors.stride, graph_.dim);
    SetRows();
    PutRows(shape_, *file_);
    graph_ = GraphIn(*file_, shape_);
    return absl::OkStatus();
  }

  absl::Status Encode(const HeldOut& held_out) {
    RETURN_IF_ERROR(
        EncodeVectors(ctx_, graph_, CodecIn(*file_, shape_), options_));
    // Bounds want to know the codec and the codes as they are now.
    graph_ = GraphIn(*file_, shape_);
    ASSIGN_OR_RETURN(shape_.with_codes,
                     CodesServe(ctx_, graph_, held_out, options_));
    // Anew, without room for them.
    return shape_.with_codes ? absl::OkStatus() : MakeFile();
  }

  void SetRows() {
    shape_.levels = rows_.levels;
    shape_.next_equal = rows_.next_equal;
    shape_.numbers = rows_.numbers;
  }

  const base::OpContext& ctx_;
  const IndexSpec& spec_;
  const VectorDataset& dataset_;
  const BuildOptions& options_;
  PlacedRows rows_;
  HnswShape shape_;
  std::optional<IndexFileWriter> file_;
  HnswGraph graph_;
  NearRows near_;  // its groups' members are rows_.numbers
};

}  // namespace

absl::StatusOr<base::Buffer> BuildHnsw(const base::OpContext& ctx,
                                       const IndexSpec& spec,
                                       const VectorDataset& dataset,
                                       const BuildOptions& options,
                                       bool is_final) {
  PlacedRows rows;
  ASSIGN_OR_RETURN(rows.next_equal, ChainDuplicates(ctx, dataset));
  rows.levels = DrawLevels(dataset.rows(), spec.hnsw.m, options.seed);
  RowsBehindOthers(dataset.rows(), rows.next_equal)
      .ForEach([&rows](std::size_t row) { rows.levels[row] = 0; });
  return FileBuild(ctx, spec, dataset, options, std::move(rows), is_final)
      .Run();
}

}  // namespace elanus::index
