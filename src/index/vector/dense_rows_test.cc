// Every dense type through brute force, FLAT and an index that computes in
// float32.
#include "index/vector/dense_rows.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "index/testing/narrow_vectors.h"
#include "index/testing/random_vectors.h"
#include "index/vector/brute_force.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::DataType;
using types::MetricType;

constexpr std::size_t kDim = 37;
constexpr std::size_t kRows = 500;
constexpr std::size_t kNq = 5;
constexpr std::size_t kK = 10;

struct Case {
  DataType type;
  MetricType metric;
};

struct Hits {
  std::vector<float> distances = std::vector<float>(kNq * kK);
  std::vector<std::uint32_t> rows = std::vector<std::uint32_t>(kNq * kK);
  SearchOutput out() { return {.distances = distances, .rows = rows}; }
};

class DenseTypeTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    vectors_ = RandomDense(GetParam().type, kRows, kDim, 3);
    queries_ = RandomDense(GetParam().type, kNq, kDim, 4).values;
    excluded_ = RandomExcluded(kRows, 0.3, 5);
    block_ = vectors_.block(kDim);
  }

  VectorDataset dataset() const {
    return {
        .blocks = std::span(&block_, 1), .dim = kDim, .type = GetParam().type};
  }
  SearchQuery query() const {
    return {.queries = queries_,
            .nq = kNq,
            .k = kK,
            .params = {.ef = 200},
            .excluded = excluded_.view()};
  }

  void ExpectExact(const Hits& hits) const {
    for (std::size_t q = 0; q < kNq; ++q) {
      const auto expected = PlainSearch(
          GetParam().metric, vectors_.values,
          std::span(queries_).subspan(q * kDim, kDim), excluded_.view());
      for (std::size_t i = 0; i < kK; ++i) {
        const float want = expected[i].distance;
        EXPECT_NEAR(hits.distances[q * kK + i], want,
                    1e-5F * std::max(1.0F, std::abs(want)));
        EXPECT_FALSE(excluded_.Test(hits.rows[q * kK + i]));
      }
    }
  }

  DenseVectors vectors_;
  std::vector<float> queries_;
  types::Bitset excluded_;
  VectorBlock block_;
};

TEST_P(DenseTypeTest, BruteForceAgreesWithThePlainSearch) {
  Hits hits;
  ASSERT_TRUE(BruteForceSearch(base::OpContext(), dataset(), GetParam().metric,
                               query(), hits.out())
                  .ok());
  ExpectExact(hits);
}

TEST_P(DenseTypeTest, EveryIndexOfDenseRowsSearchesThem) {
  for (const std::string_view name : {"FLAT", "HNSW"}) {
    const auto spec =
        ParseIndexSpec({.type_name = name,
                        .metric_name = types::NameOf(GetParam().metric),
                        .data_type = GetParam().type,
                        .dim = kDim});
    ASSERT_TRUE(spec.ok()) << spec.status();
    auto index = BuildIndex(base::OpContext(), *spec, dataset(), {});
    ASSERT_TRUE(index.ok()) << index.status();
    Hits built;
    ASSERT_TRUE((*index)->Search(base::OpContext(), query(), built.out()).ok());
    ExpectExact(built);
    auto loaded = LoadIndex(*(*index)->Save(), {});
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    Hits opened;
    ASSERT_TRUE(
        (*loaded)->Search(base::OpContext(), query(), opened.out()).ok());
    EXPECT_EQ(opened.rows, built.rows) << name;
    EXPECT_EQ(opened.distances, built.distances) << name;
  }
}

TEST_P(DenseTypeTest, FlatHoldsNarrowRowsInTheirOwnWidth) {
  if (GetParam().type == DataType::kFloatVector) return;
  const auto index = BuildIndex(
      base::OpContext(),
      {.type = IndexType::kFlat, .metric = MetricType::kL2, .dim = kDim},
      dataset(), {});
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_LT((*index)->memory_bytes(),
            kRows * kDim * ElementBytes(GetParam().type) + 1024);
}

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  for (const DataType type :
       {DataType::kFloatVector, DataType::kFloat16Vector,
        DataType::kBFloat16Vector, DataType::kInt8Vector}) {
    for (const MetricType metric :
         {MetricType::kL2, MetricType::kIp, MetricType::kCosine}) {
      cases.push_back({type, metric});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Types, DenseTypeTest, testing::ValuesIn(AllCases()),
                         [](const auto& param) {
                           return std::string(types::NameOf(param.param.type)) +
                                  std::string(
                                      types::NameOf(param.param.metric));
                         });

TEST(FloatRowsTest, RowsWithGapsAreDecodedWithoutThem) {
  const auto vectors = RandomDense(DataType::kFloat16Vector, 4, 6, 1);
  // Rows of four values in a table of six.
  const VectorBlock block = {
      .data = vectors.bytes.data(), .rows = 4, .stride = 6};
  const auto rows =
      FloatRows::Of(base::OpContext(), {.blocks = std::span(&block, 1),
                                        .dim = 4,
                                        .type = DataType::kFloat16Vector});
  ASSERT_TRUE(rows.ok());
  const VectorBlock& decoded = rows->dataset().blocks.front();
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(decoded.floats()[row * 4 + i], vectors.values[row * 6 + i]);
    }
  }
}

}  // namespace
}  // namespace elanus::index
