#include "index/vector/flat/flat_index.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "index/testing/random_vectors.h"
#include "index/vector/brute_force.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::MetricType;

constexpr MetricType kMetrics[] = {MetricType::kL2, MetricType::kIp,
                                   MetricType::kCosine};

struct Answer {
  std::vector<float> distances;
  std::vector<std::uint32_t> rows;
};

template <typename Run>
Answer Ask(const SearchQuery& query, Run run) {
  Answer answer{.distances = std::vector<float>(query.nq * query.k),
                .rows = std::vector<std::uint32_t>(query.nq * query.k)};
  const absl::Status status =
      run(SearchOutput{.distances = answer.distances, .rows = answer.rows});
  EXPECT_TRUE(status.ok()) << status;
  return answer;
}

// FLAT's answer must be the plain scan's, number for number.
void ExpectExact(const std::vector<float>& vectors, std::size_t dim,
                 MetricType metric, const SearchQuery& query) {
  const VectorBlock block = {.data = vectors.data(),
                             .rows = vectors.size() / dim};
  const VectorDataset dataset = {.blocks = std::span(&block, 1), .dim = dim};
  const base::OpContext ctx;
  const auto flat = FlatIndex::Build(ctx, metric, dataset);
  ASSERT_TRUE(flat.ok()) << flat.status();
  const Answer got = Ask(query, [&](const SearchOutput& out) {
    return (*flat)->Search(ctx, query, out);
  });
  const Answer want = Ask(query, [&](const SearchOutput& out) {
    return BruteForceSearch(ctx, dataset, metric, query, out);
  });
  EXPECT_EQ(got.rows, want.rows);
  EXPECT_EQ(got.distances, want.distances);
}

// Both ways to compare codes, the vector one where this machine has it.
class FlatIndexTest
    : public testing::TestWithParam<const simd::CodeScanKernels*> {
 protected:
  void SetUp() override {
    if (GetParam() == nullptr) GTEST_SKIP() << "not on this machine";
  }

 private:
  simd::ScopedCodeScanForTest kernels_{GetParam()};
};

TEST_P(FlatIndexTest, AnswersAsThePlainScanOnRandomRowsFiltersAndSizes) {
  std::mt19937 random(3);
  for (int round = 0; round < 90; ++round) {
    const std::size_t dim = 1 + random() % 70;
    const std::size_t rows = random() % 2500;
    const std::size_t nq = 1 + random() % 9;
    const auto vectors = RandomVectors(rows, dim, random());
    const auto queries = RandomVectors(nq, dim, random());
    const double out_share = std::vector{0.0, 0.5, 0.99, 1.0}[random() % 4];
    const auto excluded = RandomExcluded(rows, out_share, random());
    ExpectExact(vectors, dim, kMetrics[round % 3],
                {.queries = queries,
                 .nq = nq,
                 .k = 1 + random() % 40,
                 .excluded = excluded.view()});
  }
}

// Few values make many rows equal, and many more equally far.
TEST_P(FlatIndexTest, OfTiesTheSmallerRowsComeFirst) {
  std::mt19937 random(4);
  for (int round = 0; round < 60; ++round) {
    const std::size_t dim = 1 + random() % 6;
    std::vector<float> vectors(1500 * dim);
    for (float& value : vectors) value = static_cast<float>(random() % 3) - 1;
    const std::vector<float> queries(
        vectors.begin(), vectors.begin() + static_cast<long>(5 * dim));
    ExpectExact(vectors, dim, kMetrics[round % 3],
                {.queries = queries, .nq = 5, .k = 20});
  }
}

// Rows that differ by less than a code's step: no code can tell them apart.
TEST_P(FlatIndexTest, RowsCloserThanTheCodesCanTellAreToldApart) {
  std::mt19937 random(5);
  for (int round = 0; round < 30; ++round) {
    const std::size_t dim = 8 + random() % 40;
    const auto centre = RandomVectors(1, dim, random());
    auto vectors = RandomVectors(1200, dim, random());
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      vectors[i] = centre[i % dim] + 1e-4F * vectors[i];
    }
    const std::vector<float> queries(
        vectors.begin() + static_cast<long>(7 * dim),
        vectors.begin() + static_cast<long>(9 * dim));
    ExpectExact(vectors, dim, kMetrics[round % 3],
                {.queries = queries, .nq = 2, .k = 15});
  }
}

// One huge value leaves nothing of a row's others in its code.
TEST_P(FlatIndexTest, OutliersInARowDoNotHideIt) {
  std::mt19937 random(6);
  for (int round = 0; round < 30; ++round) {
    const std::size_t dim = 4 + random() % 30;
    auto vectors = RandomVectors(1000, dim, random());
    for (std::size_t row = 0; row < 1000; ++row) {
      vectors[row * dim] *= std::pow(10.0F, static_cast<float>(random() % 12));
    }
    auto queries = RandomVectors(3, dim, random());
    queries[0] = 1e9F;
    ExpectExact(vectors, dim, kMetrics[round % 3],
                {.queries = queries, .nq = 3, .k = 10});
  }
}

TEST_P(FlatIndexTest, ScalesFromTheSmallestToTheLargestFloatsStayExact) {
  std::mt19937 random(8);
  for (const float scale :
       {1e-44F, 1e-38F, 1e-25F, 1e-19F, 1e-10F, 1e10F, 1e17F, 1e20F, 1e37F}) {
    for (const MetricType metric : kMetrics) {
      auto vectors = RandomVectors(700, 12, random());
      for (float& value : vectors) value *= scale;
      const std::vector<float> queries(vectors.begin(), vectors.begin() + 24);
      ExpectExact(vectors, 12, metric, {.queries = queries, .nq = 2, .k = 10});
    }
  }
}

TEST_P(FlatIndexTest, ZeroRowsAndThoseThatAreNoNumbersAreTakenAsTheScanDoes) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  std::mt19937 random(9);
  for (const MetricType metric : kMetrics) {
    auto vectors = RandomVectors(300, 9, random());
    for (std::size_t row = 0; row < 300; row += 3) {
      const float value = std::vector{0.0F, nan, infinity, -infinity}[row % 4];
      if (value == 0) {
        std::fill_n(vectors.begin() + static_cast<long>(row * 9), 9, 0.0F);
      } else {
        vectors[row * 9 + row % 9] = value;
      }
    }
    const std::vector<float> queries(vectors.begin() + 9, vectors.begin() + 27);
    ExpectExact(vectors, 9, metric, {.queries = queries, .nq = 2, .k = 290});
    const std::vector<float> no_numbers(9, nan);
    ExpectExact(vectors, 9, metric, {.queries = no_numbers, .nq = 1, .k = 5});
    const std::vector<float> zero(9, 0.0F);
    ExpectExact(vectors, 9, metric, {.queries = zero, .nq = 1, .k = 30});
  }
}

// The worst that the inequalities allow: a row's whole coding error points
// along the query, and rows without any error stand just behind it.
TEST_P(FlatIndexTest, TheRowThatItsCodePutsFarthestOffIsFound) {
  constexpr std::size_t kDim = 16;
  constexpr std::size_t kRow = 200;
  for (const bool is_l2 : {false, true}) {
    std::mt19937 random(11);
    for (int round = 0; round < 20; ++round) {
      std::vector<float> codes(kDim);
      std::vector<float> sign(kDim);
      for (std::size_t i = 1; i < kDim; ++i) {
        codes[i] = static_cast<float>(random() % 200) - 100;
        sign[i] = random() % 2 == 0 ? 1.0F : -1.0F;
      }
      // 127 in front makes the step of the codes 1.
      codes[0] = 127;
      std::vector<float> query(kDim);
      std::vector<float> decoy = codes;
      std::vector<float> row = codes;
      for (std::size_t i = 0; i < kDim; ++i) {
        query[i] = is_l2 ? codes[i] + 2 * sign[i] : sign[i];
        row[i] += 0.45F * sign[i];
        // Products: six below the row's code, where the row is 6.75 above.
        if (!is_l2 && 1 <= i && i <= 6) decoy[i] += sign[i];
      }
      if (is_l2) {
        // Squares: 40, where the row is at 36.04 and its code at 60.
        decoy = query;
        decoy[1] += 6;
        decoy[2] += 2;
      }
      std::vector<float> vectors;
      for (std::size_t i = 0; i <= kRow; ++i) {
        const auto& from = i == kRow ? row : decoy;
        vectors.insert(vectors.end(), from.begin(), from.end());
      }
      const MetricType metric = is_l2 ? MetricType::kL2 : MetricType::kIp;
      ASSERT_EQ(PlainSearch(metric, vectors, query, {})[0].row, kRow);
      ExpectExact(vectors, kDim, metric, {.queries = query, .nq = 1, .k = 1});
    }
  }
}

// Without this the tests above would pass with a scan that leaves nothing out.
TEST_P(FlatIndexTest, TheFloatsOfRowsThatAreFarByTheirCodesAreNotRead) {
  const std::size_t dim = 64;
  const std::size_t rows = 4096;
  const std::size_t k = 10;
  const auto vectors = RandomVectors(rows, dim, 1);
  const auto query = RandomVectors(1, dim, 2);
  const VectorBlock block = {.data = vectors.data(), .rows = rows};
  const auto flat =
      FlatIndex::Build(base::OpContext(), MetricType::kL2,
                       {.blocks = std::span(&block, 1), .dim = dim});
  ASSERT_TRUE(flat.ok());
  const auto plain = PlainSearch(MetricType::kL2, vectors, query, {});

  // Rows that are clearly farther than what the first quarter has to offer
  // become the query itself; their codes stay.
  std::string bytes((*(*flat)->Save())[0].bytes.view());
  const auto* const first = reinterpret_cast<const char*>(vectors.data());
  const std::size_t at = bytes.find(std::string_view(first, dim * 4));
  ASSERT_NE(at, std::string::npos);
  std::size_t changed = 0;
  for (std::size_t i = rows / 4; i < rows; ++i) {
    const std::size_t row = plain[i].row;
    if (row < rows / 4) continue;
    std::memcpy(bytes.data() + at + row * dim * 4, query.data(), dim * 4);
    ++changed;
  }
  ASSERT_GE(changed, rows / 2);
  std::vector<IndexFile> files;
  files.push_back({"flat", base::Buffer::FromString(std::move(bytes))});
  const auto loaded = LoadIndex(std::move(files), {.verify = false});
  ASSERT_TRUE(loaded.ok());
  const SearchQuery search = {.queries = query, .nq = 1, .k = k};
  const Answer got = Ask(search, [&](const SearchOutput& out) {
    return (*loaded)->Search(base::OpContext(), search, out);
  });
  for (std::size_t i = 0; i < k; ++i) EXPECT_EQ(got.rows[i], plain[i].row);
}

INSTANTIATE_TEST_SUITE_P(Kernels, FlatIndexTest,
                         testing::Values(&simd::kScalarCodeScan,
                                         simd::CodeScan()),
                         [](const auto& param) {
                           return std::string(param.index == 0 ? "scalar"
                                                               : "best");
                         });

}  // namespace
}  // namespace elanus::index
