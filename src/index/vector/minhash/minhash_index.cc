#include "index/vector/minhash/minhash_index.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "index/vector/minhash/build.h"
#include "index/vector/minhash/minhash_params.h"
#include "index/vector/query_check.h"
#include "index/vector/scan_iterator.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

constexpr std::string_view kFileName = "minhash";
constexpr std::size_t kAllRows = std::numeric_limits<std::size_t>::max();
// So many rows more than twice those wanted are ranked by their elements: the
// number of shared bands is a coarse order.
constexpr std::size_t kRankedRows = 256;
// Where the buckets have more than one row in so many, rows are counted in an
// array of all instead of being sorted.
constexpr std::size_t kCountShare = 8;
constexpr std::size_t kPrefetchRows = 4;
constexpr std::size_t kCacheLine = 64;

const std::uint8_t* BytesOf(const Queries& queries) {
  return reinterpret_cast<const std::uint8_t*>(queries.bits().data());
}

}  // namespace

absl::StatusOr<std::unique_ptr<MinHashIndex>> MinHashIndex::Build(
    const base::OpContext& ctx, const IndexSpec& spec,
    const VectorDataset& dataset, const BuildOptions& options) {
  ASSIGN_OR_RETURN(base::Buffer bytes,
                   BuildMinHash(ctx, spec, dataset, options));
  ASSIGN_OR_RETURN(
      IndexFileReader file,
      IndexFileReader::Open({std::string(kFileName), std::move(bytes)}, false));
  return Open(std::move(file));
}

absl::StatusOr<std::unique_ptr<MinHashIndex>> MinHashIndex::Open(
    IndexFileReader file) {
  const IndexFileInfo& info = file.info();
  if (info.metric != types::MetricType::kMhJaccard || info.rows >= kNoRow) {
    return base::DataLoss("{}: metric {}, {} rows", file.name(),
                          static_cast<int>(info.metric), info.rows);
  }
  ASSIGN_OR_RETURN(const SignatureSection section, SignatureIn(file));
  ASSIGN_OR_RETURN(const BandTable table, BandTable::Open(file, section));
  const std::size_t row_bytes = info.dim / 8;
  std::span<const std::uint8_t> vectors;
  if (file.Has(Section::kVectors)) {
    ASSIGN_OR_RETURN(vectors, file.Array<std::uint8_t>(Section::kVectors,
                                                       info.rows * row_bytes));
  }
  const Signatures signatures(
      {.element_bytes = section.element_bytes, .bands = section.bands},
      row_bytes);
  return std::unique_ptr<MinHashIndex>(
      new MinHashIndex(std::move(file), table, signatures, vectors));
}

absl::StatusOr<std::vector<MinHashIndex::Candidate>> MinHashIndex::Candidates(
    const base::OpContext& ctx, const std::uint8_t* query,
    types::BitsetView excluded) const {
  RETURN_IF_ERROR(ctx.Check());
  ASSIGN_OR_RETURN(const Buckets buckets, table_.Find(signatures_, query));
  std::size_t total = 0;
  for (const auto& bucket : buckets) {
    total += bucket.size();
    for (const std::uint32_t row : bucket) {
      if (row < size()) continue;
      return base::DataLoss("{}: a bucket has row {} of {}", file_.name(), row,
                            size());
    }
  }
  std::vector<Candidate> found = total < size() / kCountShare
                                     ? SortedCandidates(buckets, total)
                                     : CountedCandidates(buckets, size());
  RETURN_IF_ERROR(ctx.Check());
  std::erase_if(found, [&excluded](const Candidate& candidate) {
    return excluded.Test(candidate.row);
  });
  return found;
}

std::vector<MinHashIndex::Candidate> MinHashIndex::SortedCandidates(
    const Buckets& buckets, std::size_t total) {
  std::vector<std::uint32_t> rows;
  rows.reserve(total);
  for (const auto& bucket : buckets) {
    rows.insert(rows.end(), bucket.begin(), bucket.end());
  }
  std::sort(rows.begin(), rows.end());
  std::vector<Candidate> found;
  for (const std::uint32_t row : rows) {
    if (found.empty() || found.back().row != row) found.push_back({row, 0});
    ++found.back().shared;
  }
  return found;
}

std::vector<MinHashIndex::Candidate> MinHashIndex::CountedCandidates(
    const Buckets& buckets, std::size_t rows) {
  std::vector<std::uint32_t> shared(rows);
  std::vector<Candidate> found;
  for (const auto& bucket : buckets) {
    for (const std::uint32_t row : bucket) {
      if (shared[row]++ == 0) found.push_back({row, 0});
    }
  }
  for (Candidate& candidate : found) candidate.shared = shared[candidate.row];
  return found;
}

absl::StatusOr<std::vector<Neighbor>> MinHashIndex::Ranked(
    const base::OpContext& ctx, const std::uint8_t* query,
    types::BitsetView excluded, const SearchParams& params,
    std::size_t rows) const {
  ASSIGN_OR_RETURN(std::vector<Candidate> found,
                   Candidates(ctx, query, excluded));
  if (params.with_jaccard && found.size() > rows) {
    std::nth_element(found.begin(), found.begin() + static_cast<long>(rows),
                     found.end(), [](const Candidate& a, const Candidate& b) {
                       return a.shared != b.shared ? a.shared > b.shared
                                                   : a.row < b.row;
                     });
    found.resize(rows);
  }
  std::vector<Neighbor> hits;
  hits.reserve(found.size());
  for (const Candidate& candidate : found) {
    hits.push_back(
        {signatures_.DistanceOfBands(candidate.shared), candidate.row});
  }
  if (params.with_jaccard) RankByElements(query, hits);
  return hits;
}

void MinHashIndex::RankByElements(const std::uint8_t* query,
                                  std::vector<Neighbor>& hits) const {
  const std::size_t width = signatures_.row_bytes();
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (i + kPrefetchRows < hits.size()) {
      const std::uint8_t* const soon =
          vectors_.data() + hits[i + kPrefetchRows].row * width;
      for (std::size_t at = 0; at < width; at += kCacheLine) {
        __builtin_prefetch(soon + at);
      }
    }
    std::uint32_t equal = 0;
    signatures_.CountEqual(query, vectors_.data() + hits[i].row * width, 1,
                           &equal);
    hits[i].distance = signatures_.ElementDistance(equal);
  }
  // A tag may be shared without a band.
  std::erase_if(
      hits, [](const Neighbor& hit) { return hit.distance == kNoDistance; });
}

absl::Status MinHashIndex::Check(const Queries& queries, std::size_t nq,
                                 const SearchParams& params) const {
  RETURN_IF_ERROR(
      CheckQueries(queries, types::DataType::kBinaryVector, dim(), nq));
  return CheckJaccard(params, !vectors_.empty() || size() == 0);
}

absl::Status MinHashIndex::Search(const base::OpContext& ctx,
                                  const SearchQuery& query,
                                  const SearchOutput& out) const {
  RETURN_IF_ERROR(Check(query.queries, query.nq, query.params));
  RETURN_IF_ERROR(CheckRoom(query, out));
  const std::size_t rows =
      std::max(query.params.refine_rows, 2 * query.k + kRankedRows);
  for (std::size_t q = 0; q < query.nq; ++q) {
    ASSIGN_OR_RETURN(const std::vector<Neighbor> hits,
                     Ranked(ctx, BytesOf(query.queries.One(q, dim())),
                            query.excluded, query.params, rows));
    TopK best(query.k);
    for (const Neighbor& hit : hits) best.Offer(hit);
    PutHits(best.TakeSorted(), q, query.k, out);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Neighbor>> MinHashIndex::RangeSearch(
    const base::OpContext& ctx, const RangeQuery& query) const {
  RETURN_IF_ERROR(Check(query.query, 1, query.params));
  ASSIGN_OR_RETURN(const std::vector<Neighbor> hits,
                   Ranked(ctx, BytesOf(query.query), query.excluded,
                          query.params, kAllRows));
  TopK best(query.limit);
  for (const Neighbor& hit : hits) {
    if (query.Holds(hit.distance)) best.Offer(hit);
  }
  return best.TakeSorted();
}

absl::StatusOr<std::unique_ptr<VectorIterator>> MinHashIndex::Iterate(
    const IterateQuery& query) const {
  RETURN_IF_ERROR(Check(query.query, 1, query.params));
  const auto bits = query.query.bits();
  return std::make_unique<ScanIterator>(
      [this, own = std::vector(bits.begin(), bits.end()),
       excluded = query.excluded,
       params = query.params](const base::OpContext& ctx) {
        return Ranked(ctx, reinterpret_cast<const std::uint8_t*>(own.data()),
                      excluded, params, kAllRows);
      });
}

absl::StatusOr<std::vector<IndexFile>> MinHashIndex::Save() const {
  return std::vector<IndexFile>{{std::string(kFileName), file_.bytes()}};
}

}  // namespace elanus::index
