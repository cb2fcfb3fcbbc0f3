#include "segment/growing/interim_indexes.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "segment/growing/growing_segment.h"
#include "segment/growing/new_growing_segment_test.h"
#include "segment/rows_maker_test.h"
#include "segment/search.h"

namespace elanus::segment {
namespace {

using types::MetricType;

const types::FieldSchema& VectorField() {
  static const auto schema = TestSchema();
  return *schema->Find(kVectorField);
}

class InterimIndexesTest : public ::testing::Test {
 protected:
  std::unique_ptr<GrowingSegment> NewSegment() {
    return NewGrowingSegment(budget_);
  }

  static std::vector<TestRow> Rows(std::mt19937& random, std::size_t count) {
    std::vector<TestRow> rows(count);
    for (TestRow& row : rows) row = RandomRow(random, 1000000);
    return rows;
  }

  static void Append(GrowingSegment& segment, const std::vector<TestRow>& rows,
                     std::uint64_t at) {
    const RecordView record = RowsRecord({}, rows);
    ASSERT_TRUE(
        segment.Append({.record = record, .rows = rows.size()}, {at}).ok());
  }

  base::MemoryBudget budget_{std::int64_t{1} << 40};
};

TEST_F(InterimIndexesTest, SearchesFindTheSameWithAnIndexAndWithout) {
  std::mt19937 random(1);
  for (const MetricType metric :
       {MetricType::kL2, MetricType::kIp, MetricType::kCosine}) {
    auto plain = NewSegment();
    auto indexed = NewSegment();
    for (std::uint64_t at = 1; at <= 40; ++at) {
      const auto rows = Rows(random, 1 + random() % 80);
      for (auto* segment : {plain.get(), indexed.get()}) {
        Append(*segment, rows, at);
        if (at % 3 == 0) {
          ASSERT_TRUE(
              segment->Delete(KeyView(rows.front().key), {at}, {at}).ok());
        }
      }
      if (indexed->interims().Claim(VectorField(), metric)) {
        ASSERT_TRUE(indexed->interims().Extend(VectorField(), metric).ok());
      }
      std::array<float, 2 * kDim> queries{};
      for (float& x : queries) x = static_cast<float>(random() % 100);
      const SearchPlan plan{.schema = TestSchema(),
                            .vector_field = kVectorField,
                            .metric = metric,
                            .queries = queries,
                            .nq = 2,
                            .k = 1 + random() % 30,
                            .read_ts = {at - random() % 2}};
      EXPECT_EQ(*Search({}, *indexed, plan), *Search({}, *plain, plan));
    }
    EXPECT_NE(indexed->interims().Find(kVectorField, metric), nullptr);
  }
}

TEST_F(InterimIndexesTest, RowsAreClaimedOnceAndOnlyWhenManyWait) {
  std::mt19937 random(2);
  auto segment = NewSegment();
  InterimIndexes& interims = segment->interims();
  Append(*segment, Rows(random, InterimIndexes::kStepRows - 1), 1);
  EXPECT_FALSE(interims.Claim(VectorField(), MetricType::kL2));
  Append(*segment, Rows(random, 1), 2);
  EXPECT_TRUE(interims.Claim(VectorField(), MetricType::kL2));
  EXPECT_FALSE(interims.Claim(VectorField(), MetricType::kL2));
  ASSERT_TRUE(interims.Extend(VectorField(), MetricType::kL2).ok());
  EXPECT_FALSE(interims.Claim(VectorField(), MetricType::kL2));
  EXPECT_EQ(interims.Find(kVectorField, MetricType::kL2)->size(),
            InterimIndexes::kStepRows);
  // Another metric wants another index.
  EXPECT_EQ(interims.Find(kVectorField, MetricType::kIp), nullptr);
  EXPECT_TRUE(interims.Claim(VectorField(), MetricType::kIp));
}

TEST_F(InterimIndexesTest, AnIndexGetsMoreListsAsItsRowsBecomeMany) {
  std::mt19937 random(3);
  auto segment = NewSegment();
  InterimIndexes& interims = segment->interims();
  for (std::uint64_t at = 1; at <= 5; ++at) {
    Append(*segment, Rows(random, 1000), at);
    ASSERT_TRUE(interims.Claim(VectorField(), MetricType::kL2));
    ASSERT_TRUE(interims.Extend(VectorField(), MetricType::kL2).ok());
    const auto index = interims.Find(kVectorField, MetricType::kL2);
    EXPECT_EQ(index->size(), at * 1000);
    EXPECT_EQ(index->lists(), index::InterimIndex::ListsFor(at * 1000));
  }
  EXPECT_GT(interims.Find(kVectorField, MetricType::kL2)->lists(), 1U);
}

TEST_F(InterimIndexesTest, ItsMemoryIsChargedAndGivenBack) {
  std::mt19937 random(4);
  auto segment = NewSegment();
  Append(*segment, Rows(random, 1000), 1);
  const std::int64_t before = budget_.used();
  ASSERT_TRUE(segment->interims().Claim(VectorField(), MetricType::kL2));
  ASSERT_TRUE(segment->interims().Extend(VectorField(), MetricType::kL2).ok());
  EXPECT_GT(budget_.used(), before + 1000 * static_cast<std::int64_t>(kDim));
  segment.reset();
  EXPECT_EQ(budget_.used(), 0);
}

// Row i lies at (i, 0, 0, 0): a search for a published row has to find it,
// whoever holds it by now.
TEST_F(InterimIndexesTest, SearchesFindEveryRowWhileRowsAndIndexGrow) {
  auto segment = NewSegment();
  constexpr std::uint64_t kRecords = 120;
  constexpr std::size_t kRows = 50;
  std::atomic<std::uint64_t> clock{0};
  std::thread writer([&] {
    for (std::uint64_t at = 1; at <= kRecords; ++at) {
      std::vector<TestRow> rows(kRows);
      for (std::size_t i = 0; i < kRows; ++i) {
        const std::size_t number = (at - 1) * kRows + i;
        rows[i].key = static_cast<std::int64_t>(number);
        rows[i].vector[0] = static_cast<float>(number);
      }
      Append(*segment, rows, at);
      clock.store(at, std::memory_order_release);
    }
  });
  std::thread tender([&] {
    while (clock.load() < kRecords) {
      if (!segment->interims().Claim(VectorField(), MetricType::kL2)) {
        std::this_thread::yield();
        continue;
      }
      ASSERT_TRUE(
          segment->interims().Extend(VectorField(), MetricType::kL2).ok());
    }
  });
  std::thread reader([&] {
    std::mt19937_64 random(5);
    for (std::uint64_t now = 0; now < kRecords;) {
      now = clock.load(std::memory_order_acquire);
      if (now == 0) continue;
      const auto row = static_cast<std::uint32_t>(random() % (now * kRows));
      const std::array<float, kDim> query = {static_cast<float>(row)};
      const auto hits = Search({}, *segment,
                               {.schema = TestSchema(),
                                .vector_field = kVectorField,
                                .metric = MetricType::kL2,
                                .queries = query,
                                .k = 2,
                                .read_ts = {now}});
      ASSERT_TRUE(hits.ok()) << hits.status();
      ASSERT_FALSE(hits->front().empty());
      EXPECT_EQ(hits->front().front(), (index::Neighbor{0, row}));
    }
  });
  writer.join();
  tender.join();
  reader.join();
}

}  // namespace
}  // namespace elanus::segment
