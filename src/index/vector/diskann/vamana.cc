#include "index/vector/diskann/vamana.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <utility>

#include "index/vector/diskann/reach.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/kernel_rows.h"
#include "index/vector/parallel.h"
#include "index/vector/spin_lock.h"

namespace elanus::index {
namespace {

// Of the two passes; squared, because distances are.
constexpr float kFirstAlpha = 1.0F;
constexpr float kSecondAlpha = 1.2F * 1.2F;
// A list may grow so much beyond the degree before it is cut: choosing anew
// for each link that comes back would take most of the time.
constexpr std::size_t kSlackPercent = 130;
// So many rows go in one by one before several threads start: rows that go in
// at the same time do not see each other.
constexpr std::size_t kSequentialRows = 1000;
// Rows a thread takes at a time.
constexpr std::size_t kGrain = 16;
constexpr std::size_t kRowsBetweenChecks = 4096;
constexpr std::size_t kPrefetchBytes = 256;

std::size_t CapacityOf(std::size_t degree) {
  return degree * kSlackPercent / 100;
}

// What is known of how near a candidate is to the links chosen.
struct Crowding {
  std::size_t compared = 0;                              // with so many of them
  float least = std::numeric_limits<float>::infinity();  // distance
  bool is_chosen = false;
};

// What one thread needs.
struct Worker {
  explicit Worker(std::size_t rows) : visited(rows) {}

  VisitedRows visited;
  BeamPool pool;
  ProbeRoom probe;
  std::vector<std::uint32_t> batch;
  std::vector<std::int32_t> sums;
  std::vector<float> distances;
  std::vector<std::uint32_t> met;
  std::vector<Neighbor> candidates;
  std::vector<Crowding> crowding;     // of each candidate
  std::vector<std::uint32_t> places;  // of those chosen, among the candidates
  std::vector<std::uint32_t> chosen;
};

class Builder {
 public:
  Builder(const base::OpContext& ctx, const HnswGraph& space,
          const VamanaShape& shape, const BuildOptions& options)
      : ctx_(ctx),
        space_(space),
        shape_(shape),
        options_(options),
        capacity_(CapacityOf(shape.degree)),
        locks_(std::make_unique<SpinLock[]>(space.rows)) {
    graph_.stride = AlignSlots(capacity_, kLinkAlignment);
    graph_.degree = shape.degree;
    graph_.links.assign(space.rows * graph_.stride, kNoRow);
  }

  absl::StatusOr<VamanaGraph> Run() {
    ASSIGN_OR_RETURN(graph_.entry, Medoid());
    std::vector<std::uint32_t> order(space_.rows);
    std::iota(order.begin(), order.end(), 0U);
    // Fisher and Yates, the same on every machine.
    std::mt19937_64 random(options_.seed);
    for (std::size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[random() % i]);
    }
    for (const float alpha : {kFirstAlpha, kSecondAlpha}) {
      alpha_ = alpha;
      RETURN_IF_ERROR(Pass(order));
    }
    RETURN_IF_ERROR(CutLists());
    RETURN_IF_ERROR(ReachAll(ctx_, graph_));
    return std::move(graph_);
  }

 private:
  // The row nearest to the mean of all.
  absl::StatusOr<std::uint32_t> Medoid() const {
    std::vector<double> sums(space_.dim);
    for (std::uint32_t row = 0; row < space_.rows; ++row) {
      if (row % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx_.Check());
      const float* const vector = space_.Vector(row);
      for (std::size_t i = 0; i < space_.dim; ++i) sums[i] += double{vector[i]};
    }
    std::vector<float> mean(space_.dim);
    for (std::size_t i = 0; i < space_.dim; ++i) {
      mean[i] = static_cast<float>(sums[i] / static_cast<double>(space_.rows));
    }
    Neighbor best;
    for (std::uint32_t row = 0; row < space_.rows; ++row) {
      if (row % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx_.Check());
      float distance = 0;
      space_.ExactDistances(mean.data(), &row, 1, &distance);
      best = std::min(best, Neighbor{Orderly(distance), row});
    }
    return best.row;
  }

  absl::Status Pass(const std::vector<std::uint32_t>& order) {
    const auto insert = [&](std::size_t i, Worker& worker) {
      InsertRow(order[i], worker);
    };
    const std::size_t alone = std::min(order.size(), kSequentialRows);
    Turns first(0, alone, kGrain);
    RETURN_IF_ERROR(Take(first, insert));
    Turns rest(alone, order.size(), kGrain);
    return Together(rest, insert);
  }

  // Lists of at most `degree` links, nearest first.
  absl::Status CutLists() {
    Turns turns(0, space_.rows, kGrain);
    return Together(turns, [&](std::size_t row, Worker& worker) {
      const auto node = static_cast<std::uint32_t>(row);
      worker.met = Linked(node);
      if (worker.met.size() > shape_.degree) {
        Choose(node, worker);
      } else {
        Sort(node, worker);
        worker.chosen.clear();
        for (const Neighbor& link : worker.candidates) {
          worker.chosen.push_back(link.row);
        }
      }
      PutLinks(node, worker.chosen);
    });
  }

  template <typename Visit>
  absl::Status Together(Turns& turns, Visit visit) {
    return WorkTogether(options_.executor, options_.max_threads,
                        [&](std::size_t) { return Take(turns, visit); });
  }
  template <typename Visit>
  absl::Status Take(Turns& turns, Visit& visit) {
    Worker worker(space_.rows);
    while (const auto turn = turns.Next()) {
      for (std::size_t i = turn->begin; i < turn->end; ++i) visit(i, worker);
      RETURN_IF_ERROR(ctx_.Check());
    }
    return absl::OkStatus();
  }

  std::uint32_t* Links(std::uint32_t row) {
    return graph_.links.data() + row * graph_.stride;
  }

  std::vector<std::uint32_t> Linked(std::uint32_t row) {
    std::vector<std::uint32_t> linked;
    const std::uint32_t* const links = Links(row);
    for (std::size_t i = 0; i < capacity_; ++i) {
      const std::uint32_t to = LoadLink(links + i);
      if (to == kNoRow) break;
      linked.push_back(to);
    }
    return linked;
  }

  void InsertRow(std::uint32_t row, Worker& worker) {
    Walk(row, worker);
    locks_[row].Lock();
    const std::vector<std::uint32_t> linked = Linked(row);
    worker.met.insert(worker.met.end(), linked.begin(), linked.end());
    Choose(row, worker);
    PutLinks(row, worker.chosen);
    locks_[row].Unlock();
    const std::vector<std::uint32_t> chosen = worker.chosen;
    for (const std::uint32_t neighbour : chosen) {
      AddLink(neighbour, row, worker);
    }
  }

  // Leaves all rows that the walk to `row` went through in worker.met.
  void Walk(std::uint32_t row, Worker& worker) {
    const Probe probe = space_.Bind(space_.Vector(row), worker.probe);
    worker.pool.Reset(
        std::max<std::size_t>(1, std::min(shape_.list_size, space_.rows)));
    worker.visited.Clear();
    worker.visited.Insert(graph_.entry);
    worker.pool.Insert(space_.Distance(probe, graph_.entry), graph_.entry);
    worker.met.clear();
    for (std::uint32_t at = worker.pool.TakeNext(); at != kNoRow;
         at = worker.pool.TakeNext()) {
      worker.met.push_back(at);
      CollectUnseen(at, worker);
      const std::size_t count = worker.batch.size();
      worker.distances.resize(std::max(worker.distances.size(), count));
      worker.sums.resize(std::max(worker.sums.size(), count));
      space_.Distances(probe, worker.batch.data(), count, worker.sums.data(),
                       worker.distances.data());
      for (std::size_t i = 0; i < count; ++i) {
        worker.pool.Insert(worker.distances[i], worker.batch[i]);
      }
    }
  }

  void CollectUnseen(std::uint32_t row, Worker& worker) {
    worker.batch.clear();
    const std::uint32_t* const links = Links(row);
    for (std::size_t i = 0; i < capacity_; ++i) {
      const std::uint32_t next = LoadLink(links + i);
      if (next == kNoRow) break;
      if (!worker.visited.Insert(next)) continue;
      worker.batch.push_back(next);
      const auto* const at =
          space_.has_codes()
              ? space_.codes.data + next * space_.codes.stride
              : reinterpret_cast<const std::uint8_t*>(space_.Vector(next));
      Prefetch(at, std::min(space_.dim, kPrefetchBytes));
    }
  }

  // Makes candidates of the rows in worker.met, nearest to `row` first.
  void Sort(std::uint32_t row, Worker& worker) {
    std::sort(worker.met.begin(), worker.met.end());
    worker.met.erase(std::unique(worker.met.begin(), worker.met.end()),
                     worker.met.end());
    std::erase(worker.met, row);
    worker.distances.resize(
        std::max(worker.distances.size(), worker.met.size()));
    space_.ExactDistances(space_.Vector(row), worker.met.data(),
                          worker.met.size(), worker.distances.data());
    worker.candidates.clear();
    for (std::size_t i = 0; i < worker.met.size(); ++i) {
      worker.candidates.push_back(
          {Orderly(worker.distances[i]), worker.met[i]});
    }
    std::sort(worker.candidates.begin(), worker.candidates.end());
  }

  // Of the rows in worker.met those that `row` is to link to, nearest first.
  // What alpha 1 keeps comes before all that only a larger alpha keeps: where
  // many rows are near, these would take the room of every long link.
  void Choose(std::uint32_t row, Worker& worker) {
    Sort(row, worker);
    worker.crowding.assign(worker.candidates.size(), {});
    worker.places.clear();
    worker.chosen.clear();
    ChooseBy(kFirstAlpha, worker);
    if (alpha_ > kFirstAlpha) ChooseBy(alpha_, worker);
    std::sort(worker.places.begin(), worker.places.end());
    worker.chosen.clear();
    for (const std::uint32_t place : worker.places) {
      worker.chosen.push_back(worker.candidates[place].row);
    }
  }

  void ChooseBy(float alpha, Worker& worker) const {
    for (std::uint32_t i = 0; i < worker.candidates.size(); ++i) {
      if (worker.chosen.size() >= shape_.degree) return;
      Crowding& crowding = worker.crowding[i];
      if (crowding.is_chosen ||
          IsCrowded(worker.candidates[i], worker.chosen, alpha, crowding)) {
        continue;
      }
      crowding.is_chosen = true;
      worker.places.push_back(i);
      worker.chosen.push_back(worker.candidates[i].row);
    }
  }

  // Whether a link is closer to the candidate than the row is, by the factor
  // `alpha`. Goes on where it ended for a smaller one.
  bool IsCrowded(const Neighbor& candidate,
                 const std::vector<std::uint32_t>& chosen, float alpha,
                 Crowding& crowding) const {
    const float* const vector = space_.Vector(candidate.row);
    const auto is_crowded = [&] {
      return crowding.compared > 0 &&
             alpha * crowding.least <= candidate.distance;
    };
    while (!is_crowded() && crowding.compared < chosen.size()) {
      const std::size_t count =
          std::min(kKernelGroup, chosen.size() - crowding.compared);
      float distances[kKernelGroup];
      space_.ExactDistances(vector, chosen.data() + crowding.compared, count,
                            distances);
      crowding.compared += count;
      for (std::size_t j = 0; j < count; ++j) {
        crowding.least = std::min(crowding.least, distances[j]);
      }
    }
    return is_crowded();
  }

  void PutLinks(std::uint32_t row, const std::vector<std::uint32_t>& rows) {
    std::uint32_t* const links = Links(row);
    for (std::size_t i = 0; i < capacity_; ++i) {
      StoreLink(links + i, i < rows.size() ? rows[i] : kNoRow);
    }
  }

  // Makes `row` link to `to`; if the list is full, chooses anew.
  void AddLink(std::uint32_t row, std::uint32_t to, Worker& worker) {
    locks_[row].Lock();
    worker.met = Linked(row);
    if (std::find(worker.met.begin(), worker.met.end(), to) ==
        worker.met.end()) {
      if (worker.met.size() < capacity_) {
        StoreLink(Links(row) + worker.met.size(), to);
      } else {
        worker.met.push_back(to);
        Choose(row, worker);
        PutLinks(row, worker.chosen);
      }
    }
    locks_[row].Unlock();
  }

  const base::OpContext& ctx_;
  const HnswGraph& space_;
  const VamanaShape& shape_;
  const BuildOptions& options_;
  const std::size_t capacity_;
  const std::unique_ptr<SpinLock[]> locks_;
  float alpha_ = kFirstAlpha;
  VamanaGraph graph_;
};

}  // namespace

std::size_t VamanaRowBytes(std::size_t degree) {
  // Links, place in the order, lock.
  return AlignSlots(CapacityOf(degree), kLinkAlignment) *
             sizeof(std::uint32_t) +
         sizeof(std::uint32_t) + sizeof(SpinLock);
}

absl::StatusOr<VamanaGraph> BuildVamana(const base::OpContext& ctx,
                                        const HnswGraph& space,
                                        const VamanaShape& shape,
                                        const BuildOptions& options) {
  return Builder(ctx, space, shape, options).Run();
}

}  // namespace elanus::index
