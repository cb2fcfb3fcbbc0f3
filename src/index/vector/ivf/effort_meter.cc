#include "index/vector/ivf/effort_meter.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <numeric>
#include <optional>

#include "index/vector/dataset_rows.h"
#include "index/vector/held_out.h"
#include "index/vector/ivf/ivf_index.h"
#include "index/vector/parallel.h"

namespace elanus::index {
namespace {

constexpr std::size_t kTopK = kMeasuredNeighbours;
// The steps of both ladders are so far apart, about.
constexpr double kStep = 1.19;
constexpr std::size_t kMaxReordered = 1200;
// Lists that hold more than this of the truth are of no use to anybody.
constexpr double kEnough = 0.996;
// So little more recall is worth no effort.
constexpr double kRest = 0.0005;
constexpr std::array kTargets = {0.5,  0.6,  0.7,  0.8,  0.85,  0.9,  0.925,
                                 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995};
static_assert(kTargets.size() < kMaxEffortPoints);

// first, ..., rising by kStep, not above last.
std::vector<std::size_t> Ladder(std::size_t first, std::size_t last) {
  std::vector<std::size_t> steps;
  for (std::size_t step = first; step <= last;
       step = std::max(step + 1, static_cast<std::size_t>(
                                     static_cast<double>(step) * kStep))) {
    steps.push_back(step);
  }
  return steps;
}

}  // namespace

class EffortMeter {
 public:
  EffortMeter(const base::OpContext& ctx, const IvfIndex& index,
              const BuildOptions& options)
      : ctx_(ctx), index_(index), options_(options) {}

  absl::Status Run(const VectorDataset& dataset) {
    const std::vector<std::uint32_t> rows = ChooseHeldOut(
        dataset.rows(), types::Bitset(dataset.rows()), options_.seed);
    const DatasetRows reader(dataset, index_.metric());
    queries_.resize(rows.size() * dataset.dim);
    for (std::size_t q = 0; q < rows.size(); ++q) {
      reader.Read(rows[q], queries_.data() + q * dataset.dim);
    }
    ASSIGN_OR_RETURN(const Truth truth,
                     FindNearest(ctx_, dataset, index_.metric(), queries_, rows,
                                 kMeasuredNeighbours, options_));
    SetPlaces(rows, truth);
    RETURN_IF_ERROR(ForEachQuery(
        [&](std::size_t q, Worker& worker) { RankLists(q, worker); }));
    SetLadders();
    return ForEachQuery(
        [&](std::size_t q, Worker& worker) { CountFound(q, worker); });
  }

  std::vector<EffortPoint> CheapestPoints() const {
    std::vector<EffortPoint> points;
    if (probes_.empty()) return points;
    Choice choice;
    for (const double target : kTargets) {
      if (!Cheapest(target, choice)) break;
      AddPoint(choice, points);
    }
    // How far it goes at all.
    const double most =
        Recall({probes_.size() - 1, reordered_.size() - 1}) - kRest;
    if (Cheapest(most, choice)) AddPoint(choice, points);
    return points;
  }

 private:
  // Steps of the two ladders.
  struct Choice {
    std::size_t probes = 0;
    std::size_t reordered = 0;
  };

  // Where a true neighbour lies.
  struct Place {
    std::uint32_t position = kNoRow;
    std::uint32_t list = 0;
    std::uint32_t rank = kNoRow;  // of its list, for its query
  };

  struct Worker {
    explicit Worker(const IvfIndex& index)
        : walk(index.lists_, *index.centroids_, {}) {}

    ListWalk walk;
    std::vector<std::uint32_t> rank_of_list;
    std::vector<ListRef> lists;
    std::vector<std::size_t> starts;  // where their rows stand, and the end
    std::vector<float> distances;
  };

  std::size_t queries() const { return queries_.size() / index_.dim(); }
  QueryRow Query(std::size_t q) const {
    return {.floats = queries_.data() + q * index_.dim()};
  }

  template <typename Visit>
  absl::Status ForEachQuery(Visit visit) {
    Turns turns(0, queries(), 1);
    return WorkTogether(options_.executor, options_.max_threads,
                        [&](std::size_t) -> absl::Status {
                          Worker worker(index_);
                          while (const auto turn = turns.Next()) {
                            RETURN_IF_ERROR(ctx_.Check());
                            visit(turn->begin, worker);
                          }
                          return absl::OkStatus();
                        });
  }

  void SetPlaces(const std::vector<std::uint32_t>& held_out,
                 const Truth& truth) {
    const Lists& lists = index_.lists_;
    std::vector<std::uint32_t> position_of(lists.rows());
    for (std::size_t at = 0; at < lists.rows(); ++at) {
      position_of[lists.ids[at]] = static_cast<std::uint32_t>(at);
    }
    for (const std::uint32_t row : held_out) {
      held_out_.push_back(position_of[row]);
    }
    std::sort(held_out_.begin(), held_out_.end());
    for (const std::uint32_t row : truth.rows) {
      Place place;
      if (row != kNoRow) {
        place.position = position_of[row];
        const auto above = std::upper_bound(
            lists.offsets.begin(), lists.offsets.end(), place.position);
        place.list =
            static_cast<std::uint32_t>(above - lists.offsets.begin() - 1);
      }
      places_.push_back(place);
    }
  }

  void RankLists(std::size_t q, Worker& worker) {
    worker.walk.Start(Query(q), index_.lists_.count());
    worker.rank_of_list.resize(index_.lists_.count());
    std::uint32_t rank = 0;
    while (const std::optional<ListRef> list = worker.walk.Next()) {
      worker.rank_of_list[list->list] = rank++;
    }
    for (std::size_t i = q * kTopK; i < (q + 1) * kTopK; ++i) {
      if (places_[i].position == kNoRow) continue;
      places_[i].rank = worker.rank_of_list[places_[i].list];
    }
  }

  // As many lists as hold nearly all of the truth.
  void SetLadders() {
    if (places_.empty()) return;
    std::vector<std::uint32_t> ranks;
    for (const Place& place : places_) ranks.push_back(place.rank);
    std::sort(ranks.begin(), ranks.end());
    const std::size_t lists = index_.lists_.count();
    const auto enough = static_cast<std::size_t>(
        kEnough * static_cast<double>(ranks.size() - 1));
    const std::size_t most =
        std::min<std::size_t>(lists, std::size_t{ranks[enough]} + 1);
    probes_ = Ladder(1, most);
    if (probes_.back() < most) probes_.push_back(most);
    reordered_ =
        index_.codecs_.ranks_again
            ? Ladder(kTopK, std::min(kMaxReordered, index_.lists_.rows()))
            : std::vector<std::size_t>{kTopK};
    found_ = std::vector<std::atomic<std::size_t>>(probes_.size() *
                                                   reordered_.size());
    rows_ = std::vector<std::atomic<std::size_t>>(probes_.size());
  }

  // Puts the distances of all rows in the nearest lists one behind the other.
  void ScanLists(std::size_t q, Worker& worker) {
    const std::unique_ptr<ListQuery> scan =
        index_.codecs_.scan->Bind(Query(q), {});
    worker.walk.Start(Query(q), probes_.back());
    worker.lists.clear();
    worker.starts.assign(1, 0);
    for (std::size_t i = 0; i < probes_.back(); ++i) {
      const ListRef list = *worker.walk.Next();
      const std::size_t start = worker.starts.back();
      worker.distances.resize(std::max(
          worker.distances.size(), start + BlocksFor(list.rows) * kBlockRows));
      scan->Distances(list, 0, list.rows, worker.distances.data() + start);
      for (auto out =
               std::lower_bound(held_out_.begin(), held_out_.end(), list.begin);
           out != held_out_.end() && *out < list.begin + list.rows; ++out) {
        worker.distances[start + *out - list.begin] = kNoDistance;
      }
      worker.lists.push_back(list);
      worker.starts.push_back(start + list.rows);
    }
  }

  void CountFound(std::size_t q, Worker& worker) {
    ScanLists(q, worker);
    for (std::size_t step = 0; step < probes_.size(); ++step) {
      rows_[step] += worker.starts[probes_[step]];
    }
    const float* const distances = worker.distances.data();
    for (std::size_t i = q * kTopK; i < (q + 1) * kTopK; ++i) {
      const Place& place = places_[i];
      if (place.rank >= probes_.back()) continue;
      const float distance =
          distances[worker.starts[place.rank] + place.position -
                    worker.lists[place.rank].begin];
      std::size_t nearer = 0;
      std::size_t begin = 0;
      for (std::size_t step = 0; step < probes_.size(); ++step) {
        const std::size_t end = worker.starts[probes_[step]];
        for (; begin < end; ++begin) {
          nearer += distances[begin] < distance ? 1 : 0;
        }
        if (place.rank >= probes_[step]) continue;
        const auto kept =
            std::upper_bound(reordered_.begin(), reordered_.end(), nearer);
        if (kept == reordered_.end()) break;
        ++found_[step * reordered_.size() +
                 static_cast<std::size_t>(kept - reordered_.begin())];
      }
    }
  }

  // Goes on from `choice` to the cheapest one that finds `recall`; false if
  // there is none.
  bool Cheapest(double recall, Choice& choice) const {
    const Choice from = choice;
    double least = kNoDistance;
    for (std::size_t probes = from.probes; probes < probes_.size(); ++probes) {
      Choice next = {probes, from.reordered};
      // Ranking more again costs more: the first that is enough.
      while (next.reordered < reordered_.size() && Recall(next) < recall) {
        ++next.reordered;
      }
      if (next.reordered == reordered_.size()) continue;
      const double cost = index_.CostOf(PointOf(next));
      if (cost >= least) continue;
      least = cost;
      choice = next;
    }
    return least < kNoDistance;
  }

  double Recall(const Choice& choice) const {
    const auto first = found_.begin() + static_cast<std::ptrdiff_t>(
                                            choice.probes * reordered_.size());
    const std::size_t found = std::accumulate(
        first, first + static_cast<std::ptrdiff_t>(choice.reordered) + 1,
        std::size_t{0});
    return static_cast<double>(found) / static_cast<double>(places_.size());
  }

  EffortPoint PointOf(const Choice& choice) const {
    return {
        .nprobe = static_cast<std::uint32_t>(probes_[choice.probes]),
        .reorder_k = static_cast<std::uint32_t>(reordered_[choice.reordered]),
        .rows = static_cast<std::uint32_t>(
            std::max<std::size_t>(1, rows_[choice.probes] / queries())),
        .recall = static_cast<float>(Recall(choice))};
  }

  void AddPoint(const Choice& choice, std::vector<EffortPoint>& points) const {
    const EffortPoint point = PointOf(choice);
    if (points.empty() || point.recall > points.back().recall) {
      points.push_back(point);
    }
  }

  const base::OpContext& ctx_;
  const IvfIndex& index_;
  const BuildOptions& options_;
  std::vector<float> queries_;
  std::vector<std::uint32_t> held_out_;  // positions, rising
  std::vector<Place> places_;            // kTopK a query
  std::vector<std::size_t> probes_;      // the ladders
  std::vector<std::size_t> reordered_;
  // Of the truth, what a step and a choice find and the choice before does not.
  std::vector<std::atomic<std::size_t>> found_;
  std::vector<std::atomic<std::size_t>> rows_;  // of all queries, by step
};

absl::StatusOr<std::vector<EffortPoint>> MeasureEfforts(
    const base::OpContext& ctx, const IndexFileReader& file,
    const VectorDataset& dataset, const BuildOptions& options) {
  if (dataset.rows() < kMinMeasuredRows) return std::vector<EffortPoint>();
  ASSIGN_OR_RETURN(const std::unique_ptr<IvfIndex> index, IvfIndex::Open(file));
  EffortMeter meter(ctx, *index, options);
  RETURN_IF_ERROR(meter.Run(dataset));
  return meter.CheapestPoints();
}

}  // namespace elanus::index
