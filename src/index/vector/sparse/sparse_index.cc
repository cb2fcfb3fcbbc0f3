#include "index/vector/sparse/sparse_index.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "index/vector/query_check.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

using types::SparseEntry;

// Hands out the hits of one search, made when the first is asked for.
class SortedIterator final : public VectorIterator {
 public:
  using MakeHits = std::function<absl::StatusOr<std::vector<Neighbor>>(
      const base::OpContext& ctx)>;

  explicit SortedIterator(MakeHits make) : make_(std::move(make)) {}

  absl::StatusOr<std::vector<Neighbor>> Next(const base::OpContext& ctx,
                                             std::size_t count) override {
    if (make_ != nullptr) {
      ASSIGN_OR_RETURN(hits_, make_(ctx));
      make_ = nullptr;
    }
    const std::size_t end = std::min(hits_.size(), next_ + count);
    std::vector<Neighbor> batch(hits_.begin() + static_cast<long>(next_),
                                hits_.begin() + static_cast<long>(end));
    next_ = end;
    return batch;
  }

 private:
  MakeHits make_;
  std::vector<Neighbor> hits_;
  std::size_t next_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SparseIndex>> SparseIndex::Build(
    const base::OpContext& ctx, const IndexSpec& spec,
    const VectorDataset& dataset) {
  ASSIGN_OR_RETURN(base::Buffer bytes, BuildPostings(ctx, spec, dataset));
  ASSIGN_OR_RETURN(IndexFileReader file,
                   IndexFileReader::Open({"sparse", std::move(bytes)}, false));
  return Open(std::move(file));
}

absl::StatusOr<std::unique_ptr<SparseIndex>> SparseIndex::Open(
    IndexFileReader file) {
  const types::MetricType metric = file.info().metric;
  if ((metric != types::MetricType::kIp &&
       metric != types::MetricType::kBm25) ||
      file.info().rows >= kNoRow) {
    return base::DataLoss("{}: metric {}, {} rows", file.name(),
                          static_cast<int>(metric), file.info().rows);
  }
  ASSIGN_OR_RETURN(const Postings postings, Postings::Open(file));
  return std::unique_ptr<SparseIndex>(
      new SparseIndex(std::move(file), postings));
}

absl::Status SparseIndex::SearchOne(const base::OpContext& ctx,
                                    std::span<const SparseEntry> query,
                                    const WindowOptions& options,
                                    TopK& best) const {
  auto scores = scores_.Take();
  RETURN_IF_ERROR(
      WindowSearch(postings_, query, options, *scores).Run(ctx, best));
  scores_.Give(std::move(scores));
  return absl::OkStatus();
}

absl::Status SparseIndex::Search(const base::OpContext& ctx,
                                 const SearchQuery& query,
                                 const SearchOutput& out) const {
  RETURN_IF_ERROR(CheckQueries(
      query.queries, types::DataType::kSparseFloatVector, 0, query.nq));
  RETURN_IF_ERROR(CheckRoom(query, out));
  const WindowOptions options = {
      .prune = postings_.algorithm() != SparseAlgorithm::kTaatNaive,
      .drop_ratio = query.params.drop_ratio,
      .bound_ratio = std::min(query.params.dim_max_score_ratio, 1.0F),
      .excluded = query.excluded};
  for (std::size_t q = 0; q < query.nq; ++q) {
    TopK best(query.k);
    RETURN_IF_ERROR(
        SearchOne(ctx, query.queries.sparse().Row(q), options, best));
    PutHits(best.TakeSorted(), q, query.k, out);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Neighbor>> SparseIndex::All(
    const base::OpContext& ctx, std::span<const SparseEntry> query,
    types::BitsetView excluded) const {
  TopK best(postings_.rows());
  RETURN_IF_ERROR(SearchOne(ctx, query, {.excluded = excluded}, best));
  return best.TakeSorted();
}

absl::StatusOr<std::vector<Neighbor>> SparseIndex::RangeSearch(
    const base::OpContext& ctx, const RangeQuery& query) const {
  RETURN_IF_ERROR(
      CheckQueries(query.query, types::DataType::kSparseFloatVector, 0, 1));
  ASSIGN_OR_RETURN(std::vector<Neighbor> hits,
                   All(ctx, query.query.sparse().Row(0), query.excluded));
  std::erase_if(hits, [&query](const Neighbor& hit) {
    return !query.Holds(hit.distance);
  });
  if (hits.size() > query.limit) hits.resize(query.limit);
  return hits;
}

absl::StatusOr<std::unique_ptr<VectorIterator>> SparseIndex::Iterate(
    const IterateQuery& query) const {
  RETURN_IF_ERROR(
      CheckQueries(query.query, types::DataType::kSparseFloatVector, 0, 1));
  const auto row = query.query.sparse().Row(0);
  return std::make_unique<SortedIterator>(
      [this, entries = std::vector(row.begin(), row.end()),
       excluded = query.excluded](const base::OpContext& ctx) {
        return All(ctx, entries, excluded);
      });
}

absl::StatusOr<std::vector<IndexFile>> SparseIndex::Save() const {
  return std::vector<IndexFile>{{"sparse", file_.bytes()}};
}

}  // namespace elanus::index
