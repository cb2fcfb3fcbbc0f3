#include "index/vector/interim/interim_graph.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "index/vector/interim/interim_data_test.h"
#include "index/vector/metric_kernels.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr std::size_t kEf = 64;

// A graph as a segment keeps it: made anew whenever it is outgrown.
class Grower {
 public:
  Grower(const Data& data, MetricType metric) : data_(data), metric_(metric) {}

  void GrowTo(std::size_t rows) {
    const std::size_t begin = graph_ == nullptr ? 0 : graph_->size();
    const VectorBlock added = {.data = data_.vectors.data() + begin * data_.dim,
                               .rows = rows - begin};
    if (graph_ == nullptr || graph_->IsOutgrownBy({&added, 1})) {
      const VectorBlock block = data_.Block(rows);
      auto graph = InterimGraph::Make(
          {}, metric_, {.blocks = std::span(&block, 1), .dim = data_.dim},
          graph_.get());
      ASSERT_TRUE(graph.ok()) << graph.status();
      graph_ = *std::move(graph);
      ++graphs_;
    }
    ASSERT_TRUE(graph_->Add({}, added.floats(), added.rows).ok());
    graph_->Publish();
  }

  std::vector<Neighbor> Ask(std::span<const float> one, std::size_t k,
                            std::size_t end, types::BitsetView excluded = {},
                            std::size_t ef = kEf,
                            float limit = kNoDistance) const {
    std::vector<float> storage;
    const auto bound = BindQueries(metric_, one, one.size(), storage);
    auto hits = graph_->Search({}, graph_->Snapshot(), std::max(k, ef),
                               {.query = bound.data(),
                                .k = k,
                                .end = end,
                                .excluded = excluded,
                                .limit = limit});
    EXPECT_TRUE(hits.ok()) << hits.status();
    return *std::move(hits);
  }

  // Of the ten nearest rows.
  double Recall(std::span<const float> queries, types::BitsetView excluded = {},
                std::size_t ef = kEf) const {
    const std::size_t nq = queries.size() / data_.dim;
    double found = 0;
    for (std::size_t q = 0; q < nq; ++q) {
      const auto one = queries.subspan(q * data_.dim, data_.dim);
      found += Share(Ask(one, 10, graph_->size(), excluded, ef),
                     Scan(data_, metric_, one, graph_->size(), 10, excluded));
    }
    return found / static_cast<double>(nq);
  }

  InterimGraph& graph() { return *graph_; }
  int graphs() const { return graphs_; }

 private:
  const Data& data_;
  const MetricType metric_;
  std::unique_ptr<InterimGraph> graph_;
  int graphs_ = 0;
};

std::vector<std::uint32_t> RowsOf(const std::vector<Neighbor>& hits) {
  std::vector<std::uint32_t> rows;
  for (const Neighbor& hit : hits) rows.push_back(hit.row);
  return rows;
}

TEST(InterimGraphTest, FindsNearlyAllOfItsRowsAtEverySizeAlsoUnderAFilter) {
  const Data data = {Clustered(20000, 24, 1), 24};
  const auto queries = Clustered(60, 24, 2);
  for (const MetricType metric : kMetrics) {
    Grower grower(data, metric);
    for (const std::size_t rows : {100, 2100, 4000, 9000, 20000}) {
      grower.GrowTo(rows);
      EXPECT_EQ(grower.graph().size(), rows);
      const auto excluded = RandomExcluded(rows, 0.8, 3);
      EXPECT_GT(grower.Recall(queries), 0.95) << rows;
      EXPECT_GT(grower.Recall(queries, excluded.view()), 0.95) << rows;
    }
    EXPECT_GT(grower.graphs(), 1);
  }
}

// Rows without any structure are the hardest: with 64 candidates walks find
// less than the usual share, and the graph knows it.
TEST(InterimGraphTest, KnowsHowFarToGoOnHardDataAndOnEasyData) {
  constexpr std::size_t kDim = 96;
  const Data hard = {RandomVectors(12000, kDim, 21), kDim};
  const auto queries = RandomVectors(60, kDim, 22);
  for (const MetricType metric : {MetricType::kL2, MetricType::kCosine}) {
    Grower grower(hard, metric);
    for (std::size_t rows = 1000; rows <= 12000; rows += 1000) {
      grower.GrowTo(rows);
    }
    EXPECT_LT(grower.Recall(queries), 0.8);
    const std::size_t widened = grower.graph().EffortFor({.ef = 64}, 10).ef;
    EXPECT_GT(widened, 100U);
    EXPECT_GT(grower.Recall(queries, {}, widened), 0.92);
    const Effort usual = grower.graph().EffortFor({}, 10);
    EXPECT_EQ(usual.recall, 0.95);
    EXPECT_GT(grower.Recall(queries, {}, usual.ef), 0.89);
    // Other numbers of hits want as many candidates more.
    EXPECT_EQ(grower.graph().EffortFor({}, 50).ef, usual.ef + 40);
    EXPECT_GT(grower.graph().EffortFor({.target_recall = 0.99F}, 10).ef,
              usual.ef);
  }
  const Data easy = {Clustered(6000, 24, 1), 24};
  Grower grower(easy, MetricType::kL2);
  for (std::size_t rows = 1000; rows <= 6000; rows += 1000) grower.GrowTo(rows);
  EXPECT_EQ(grower.graph().EffortFor({.ef = 64}, 10).ef, 64U);
  EXPECT_LE(grower.graph().EffortFor({}, 10).ef, 64U);
}

TEST(InterimGraphTest, AsksForWhatIsUsualBeforeItKnows) {
  const Data data = {Clustered(1500, 24, 1), 24};
  Grower grower(data, MetricType::kL2);
  grower.GrowTo(1500);
  const InterimGraph& graph = grower.graph();
  EXPECT_EQ(graph.EffortFor({}, 10).ef, 64U);
  EXPECT_EQ(graph.EffortFor({}, 100).ef, 154U);
  EXPECT_EQ(graph.EffortFor({.ef = 30}, 10).ef, 30U);
  EXPECT_EQ(graph.EffortFor({.ef = 5}, 10).ef, 10U);
  EXPECT_EQ(graph.EffortFor({.target_recall = 0.9F}, 10).ef, 32U);
}

TEST(InterimGraphTest, HitsWithinALimitAreThoseWithoutOne) {
  const Data data = {Clustered(5000, 24, 1), 24};
  const auto queries = Clustered(30, 24, 2);
  for (const MetricType metric : kMetrics) {
    Grower grower(data, metric);
    grower.GrowTo(5000);
    for (const double out : {0.0, 0.999}) {
      const auto excluded = RandomExcluded(5000, out, 3);
      for (std::size_t q = 0; q < 30; ++q) {
        const auto one = std::span(queries).subspan(q * 24, 24);
        const auto ask = [&](float limit) {
          return grower.Ask(one, 10, 5000, excluded.view(), kEf, limit);
        };
        const std::vector<Neighbor> all = ask(kNoDistance);
        const std::size_t near = q % std::min<std::size_t>(4, all.size());
        const std::vector<Neighbor> some = ask(all[near].distance);
        ASSERT_GT(some.size(), near);
        for (std::size_t i = 0; i <= near; ++i) {
          EXPECT_FLOAT_EQ(some[i].distance, all[i].distance);
        }
      }
    }
  }
}

TEST(InterimGraphTest, IsExactWhereFewRowsAreInOrManyAreAskedFor) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 30; ++round) {
    const std::size_t dim = 1 + random() % 50;
    const Data data = {RandomVectors(1 + random() % 1500, dim, random()), dim};
    Grower grower(data, kMetrics[round % 3]);
    grower.GrowTo(data.rows());
    const auto query = RandomVectors(1, dim, random());
    const auto excluded = RandomExcluded(data.rows(), 0.98, random());
    const std::size_t many = data.rows() / 2 + 1;
    EXPECT_EQ(RowsOf(grower.Ask(query, 10, data.rows(), excluded.view())),
              RowsOf(Scan(data, kMetrics[round % 3], query, data.rows(), 10,
                          excluded.view())));
    EXPECT_EQ(
        RowsOf(grower.Ask(query, many, data.rows())),
        RowsOf(Scan(data, kMetrics[round % 3], query, data.rows(), many, {})));
  }
}

TEST(InterimGraphTest, RowsFromTheEndOnAreNotFound) {
  const Data data = {Clustered(3000, 16, 5), 16};
  Grower grower(data, MetricType::kL2);
  grower.GrowTo(3000);
  const auto excluded = RandomExcluded(3000, 0.3, 6);
  const auto queries = Clustered(20, 16, 7);
  for (const std::size_t end : {1, 64, 1000, 2999}) {
    for (std::size_t q = 0; q < 20; ++q) {
      const auto one = std::span(queries).subspan(q * 16, 16);
      const auto hits = grower.Ask(one, 10, end, excluded.view());
      const auto want = Scan(data, MetricType::kL2, one, end, 10,
                             {excluded.view().words(), end});
      EXPECT_EQ(hits.size(), want.size());
      for (const Neighbor& hit : hits) {
        EXPECT_LT(hit.row, end);
        EXPECT_FALSE(excluded.Test(hit.row));
      }
    }
  }
}

TEST(InterimGraphTest, ManyEqualRowsHideNoOther) {
  Data data = {Clustered(6000, 16, 8), 16};
  // Every other row is the same.
  for (std::size_t row = 0; row < 6000; row += 2) {
    std::copy_n(data.vectors.data(), 16, data.vectors.data() + row * 16);
  }
  for (const MetricType metric : {MetricType::kL2, MetricType::kCosine}) {
    Grower grower(data, metric);
    for (std::size_t rows = 500; rows <= 6000; rows += 500) grower.GrowTo(rows);
    const auto queries = Clustered(60, 16, 9);
    EXPECT_GT(grower.Recall(queries), 0.95);
    // All of them are there, and found like any other.
    const auto hits = grower.Ask(std::span(data.vectors).first(16), 2000, 6000);
    EXPECT_EQ(hits.size(), 2000U);
    for (const Neighbor& hit : hits) EXPECT_EQ(hit.row % 2, 0U);
    // Where the first of them are out, others are not.
    types::Bitset excluded(6000);
    for (std::size_t row = 0; row < 5000; row += 2) excluded.Set(row);
    for (const Neighbor& hit : grower.Ask(std::span(data.vectors).first(16), 10,
                                          6000, excluded.view())) {
      EXPECT_GE(hit.row, 5000U);
    }
  }
}

TEST(InterimGraphTest, RowsUnlikeTheFirstOnesHaveItsCodesFittedAnew) {
  Data data = {Clustered(6000, 24, 10), 24};
  for (std::size_t i = 3000 * 24; i < data.vectors.size(); ++i) {
    data.vectors[i] = data.vectors[i] * 10 + 40;
  }
  Grower grower(data, MetricType::kL2);
  grower.GrowTo(3000);
  for (std::size_t rows = 3100; rows <= 5000; rows += 100) grower.GrowTo(rows);
  // There was room for 6,000.
  EXPECT_EQ(grower.graphs(), 2);
  const auto later = std::span(data.vectors).subspan(5500 * 24, 60 * 24);
  EXPECT_GT(grower.Recall(later), 0.95);
  EXPECT_GT(grower.Recall(std::span(data.vectors).first(60 * 24)), 0.95);
}

TEST(InterimGraphTest, RowsWithoutANumberOrWithAHugeOneHurtNoOther) {
  Data data = {RandomVectors(3000, 12, 11), 12};
  data.vectors[17 * 12 + 3] = std::numeric_limits<float>::quiet_NaN();
  data.vectors[18 * 12 + 3] = 3e19F;
  data.vectors[19 * 12] = std::numeric_limits<float>::infinity();
  for (const MetricType metric : kMetrics) {
    Grower grower(data, metric);
    grower.GrowTo(2000);
    grower.GrowTo(3000);
    EXPECT_GT(grower.Recall(RandomVectors(60, 12, 12)), 0.95);
  }
}

TEST(InterimGraphTest, SearchesSeeAllThatWasPublishedBeforeTheyBegan) {
  const Data data = {Clustered(8000, 8, 13), 8};
  const VectorBlock block = data.Block(data.rows());
  const auto graph = *InterimGraph::Make(
      {}, MetricType::kL2, {.blocks = std::span(&block, 1), .dim = 8}, nullptr);
  std::atomic<bool> done{false};
  std::atomic<std::size_t> missed{0};
  std::atomic<std::size_t> asked{0};
  const auto search = [&](std::size_t seed) {
    std::mt19937_64 random(seed);
    while (!done.load()) {
      const HnswGraph now = graph->Snapshot();
      if (now.rows == 0) continue;
      const std::size_t row = random() % now.rows;
      const auto hits = graph->Search(
          {}, now, kEf,
          {.query = &data.vectors[row * 8], .k = 3, .end = now.rows});
      ASSERT_TRUE(hits.ok());
      ASSERT_EQ(hits->size(), std::min<std::size_t>(3, now.rows));
      ++asked;
      if (hits->front().row != row) ++missed;
      for (const Neighbor& hit : *hits) EXPECT_LT(hit.row, now.rows);
    }
  };
  std::thread first(search, 1);
  std::thread second(search, 2);
  for (std::size_t row = 0; row < data.rows(); row += 50) {
    ASSERT_TRUE(graph->Add({}, data.vectors.data() + row * 8, 50).ok());
    graph->Publish();
  }
  done = true;
  first.join();
  second.join();
  EXPECT_LE(missed.load(), 1 + asked.load() / 50);
}

}  // namespace
}  // namespace elanus::index
