#include "index/vector/auto_index.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "index/testing/plain_recall_test.h"
#include "index/vector/build_memory.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr std::size_t kDim = 16;

IndexSpec AutoSpec(MetricType metric) {
  return *ParseIndexSpec({.type_name = "AUTOINDEX",
                          .metric_name = types::NameOf(metric),
                          .dim = kDim});
}

TEST(AutoIndexTest, IsAGraphOnSmallSegmentsAndWhereOneWasAskedFor) {
  const IndexSpec spec = AutoSpec(MetricType::kL2);
  EXPECT_FALSE(ListsInPlaceOf(spec, 30000).has_value());
  const auto lists = ListsInPlaceOf(spec, 100000);
  ASSERT_TRUE(lists.has_value());
  EXPECT_EQ(lists->type, IndexType::kScann);
  EXPECT_TRUE(lists->is_auto);
  EXPECT_LE(ListsInPlaceOf(spec, std::size_t{1} << 31)->ivf.nlist, 65536U);
  const auto graph =
      ParseIndexSpec({.type_name = "HNSW", .metric_name = "L2", .dim = kDim});
  EXPECT_FALSE(ListsInPlaceOf(*graph, 100000).has_value());
}

TEST(AutoIndexTest, ABuildHasMemoryForBothWhereItMayTryBoth) {
  const auto need = [](std::size_t rows) {
    const VectorBlock block = {.rows = rows};
    return BuildMemory(AutoSpec(MetricType::kL2),
                       {.blocks = std::span(&block, 1), .dim = kDim}, {});
  };
  // The vectors stand in both files.
  EXPECT_GE(need(40000), 2 * need(20000) + 40000 * kDim * sizeof(float));
}

// Lists as an AUTOINDEX makes them, on few rows.
struct SmallLists {
  std::vector<float> vectors = RandomVectors(6000, kDim, 1);
  std::vector<float> queries = RandomVectors(60, kDim, 2);
  std::unique_ptr<VectorIndex> index;

  explicit SmallLists(MetricType metric) {
    IndexSpec spec = AutoSpec(metric);
    spec.type = IndexType::kScann;
    spec.ivf = {.nlist = 150, .refine = RefineType::kFp32};
    const VectorBlock block = {.data = vectors.data(), .rows = 6000};
    auto built = BuildIndex(base::OpContext(), spec,
                            {.blocks = std::span(&block, 1), .dim = kDim}, {});
    EXPECT_TRUE(built.ok()) << built.status();
    index = std::move(*built);
  }

  double Recall(MetricType metric, const ParamMap& params) const {
    const auto parsed = ParseSearchParams(index->type(), params, 10);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return RecallOf(*index, metric, vectors, queries, kDim, *parsed);
  }
};

TEST(AutoIndexTest, ListsFindWhatIsAskedForInEachWay) {
  for (const MetricType metric :
       {MetricType::kL2, MetricType::kIp, MetricType::kCosine}) {
    const SmallLists lists(metric);
    EXPECT_NEAR(lists.Recall(metric, {}), 0.95, 0.04);
    EXPECT_NEAR(lists.Recall(metric, {{"level", "3"}}), 0.95, 0.04);
    EXPECT_NEAR(lists.Recall(metric, {{"nprobe", "1"}}), 0.95, 0.04);
    EXPECT_NEAR(lists.Recall(metric, {{"target_recall", "0.8"}}), 0.8, 0.06);
    EXPECT_GE(lists.Recall(metric, {{"target_recall", "0.99"}}), 0.96);
    EXPECT_GE(lists.Recall(metric, {{"ef", "64"}}), 0.92);
    EXPECT_GE(lists.Recall(metric, {{"ef", "512"}}), 0.96);
  }
}

TEST(AutoIndexTest, ListsFindNearlyAllInARangeAndUnderFilters) {
  const SmallLists lists(MetricType::kL2);
  const auto query = std::span(lists.queries).first(kDim);
  const auto truth = PlainSearch(MetricType::kL2, lists.vectors, query, {});
  const auto params = ParseRangeSearchParams(lists.index->type(), {});
  ASSERT_TRUE(params.ok()) << params.status();
  const auto found = lists.index->RangeSearch(
      base::OpContext(),
      {.query = query, .below = truth[50].distance, .params = *params});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_GE(found->size(), 44U);
  for (const double out : {0.3, 0.9, 0.99}) {
    const auto excluded = RandomExcluded(6000, out, 3);
    EXPECT_GE(RecallOf(*lists.index, MetricType::kL2, lists.vectors,
                       lists.queries, kDim, {}, excluded.view()),
              0.93)
        << out;
  }
}

}  // namespace
}  // namespace elanus::index
