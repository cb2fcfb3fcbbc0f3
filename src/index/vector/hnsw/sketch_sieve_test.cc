#include "index/vector/hnsw/sketch_sieve.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "index/testing/random_vectors.h"
#include "index/vector/hnsw/exact_scan.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/layout.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

constexpr std::size_t kDim = 100;
// Enough for lists.
constexpr std::size_t kRows = 9000;

class SketchSieveTest : public testing::Test {
 protected:
  SketchSieveTest()
      : vectors_(RandomVectors(kRows, kDim, 1)),
        query_(RandomVectors(1, kDim, 2)),
        block_{.data = vectors_.data(), .rows = kRows},
        file_(Build()),
        sketches_(*RowSketches::Open(file_)) {}

  IndexFileReader Build() const {
    auto index = BuildIndex(base::OpContext(),
                            {.type = IndexType::kHnsw,
                             .metric = types::MetricType::kL2,
                             .dim = kDim,
                             .hnsw = {.m = 4, .ef_construction = 10}},
                            {.blocks = std::span(&block_, 1), .dim = kDim}, {});
    EXPECT_TRUE(index.ok()) << index.status();
    return *IndexFileReader::Open((*(*index)->Save())[0], true);
  }

  // By the kernel alone.
  std::vector<float> BoundsOf(const std::vector<std::uint32_t>& rows) const {
    std::vector<float> bounds(rows.size());
    const SketchQuery query = sketches_->Bind(query_.data());
    simd::SketchKernels().bounds(query.probe(), sketches_->table(), rows.data(),
                                 rows.size(), bounds.data());
    return bounds;
  }

  static std::vector<std::uint32_t> Rest(SketchSieve& sieve, float bound) {
    std::vector<std::uint32_t> rows;
    while (sieve.HasMore()) {
      const auto more = sieve.NextWithin(bound);
      rows.insert(rows.end(), more.begin(), more.end());
    }
    std::ranges::sort(rows);
    return rows;
  }

  const std::vector<float> vectors_;
  const std::vector<float> query_;
  const VectorBlock block_;
  const IndexFileReader file_;
  const std::unique_ptr<RowSketches> sketches_;
};

// Whatever the bound: where it is infinite each row comes out once.
TEST_F(SketchSieveTest, GivesTheNearestAndThenTheRestOfWhatIsWithinABound) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  WalkScratch scratch(kRows);
  SketchSieve sieve(*sketches_, query_.data(), scratch);
  for (const std::size_t count : {0, 1, 63, 64, 65, 128, 1000}) {
    std::vector<std::uint32_t> rows(count);
    std::iota(rows.begin(), rows.end(), 17);
    const std::vector<float> bounds = BoundsOf(rows);
    std::vector<float> sorted = bounds;
    std::ranges::sort(sorted);
    for (const std::size_t taken : {0, 1, 16, 100, 2000}) {
      for (const float bound :
           {-kInfinity, count == 0 ? 0.0F : sorted[count / 2], kInfinity}) {
        sieve.Clear();
        for (const std::uint32_t row : rows) sieve.Add(row);
        const std::vector<std::uint32_t> nearest = sieve.TakeNearest(taken);
        ASSERT_EQ(nearest.size(), std::min(taken, count));
        for (std::size_t i = 0; i < nearest.size(); ++i) {
          ASSERT_EQ(bounds[nearest[i] - 17], sorted[i]) << count << " rows";
        }
        std::vector<std::uint32_t> expected;
        for (std::size_t i = 0; i < count; ++i) {
          if (!(bounds[i] > bound) &&
              std::ranges::find(nearest, rows[i]) == nearest.end()) {
            expected.push_back(rows[i]);
          }
        }
        ASSERT_EQ(Rest(sieve, bound), expected)
            << count << " rows, " << taken << " taken, bound " << bound;
      }
    }
  }
}

TEST_F(SketchSieveTest, OfRowsOfListsThoseAreInThatPass) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  // As if the rows lay the other way round.
  std::vector<std::uint32_t> numbers(kRows);
  std::iota(numbers.rbegin(), numbers.rend(), 0U);
  WalkScratch scratch(kRows);
  SketchSieve sieve(*sketches_, query_.data(), scratch);
  types::Bitset excluded(kRows);
  for (std::size_t row = 0; row < kRows; row += 3) excluded.Set(row);
  for (const std::size_t part : {1, 15, 16, 64, 100, 1000, 9000}) {
    for (const types::BitsetView out : {types::BitsetView(), excluded.view()}) {
      std::size_t added = 0;
      sieve.Clear();
      for (std::size_t begin = 0; begin < kRows; begin += part) {
        const auto rows =
            std::span(numbers).subspan(begin, std::min(part, kRows - begin));
        added += sieve.AddPassing(begin, rows, out);
      }
      std::vector<std::uint32_t> expected;
      for (std::uint32_t row = 0; row < kRows; ++row) {
        if (!out.Test(numbers[row])) expected.push_back(row);
      }
      EXPECT_EQ(added, expected.size());
      std::vector<float> bounds = BoundsOf(expected);
      std::ranges::sort(bounds);
      const auto nearest = sieve.TakeNearest(10);
      for (std::size_t i = 0; i < nearest.size(); ++i) {
        EXPECT_EQ(BoundsOf({nearest[i]})[0], bounds[i]) << part << " a time";
      }
      std::vector<std::uint32_t> found = Rest(sieve, kInfinity);
      found.insert(found.end(), nearest.begin(), nearest.end());
      std::ranges::sort(found);
      EXPECT_EQ(found, expected) << part << " a time";
    }
  }
}

TEST_F(SketchSieveTest, HoldsAsManyRowsAsItSaysAndLeavesRoomForThem) {
  WalkScratch scratch(kRows);
  SketchSieve sieve(*sketches_, query_.data(), scratch);
  std::size_t held = 0;
  std::vector<std::uint32_t> numbers(kRows);
  for (; sieve.HasRoomFor(kRows); held += kRows) {
    sieve.AddPassing(0, numbers, {});
  }
  EXPECT_GT(held + kRows + simd::kFilterSlack, SketchSieve::kMaxRows);
  for (; held < SketchSieve::kMaxRows; ++held) {
    ASSERT_FALSE(sieve.is_full());
    sieve.Add(static_cast<std::uint32_t>(held % kRows));
  }
  EXPECT_TRUE(sieve.is_full());
  EXPECT_EQ(sieve.TakeNearest(10).size(), 10U);
  EXPECT_EQ(Rest(sieve, std::numeric_limits<float>::infinity()).size(),
            SketchSieve::kMaxRows - 10);
  EXPECT_LE(scratch.sketched.capacity() * sizeof(std::uint32_t) +
                scratch.sketch_bounds.capacity() * sizeof(float),
            SketchSieve::kMaxRows * SketchSieve::kRowBytes);
}

// What tells the tests of whole searches that they go through sketches.
TEST_F(SketchSieveTest, ManyRowsAreCheaperToScanByTheirSketches) {
  HnswGraph graph = *GraphIn(file_);
  const double by_codes = ScanCost(graph, 3000, 30);
  graph.sketches = sketches_.get();
  EXPECT_LT(ScanCost(graph, 3000, 30), by_codes);
  // But not so many hits that nearly all rows are looked at.
  EXPECT_EQ(ScanCost(graph, 3000, 2900), by_codes);
  EXPECT_EQ(ScanCost(graph, 300, 10) * 10, by_codes);
}

}  // namespace
}  // namespace elanus::index
