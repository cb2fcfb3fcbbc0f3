#include "segment/growing/interim_indexes.h"

#include <algorithm>
#include <utility>

#include "index/vector/metric_kernels.h"
#include "segment/segment.h"
#include "segment/vector_blocks.h"

namespace elanus::segment {
namespace {

// One round of additions to the interim indexes of a field.
class Extension {
 public:
  Extension(const Segment& segment, const types::FieldSchema& field,
            types::MetricType metric, Interim interim)
      : segment_(segment),
        field_(field),
        metric_(metric),
        rows_(segment.rows()),
        interim_(std::move(interim)) {}

  absl::StatusOr<Interim> ByLists() && {
    interim_.graph.reset();
    if (interim_.lists != nullptr && interim_.lists->begin() != 0) {
      interim_.lists.reset();
    }
    RETURN_IF_ERROR(ExtendLists());
    return std::move(interim_);
  }

  absl::StatusOr<Interim> ByGraph() && {
    if (rows_ - InGraph() > InterimIndexes::kGraphRows) {
      RETURN_IF_ERROR(ExtendLists());
    }
    RETURN_IF_ERROR(ExtendGraph());
    if (interim_.lists != nullptr && InGraph() >= interim_.lists->end()) {
      interim_.lists.reset();
    }
    return std::move(interim_);
  }

 private:
  std::size_t InGraph() const {
    return interim_.graph == nullptr ? 0 : interim_.graph->size();
  }

  // Lists that are too few for their rows are made anew.
  absl::Status ExtendLists() {
    std::shared_ptr<index::InterimLists>& lists = interim_.lists;
    if (lists == nullptr || lists->lists() < index::InterimLists::ListsFor(
                                                 rows_ - lists->begin())) {
      const std::size_t begin = InGraph();
      ASSIGN_OR_RETURN(const auto blocks,
                       VectorBlocks(segment_, field_, begin, rows_));
      ASSIGN_OR_RETURN(lists, index::InterimLists::Train(
                                  base::OpContext(), metric_,
                                  {.blocks = blocks, .dim = dim()}, begin));
    }
    ASSIGN_OR_RETURN(const auto blocks,
                     VectorBlocks(segment_, field_, lists->end(), rows_));
    for (const index::VectorBlock& block : blocks) {
      lists->Add(block.floats(), block.rows);
    }
    return absl::OkStatus();
  }

  absl::Status ExtendGraph() {
    std::shared_ptr<index::InterimGraph>& graph = interim_.graph;
    const std::size_t begin = InGraph();
    const std::size_t end =
        std::min(rows_, begin + InterimIndexes::kRoundRows) /
        InterimIndexes::kWordRows * InterimIndexes::kWordRows;
    ASSIGN_OR_RETURN(const auto more,
                     VectorBlocks(segment_, field_, begin, end));
    if (graph == nullptr || graph->IsOutgrownBy(more)) {
      ASSIGN_OR_RETURN(const auto all, VectorBlocks(segment_, field_, rows_));
      ASSIGN_OR_RETURN(graph, index::InterimGraph::Make(
                                  base::OpContext(), metric_,
                                  {.blocks = all, .dim = dim()}, graph.get()));
    }
    absl::Status added;
    for (const index::VectorBlock& block : more) {
      if (!added.ok()) break;
      added = graph->Add(base::OpContext(), block.floats(), block.rows);
    }
    graph->Publish();
    return added;
  }

  std::size_t dim() const { return static_cast<std::size_t>(field_.dim); }

  const Segment& segment_;
  const types::FieldSchema& field_;
  const types::MetricType metric_;
  const std::size_t rows_;
  Interim interim_;
};

// How many of so many rows are where they are found best.
std::size_t CountServed(const Interim& interim, std::size_t rows,
                        bool is_exact) {
  if (is_exact || rows < index::InterimGraph::kMinRows) {
    const bool has_lists =
        interim.lists != nullptr && interim.lists->begin() == 0;
    return has_lists ? interim.lists->end() : 0;
  }
  return interim.graph == nullptr ? 0 : interim.graph->size();
}

}  // namespace

std::size_t Interim::memory_bytes() const {
  return (graph == nullptr ? 0 : graph->memory_bytes()) +
         (lists == nullptr ? 0 : lists->memory_bytes());
}

Interim InterimIndexes::Find(base::FieldId field,
                             types::MetricType metric) const {
  base::MutexLock lock(mutex_);
  const auto it = std::ranges::find(entries_, field, &Entry::field);
  if (it == entries_.end() || it->metric != metric) return {};
  return it->interim;
}

bool InterimIndexes::Claim(const types::FieldSchema& field,
                           types::MetricType metric, bool is_exact,
                           std::size_t rows) {
  if (field.type != types::DataType::kFloatVector ||
      !index::CheckFloatMetric(metric).ok()) {
    return false;
  }
  if (rows < kStepRows) return false;
  base::MutexLock lock(mutex_);
  auto it = std::ranges::find(entries_, field.id, &Entry::field);
  if (it == entries_.end()) {
    it = entries_.insert(it, Entry{.field = field.id, .metric = metric});
  }
  if (it->is_claimed) return false;
  const Interim none;
  const Interim& usable = it->metric == metric ? it->interim : none;
  it->is_claimed = CountServed(usable, rows, is_exact) + kStepRows <= rows;
  return it->is_claimed;
}

absl::Status InterimIndexes::Extend(const types::FieldSchema& field,
                                    types::MetricType metric, bool is_exact) {
  const Interim before = Find(field.id, metric);
  Extension extension(segment_, field, metric, before);
  const bool is_by_lists =
      is_exact || segment_.rows() < index::InterimGraph::kMinRows;
  auto extended = is_by_lists ? std::move(extension).ByLists()
                              : std::move(extension).ByGraph();
  base::MutexLock lock(mutex_);
  const auto it = std::ranges::find(entries_, field.id, &Entry::field);
  it->is_claimed = false;
  RETURN_IF_ERROR(extended.status());
  it->metric = metric;
  it->interim = *std::move(extended);
  it->held =
      budget_.Charge(static_cast<std::int64_t>(it->interim.memory_bytes()));
  return absl::OkStatus();
}

}  // namespace elanus::segment
