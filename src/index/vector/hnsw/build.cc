#include "index/vector/hnsw/build.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "index/vector/held_out.h"
#include "index/vector/hnsw/calibrate.h"
#include "index/vector/hnsw/duplicates.h"
#include "index/vector/hnsw/layout.h"
#include "index/vector/hnsw/walk.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/parallel.h"
#include "index/vector/rounding.h"
#include "index/vector/spin_lock.h"
#include "types/bitset.h"

namespace elanus::index {
namespace {

// So many rows go in one by one before several threads start: rows that go in
// at the same time do not see each other.
constexpr std::size_t kSequentialRows = 1000;
// Rows a thread takes at a time.
constexpr std::size_t kGrain = 16;
constexpr std::size_t kRowsBetweenChecks = 1024;

std::vector<std::uint8_t> DrawLevels(std::size_t rows, std::uint32_t m,
                                     std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const double scale = 1.0 / std::log(static_cast<double>(m));
  std::vector<std::uint8_t> levels(rows);
  for (std::uint8_t& level : levels) {
    // In (0, 1], the same on every machine.
    const double uniform =
        std::ldexp(static_cast<double>((random() >> 11) + 1), -53);
    const double drawn = std::floor(-std::log(uniform) * scale);
    level = static_cast<std::uint8_t>(
        std::min(drawn, static_cast<double>(kMaxHnswLevel)));
  }
  return levels;
}

types::Bitset RowsBehindOthers(std::size_t rows,
                               std::span<const std::uint32_t> next_equal) {
  types::Bitset behind(rows);
  for (const std::uint32_t row : next_equal) {
    if (row != kNoRow) behind.Set(row);
  }
  return behind;
}

// Chooses links: of the candidates, nearest first, those that are nearer to
// the row than to any already chosen (algorithm 4).
class NeighbourChooser {
 public:
  explicit NeighbourChooser(const HnswGraph& graph) : graph_(graph) {}

  // `candidates` sorted. At most `limit` are chosen.
  const std::vector<std::uint32_t>& Choose(
      const std::vector<Neighbor>& candidates, std::size_t limit) {
    chosen_.clear();
    for (const Neighbor& candidate : candidates) {
      if (chosen_.size() >= limit) break;
      if (IsUseful(candidate)) chosen_.push_back(candidate.row);
    }
    return chosen_;
  }

 private:
  bool IsUseful(const Neighbor& candidate) {
    const float* vector = graph_.Vector(candidate.row);
    for (std::size_t i = 0; i < chosen_.size(); i += kGroup) {
      const std::size_t count = std::min(kGroup, chosen_.size() - i);
      float distances[kGroup];
      graph_.ExactDistances(vector, chosen_.data() + i, count, distances);
      for (std::size_t j = 0; j < count; ++j) {
        if (distances[j] < candidate.distance) return false;
      }
    }
    return true;
  }

  // Most candidates fall at one of the first comparisons.
  static constexpr std::size_t kGroup = 4;

  const HnswGraph& graph_;
  std::vector<std::uint32_t> chosen_;
};

class Builder {
 public:
  Builder(const base::OpContext& ctx, const HnswParams& params,
          IndexFileWriter& file, const HnswGraph& graph)
      : ctx_(ctx),
        ef_(std::max<std::size_t>(
            1, std::min<std::size_t>(params.ef_construction, graph.rows))),
        graph_(graph),
        links_(file.array<std::uint32_t>(Section::kLinks)),
        upper_links_(file.array<std::uint32_t>(Section::kUpperLinks)),
        locks_(std::make_unique<SpinLock[]>(graph.rows)) {}

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
  struct Worker {
    explicit Worker(const HnswGraph& graph)
        : walk(graph.rows), chooser(graph) {}

    WalkScratch walk;
    NeighbourChooser chooser;
    std::vector<Neighbor> candidates;
    std::vector<std::uint32_t> rows;
    std::vector<float> distances;
    std::vector<std::uint32_t> links;
  };

  std::uint32_t* Links(std::uint32_t row, std::uint32_t level) {
    return (level == 0 ? links_ : upper_links_) + graph_.LinksAt(row, level);
  }

  absl::Status InsertAll(std::span<const std::uint32_t> rows, Turns& turns) {
    Worker worker(graph_);
    while (const auto turn = turns.Next()) {
      for (std::size_t i = turn->begin; i < turn->end; ++i) {
        RETURN_IF_ERROR(InsertRow(rows[i], worker));
      }
      RETURN_IF_ERROR(ctx_.Check());
    }
    return absl::OkStatus();
  }

  absl::Status InsertRow(std::uint32_t row, Worker& worker) {
    const Probe probe = graph_.Bind(graph_.Vector(row), worker.walk.probe);
    const std::uint32_t top = graph_.levels[row];
    Neighbor start = Descend(graph_, probe, top, worker.walk);
    for (std::uint32_t level = top + 1; level-- > 0;) {
      RETURN_IF_ERROR(
          BeamSearch(ctx_, graph_, probe, start, level, ef_, worker.walk));
      worker.candidates.clear();
      const BeamPool& pool = worker.walk.pool;
      for (std::size_t i = 0; i < pool.size(); ++i) {
        // Other threads may have linked to the row already.
        if (pool.At(i).row != row) worker.candidates.push_back(pool.At(i));
      }
      start = pool.At(0);
      worker.links = worker.chooser.Choose(worker.candidates, graph_.m);
      SetLinks(row, level, worker.links);
      for (const std::uint32_t neighbour : worker.links) {
        AddLink(neighbour, row, level, worker);
      }
    }
    return absl::OkStatus();
  }

  void SetLinks(std::uint32_t row, std::uint32_t level,
                const std::vector<std::uint32_t>& rows) {
    locks_[row].Lock();
    std::uint32_t* links = Links(row, level);
    // A link that another thread added meanwhile is kept behind them.
    std::vector<std::uint32_t> kept;
    const std::size_t capacity = graph_.capacity(level);
    for (std::size_t i = 0; i < capacity && links[i] != kNoRow; ++i) {
      if (std::find(rows.begin(), rows.end(), links[i]) == rows.end()) {
        kept.push_back(links[i]);
      }
    }
    std::size_t at = 0;
    for (const std::uint32_t to : rows) StoreLink(links + at++, to);
    for (const std::uint32_t to : kept) {
      if (at < capacity) StoreLink(links + at++, to);
    }
    locks_[row].Unlock();
  }

  // Makes `row` link to `to`; if the list is full, chooses anew.
  void AddLink(std::uint32_t row, std::uint32_t to, std::uint32_t level,
               Worker& worker) {
    locks_[row].Lock();
    std::uint32_t* links = Links(row, level);
    const std::size_t capacity = graph_.capacity(level);
    std::size_t count = 0;
    bool is_new = true;
    while (count < capacity && links[count] != kNoRow) {
      is_new = is_new && links[count] != to;
      ++count;
    }
    if (is_new && count < capacity) {
      StoreLink(links + count, to);
    } else if (is_new) {
      worker.rows.assign(links, links + count);
      worker.rows.push_back(to);
      const auto& chosen = ChooseAmong(row, capacity, worker);
      for (std::size_t i = 0; i < capacity; ++i) {
        StoreLink(links + i, i < chosen.size() ? chosen[i] : kNoRow);
      }
    }
    locks_[row].Unlock();
  }

  const std::vector<std::uint32_t>& ChooseAmong(std::uint32_t row,
                                                std::size_t limit,
                                                Worker& worker) {
    worker.distances.resize(worker.rows.size());
    graph_.ExactDistances(graph_.Vector(row), worker.rows.data(),
                          worker.rows.size(), worker.distances.data());
    worker.candidates.clear();
    for (std::size_t i = 0; i < worker.rows.size(); ++i) {
      worker.candidates.push_back(
          {Orderly(worker.distances[i]), worker.rows[i]});
    }
    std::sort(worker.candidates.begin(), worker.candidates.end());
    return worker.chooser.Choose(worker.candidates, limit);
  }

  const base::OpContext& ctx_;
  const std::size_t ef_;
  const HnswGraph& graph_;
  std::uint32_t* const links_;
  std::uint32_t* const upper_links_;
  const std::unique_ptr<SpinLock[]> locks_;
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
                                       const BuildOptions& options) {
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
                     .with_codes = dataset.rows() >= kMinMeasuredRows};
  std::optional<IndexFileWriter> file(MakeHnswFile(shape));
  HnswGraph graph = GraphIn(*file, shape);
  RETURN_IF_ERROR(CopyVectors(ctx, spec.metric, dataset, graph.vectors.stride,
                              file->array<float>(Section::kVectors)));
  InsertOrder order = OrderOf(graph, behind, options.seed);
  ASSIGN_OR_RETURN(const HeldOut held_out,
                   FindTruth(ctx, graph, std::move(order.held_out), options));
  if (shape.with_codes) {
    RETURN_IF_ERROR(EncodeVectors(ctx, graph, CodecIn(*file, shape), options));
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
  Builder builder(ctx, spec.hnsw, *file, graph);
  RETURN_IF_ERROR(builder.Insert(order.first, options));
  ASSIGN_OR_RETURN(const std::vector<RecallPoint> curve,
                   MeasureRecall(ctx, graph, held_out, options));
  PutRecallCurve(curve, *file);
  RETURN_IF_ERROR(builder.Insert(held_out.rows, options));
  return std::move(*file).Finish();
}

}  // namespace elanus::index
