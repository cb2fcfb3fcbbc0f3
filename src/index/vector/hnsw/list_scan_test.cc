#include "index/vector/hnsw/list_scan.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "index/testing/random_vectors.h"
#include "index/vector/hnsw/exact_scan.h"
#include "index/vector/hnsw/graph_search.h"
#include "index/vector/hnsw/layout.h"
#include "index/vector/hnsw/row_lists.h"
#include "index/vector/hnsw/row_sketches.h"
#include "index/vector/query_check.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr std::size_t kDim = 64;
constexpr std::size_t kRows = 10000;
constexpr std::size_t kClusters = 80;
constexpr std::size_t kQueries = 40;

// Rows around some centers; queries come from there, too.
std::vector<float> Clustered(std::size_t rows, std::uint64_t seed) {
  const std::vector<float> centers = RandomVectors(kClusters, kDim, 1);
  std::vector<float> vectors = RandomVectors(rows, kDim, seed);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* const center = centers.data() + i * 7 % kClusters * kDim;
    for (std::size_t d = 0; d < kDim; ++d) vectors[i * kDim + d] += center[d];
  }
  return vectors;
}

std::vector<IndexFile> FilesOf(const std::vector<float>& vectors,
                               MetricType metric, IndexType type,
                               const BuildOptions& options = {}) {
  const VectorBlock block = {.data = vectors.data(),
                             .rows = vectors.size() / kDim};
  const auto index =
      BuildIndex(base::OpContext(),
                 {.type = type,
                  .metric = metric,
                  .dim = kDim,
                  .hnsw = {.m = 16, .ef_construction = 16}},
                 {.blocks = std::span(&block, 1), .dim = kDim}, options);
  EXPECT_TRUE(index.ok()) << index.status();
  return *(*index)->Save();
}

// Made once for all tests of a metric.
const std::vector<IndexFile>& SharedFiles(MetricType metric) {
  static std::map<MetricType, std::vector<IndexFile>> files;
  auto [at, is_new] = files.try_emplace(metric);
  if (is_new) {
    at->second = FilesOf(Clustered(kRows, 2), metric, IndexType::kHnsw);
  }
  return at->second;
}

std::vector<Neighbor> Numbered(const HnswGraph& graph, TopK& best) {
  std::vector<Neighbor> hits = best.TakeSorted();
  for (Neighbor& hit : hits) hit.row = graph.order.NumberOf(hit.row);
  return hits;
}

class ListScanTest : public testing::TestWithParam<MetricType> {
 protected:
  ListScanTest()
      : vectors_(Clustered(kRows, 2)),
        queries_(Clustered(kQueries, 3)),
        file_(*IndexFileReader::Open(SharedFiles(GetParam())[0], true)),
        sketches_(*RowSketches::Open(file_)),
        graph_(*GraphIn(file_)),
        scratch_(kRows) {
    graph_.sketches = sketches_.get();
    lists_ = *RowLists::Open(file_, graph_);
    graph_.lists = lists_.get();
  }

  std::vector<Neighbor> Search(std::size_t q, const ListPlan& plan,
                               types::BitsetView excluded) {
    std::vector<float> storage;
    const auto bound = BindQueries(GetParam(), Query(q), kDim, storage);
    TopK best(10);
    const absl::Status status =
        ListScan(base::OpContext(), graph_, bound.data(), plan, excluded,
                 scratch_, best);
    EXPECT_TRUE(status.ok()) << status;
    return Numbered(graph_, best);
  }

  std::span<const float> Query(std::size_t q) const {
    return std::span(queries_).subspan(q * kDim, kDim);
  }

  ListPlan PlanFor(double recall, const types::Bitset& excluded) const {
    return PlanLists(graph_, {.recall = recall,
                              .k = 10,
                              .passing = kRows - excluded.view().Count()});
  }

  // Of the ten nearest; each hit must pass, be there once, and have its true
  // distance.
  double RecallOf(double recall, const types::Bitset& excluded) {
    const ListPlan plan = PlanFor(recall, excluded);
    std::size_t right = 0;
    for (std::size_t q = 0; q < kQueries; ++q) {
      const auto truth =
          PlainSearch(GetParam(), vectors_, Query(q), excluded.view());
      std::set<std::uint32_t> nearest;
      for (std::size_t i = 0; i < 10; ++i) nearest.insert(truth[i].row);
      std::set<std::uint32_t> found;
      float before = -kNoDistance;
      for (const Neighbor& hit : Search(q, plan, excluded.view())) {
        EXPECT_FALSE(excluded.Test(hit.row));
        EXPECT_TRUE(found.insert(hit.row).second) << hit.row;
        EXPECT_GE(hit.distance, before);
        EXPECT_NEAR(static_cast<double>(hit.distance),
                    PlainDistance(GetParam(), Query(q).data(),
                                  vectors_.data() + hit.row * kDim, kDim),
                    1e-2);
        before = hit.distance;
        right += nearest.count(hit.row);
      }
      EXPECT_EQ(found.size(), 10U);
    }
    return static_cast<double>(right) / (10 * kQueries);
  }

  const std::vector<float> vectors_;
  const std::vector<float> queries_;
  const IndexFileReader file_;
  const std::unique_ptr<RowSketches> sketches_;
  std::unique_ptr<RowLists> lists_;
  HnswGraph graph_;
  WalkScratch scratch_;
};

// Forty queries tell a share within a few hundredths.
TEST_P(ListScanTest, FindsTheShareThatItIsAskedForWhateverTheFilter) {
  for (const double out : {0.1, 0.8, 0.95}) {
    const types::Bitset excluded = RandomExcluded(kRows, out, 7);
    for (const double recall : {0.8, 0.95}) {
      EXPECT_GE(RecallOf(recall, excluded), recall - 0.03)
          << recall << " asked for, out " << out;
    }
  }
}

// Only what is near the first row passes; most queries are elsewhere.
TEST_P(ListScanTest, LooksFurtherUnderAFilterThatGoesWithTheVectors) {
  const auto rows =
      PlainSearch(GetParam(), vectors_, std::span(vectors_).first(kDim), {});
  types::Bitset excluded(kRows, true);
  for (std::size_t i = 0; i < kRows / 10; ++i) excluded.Clear(rows[i].row);
  // Without going further .65.
  EXPECT_GE(RecallOf(0.8, excluded), 0.69);
}

TEST_P(ListScanTest, GoesOnWhereNothingNearTheQueryPasses) {
  for (std::size_t q = 0; q < kQueries; ++q) {
    const auto all = PlainSearch(GetParam(), vectors_, Query(q), {});
    types::Bitset excluded(kRows);
    for (std::size_t i = 0; i < kRows * 8 / 10; ++i) excluded.Set(all[i].row);
    const auto hits = Search(q, PlanFor(0.95, excluded), excluded.view());
    ASSERT_EQ(hits.size(), 10U);
    for (const Neighbor& hit : hits) EXPECT_FALSE(excluded.Test(hit.row));
  }
}

TEST_P(ListScanTest, GivesAllThatPassWhereTheyAreFewerThanAreAskedFor) {
  types::Bitset excluded(kRows, true);
  for (const std::size_t row : {5, 5000, 9999}) excluded.Clear(row);
  const auto hits = Search(0, PlanFor(0.95, excluded), excluded.view());
  std::set<std::uint32_t> found;
  for (const Neighbor& hit : hits) found.insert(hit.row);
  EXPECT_EQ(found, (std::set<std::uint32_t>{5, 5000, 9999}));
}

TEST_P(ListScanTest, ACancelledSearchEnds) {
  const base::OpContext ctx;
  ctx.Cancel();
  const types::Bitset excluded = RandomExcluded(kRows, 0.8, 7);
  TopK best(10);
  EXPECT_EQ(base::CodeOf(ListScan(ctx, graph_, queries_.data(),
                                  PlanFor(0.95, excluded), excluded.view(),
                                  scratch_, best)),
            base::ErrorCode::kCancelled);
}

TEST_P(ListScanTest, WalksAreForManyThatPassScansForFewAndListsForTheRest) {
  const auto way = [this](std::size_t passing, std::size_t ef) {
    GraphPlan plan = PlanSearch(graph_, ef, 10, passing);
    plan.lists =
        PlanLists(graph_, {.recall = 0.95, .k = 10, .passing = passing});
    return WayOf(graph_, plan);
  };
  EXPECT_EQ(way(100, 100), SearchWay::kScan);
  // Under IP the longest rows are nearest, whichever list they are in.
  if (GetParam() != MetricType::kIp) {
    EXPECT_EQ(way(kRows * 6 / 10, 60), SearchWay::kLists);
  }
  EXPECT_EQ(way(kRows, 5), SearchWay::kWalk);
}

TEST_P(ListScanTest, AScanOfFewRowsMayCostATouchMoreThanASearchOfAll) {
  HnswGraph graph = graph_;
  graph.rows = 100000;
  GraphPlan plan{.k = 10, .passing = 20000, .ef = 1000, .scan_cost = 129};
  plan.lists = {.probes = 1, .cost = 1};
  plan.unfiltered_cost = 100;
  EXPECT_EQ(WayOf(graph, plan), SearchWay::kScan);
  plan.scan_cost = 140;
  EXPECT_EQ(WayOf(graph, plan), SearchWay::kLists);
  plan.scan_cost = 129;
  plan.passing = 20001;
  EXPECT_EQ(WayOf(graph, plan), SearchWay::kLists);
  // Without a filter what is cheaper is done.
  graph.rows = plan.passing = 20000;
  EXPECT_EQ(WayOf(graph, plan), SearchWay::kLists);
}

INSTANTIATE_TEST_SUITE_P(Metrics, ListScanTest,
                         testing::Values(MetricType::kL2, MetricType::kIp,
                                         MetricType::kCosine),
                         [](const auto& metric) {
                           return std::string(types::NameOf(metric.param));
                         });

bool HasLists(const std::vector<IndexFile>& files) {
  const auto file = IndexFileReader::Open(files[0], true);
  EXPECT_TRUE(file.ok()) << file.status();
  return !file->Bytes(Section::kListReach).empty();
}

TEST(RowListsTest, AreThereForManyRowsThatAreWalkedByBytes) {
  EXPECT_TRUE(HasLists(SharedFiles(MetricType::kL2)));
  EXPECT_FALSE(
      HasLists(FilesOf(Clustered(1500, 2), MetricType::kL2, IndexType::kHnsw)));
}

TEST(RowListsTest, AreTheSameForAnyNumberOfThreads) {
  const std::vector<float> vectors = Clustered(kRows, 2);
  base::ThreadPool pool({.name = "build", .threads = 3});
  const auto& one = SharedFiles(MetricType::kL2);
  const auto four = FilesOf(vectors, MetricType::kL2, IndexType::kHnsw,
                            {.executor = &pool, .max_threads = 4});
  pool.Stop();
  const auto a = IndexFileReader::Open(one[0], true);
  const auto b = IndexFileReader::Open(four[0], true);
  for (const Section section :
       {Section::kListReach, Section::kCentroids, Section::kListOffsets,
        Section::kListRows, Section::kRowPositions, Section::kVectors}) {
    EXPECT_TRUE(std::ranges::equal(a->Bytes(section), b->Bytes(section)))
        << static_cast<int>(section);
  }
}

// The shared file with one number of a section changed.
IndexFileReader Changed(Section section, std::size_t at, std::uint32_t value) {
  const auto& files = SharedFiles(MetricType::kL2);
  const auto file = IndexFileReader::Open(files[0], true);
  std::string bytes(files[0].bytes.view());
  const auto begin = reinterpret_cast<const char*>(file->Bytes(section).data() +
                                                   at * sizeof(value));
  std::memcpy(bytes.data() + (begin - files[0].bytes.view().data()), &value,
              sizeof(value));
  return *IndexFileReader::Open({"hnsw", base::Buffer::FromString(bytes)},
                                false);
}

TEST(OrderedFileTest, ARowThatDoesNotLieWhereItIsSaidToIsDamage) {
  const auto file =
      IndexFileReader::Open(SharedFiles(MetricType::kL2)[0], true);
  const auto rows = *file->Array<std::uint32_t>(Section::kListRows, kRows);
  const auto positions =
      *file->Array<std::uint32_t>(Section::kRowPositions, kRows);
  const auto open = [&](Section section, std::size_t at, std::uint32_t value) {
    return GraphIn(Changed(section, at, value)).status();
  };
  EXPECT_TRUE(open(Section::kRowPositions, 1, positions[1]).ok());
  EXPECT_TRUE(absl::IsDataLoss(open(Section::kRowPositions, 1, positions[0])));
  EXPECT_TRUE(absl::IsDataLoss(open(Section::kRowPositions, 1, kRows)));
  EXPECT_TRUE(absl::IsDataLoss(open(Section::kListRows, 1, rows[0])));
  EXPECT_TRUE(absl::IsDataLoss(open(Section::kListRows, 1, kRows)));
}

// Each file as one of version 3, of rows that are numbered as they lie in it:
// with sketches in some order or not.
IndexFile OldFile(bool with_positions) {
  const auto file =
      IndexFileReader::Open(SharedFiles(MetricType::kL2)[0], true);
  std::vector<SectionSize> sections;
  for (std::uint32_t number = 1; number < 100; ++number) {
    const auto section = static_cast<Section>(number);
    if (!file->Has(section)) continue;
    if (section == Section::kRowPositions && !with_positions) continue;
    sections.push_back({section, file->Bytes(section).size()});
  }
  IndexFileInfo info = file->info();
  info.version = 3;
  IndexFileWriter old(info, sections);
  for (const SectionSize& at : sections) {
    std::ranges::copy(file->Bytes(at.section), old.section(at.section).begin());
  }
  return {"hnsw", std::move(old).Finish()};
}

// The rows of the shared file as they lie in it.
std::vector<float> RowsAsTheyLie() {
  const auto file =
      IndexFileReader::Open(SharedFiles(MetricType::kL2)[0], true);
  const auto rows = *file->Array<float>(Section::kVectors, kRows * kDim);
  return {rows.begin(), rows.end()};
}

TEST(OrderedFileTest, AnOlderFileIsScannedByItsSketchesAndHasNoLists) {
  const auto file = IndexFileReader::Open(OldFile(false), true);
  const auto sketches = *RowSketches::Open(*file);
  ASSERT_NE(sketches, nullptr);
  HnswGraph graph = *GraphIn(*file);
  EXPECT_FALSE(graph.order.is_given());
  graph.sketches = sketches.get();
  const auto lists = RowLists::Open(*file, graph);
  ASSERT_TRUE(lists.ok()) << lists.status();
  EXPECT_EQ(*lists, nullptr);

  const std::vector<float> vectors = RowsAsTheyLie();
  const std::vector<float> queries = Clustered(kQueries, 3);
  const types::Bitset excluded = RandomExcluded(kRows, 0.5, 7);
  const PassingRows passing = {.excluded = excluded.view(),
                               .count = kRows - excluded.Count()};
  WalkScratch scratch(kRows);
  for (std::size_t q = 0; q < kQueries; ++q) {
    const auto query = std::span(queries).subspan(q * kDim, kDim);
    TopK best(10);
    const absl::Status status = ExactScan(base::OpContext(), graph,
                                          query.data(), passing, scratch, best);
    ASSERT_TRUE(status.ok()) << status;
    const auto expected =
        PlainSearch(MetricType::kL2, vectors, query, excluded.view());
    const auto found = best.TakeSorted();
    for (std::size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(found[i].row, expected[i].row) << q;
    }
  }
}

TEST(OrderedFileTest,
     AnOlderFileWhoseSketchesHaveAnOrderIsSearchedWithoutThem) {
  const auto file = IndexFileReader::Open(OldFile(true), true);
  const auto sketches = RowSketches::Open(*file);
  ASSERT_TRUE(sketches.ok()) << sketches.status();
  EXPECT_EQ(*sketches, nullptr);
  const auto index = LoadIndex({OldFile(true)}, {});
  ASSERT_TRUE(index.ok()) << index.status();
  const std::vector<float> vectors = RowsAsTheyLie();
  std::size_t found = 0;
  for (std::size_t row = 0; row < kRows; row += 100) {
    float distance = -1;
    std::uint32_t hit = 0;
    ASSERT_TRUE(
        (*index)
            ->Search(base::OpContext(),
                     {.queries = std::span(vectors).subspan(row * kDim, kDim),
                      .nq = 1,
                      .k = 1,
                      .params = {.ef = 200}},
                     {.distances = std::span(&distance, 1),
                      .rows = std::span(&hit, 1)})
            .ok());
    found += hit == row ? 1 : 0;
  }
  EXPECT_GE(found, 95U);
}

TEST(RowListsTest, AReachThatFallsOrListsOutOfOrderAreDamage) {
  const auto& files = SharedFiles(MetricType::kL2);
  const auto file = IndexFileReader::Open(files[0], true);
  const auto open = [&](Section section, std::size_t at, std::uint32_t value) {
    const auto reader =
        std::make_unique<IndexFileReader>(Changed(section, at, value));
    const auto sketches = *RowSketches::Open(*reader);
    HnswGraph graph = *GraphIn(*reader);
    graph.sketches = sketches.get();
    return RowLists::Open(*reader, graph).status();
  };
  const auto rows = *file->Array<std::uint32_t>(Section::kListRows, kRows);
  EXPECT_TRUE(open(Section::kListRows, 1, rows[1]).ok());
  EXPECT_TRUE(absl::IsDataLoss(open(Section::kListReach, 0, 77)));
  EXPECT_TRUE(absl::IsDataLoss(open(Section::kListReach, 15, 0)));
  EXPECT_TRUE(absl::IsDataLoss(open(Section::kListReach, 15, 1U << 31)));
  EXPECT_TRUE(absl::IsDataLoss(open(Section::kListOffsets, 1, kRows + 1)));
  // What lists lead to has to be there.
  HnswGraph bare = *GraphIn(*file);
  EXPECT_TRUE(absl::IsDataLoss(RowLists::Open(*file, bare).status()));
  const auto sketches = *RowSketches::Open(*file);
  bare.sketches = sketches.get();
  bare.code_errors = nullptr;
  EXPECT_TRUE(absl::IsDataLoss(RowLists::Open(*file, bare).status()));
  bare = *GraphIn(*file);
  bare.sketches = sketches.get();
  EXPECT_TRUE(RowLists::Open(*file, bare).ok());
  bare.order = {};
  EXPECT_TRUE(absl::IsDataLoss(RowLists::Open(*file, bare).status()));
}

}  // namespace
}  // namespace elanus::index
