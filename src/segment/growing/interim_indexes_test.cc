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

  static bool Claim(const GrowingSegment& segment, MetricType metric) {
    return segment.interims().Claim(VectorField(), metric, /*is_exact=*/false,
                                    segment.rows());
  }
  static void Extend(const GrowingSegment& segment, MetricType metric) {
    ASSERT_TRUE(segment.interims()
                    .Extend(VectorField(), metric, /*is_exact=*/false)
                    .ok());
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
      if (Claim(*indexed, metric)) Extend(*indexed, metric);
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
    EXPECT_NE(indexed->interims().Find(kVectorField, metric).lists, nullptr);
  }
}

TEST_F(InterimIndexesTest, RowsAreClaimedOnceAndOnlyWhenManyWait) {
  std::mt19937 random(2);
  auto segment = NewSegment();
  Append(*segment, Rows(random, InterimIndexes::kStepRows - 1), 1);
  EXPECT_FALSE(Claim(*segment, MetricType::kL2));
  Append(*segment, Rows(random, 1), 2);
  EXPECT_TRUE(Claim(*segment, MetricType::kL2));
  EXPECT_FALSE(Claim(*segment, MetricType::kL2));
  Extend(*segment, MetricType::kL2);
  EXPECT_FALSE(Claim(*segment, MetricType::kL2));
  const Interim interim =
      segment->interims().Find(kVectorField, MetricType::kL2);
  EXPECT_EQ(interim.graph, nullptr);
  EXPECT_EQ(interim.lists->end(), InterimIndexes::kStepRows);
  // Another metric wants another index.
  EXPECT_EQ(segment->interims().Find(kVectorField, MetricType::kIp).lists,
            nullptr);
  EXPECT_TRUE(Claim(*segment, MetricType::kIp));
}

TEST_F(InterimIndexesTest, ListsHoldWhatTheGraphHasNotCaughtUpWith) {
  std::mt19937 random(3);
  auto segment = NewSegment();
  Append(*segment, Rows(random, 7000), 1);
  std::size_t before = 0;
  while (Claim(*segment, MetricType::kL2)) {
    Extend(*segment, MetricType::kL2);
    const Interim interim =
        segment->interims().Find(kVectorField, MetricType::kL2);
    ASSERT_NE(interim.graph, nullptr);
    EXPECT_GT(interim.graph->size(), before);
    before = interim.graph->size();
    if (before + InterimIndexes::kGraphRows < 7000) {
      ASSERT_NE(interim.lists, nullptr);
      EXPECT_EQ(interim.lists->begin(), 0U);
      EXPECT_EQ(interim.lists->end(), 7000U);
    }
  }
  // A few are left to the scan.
  EXPECT_GT(before + InterimIndexes::kStepRows, 7000U);
  // New rows few at a time need no lists.
  for (std::uint64_t at = 2; at <= 5; ++at) {
    Append(*segment, Rows(random, 400), at);
    while (Claim(*segment, MetricType::kL2)) {
      Extend(*segment, MetricType::kL2);
    }
  }
  const Interim interim =
      segment->interims().Find(kVectorField, MetricType::kL2);
  EXPECT_GT(interim.graph->size() + InterimIndexes::kStepRows, 8600U);
}

TEST_F(InterimIndexesTest, WhatHasToBeExactGetsListsFromTheFirstRowOn) {
  std::mt19937 random(6);
  auto segment = NewSegment();
  Append(*segment, Rows(random, 3000), 1);
  ASSERT_TRUE(Claim(*segment, MetricType::kL2));
  Extend(*segment, MetricType::kL2);
  ASSERT_NE(segment->interims().Find(kVectorField, MetricType::kL2).graph,
            nullptr);
  Append(*segment, Rows(random, 2000), 2);
  ASSERT_TRUE(segment->interims().Claim(VectorField(), MetricType::kL2, true,
                                        segment->rows()));
  ASSERT_TRUE(
      segment->interims().Extend(VectorField(), MetricType::kL2, true).ok());
  const Interim interim =
      segment->interims().Find(kVectorField, MetricType::kL2);
  EXPECT_EQ(interim.graph, nullptr);
  EXPECT_EQ(interim.lists->begin(), 0U);
  EXPECT_EQ(interim.lists->end(), 5000U);
  EXPECT_EQ(interim.lists->lists(), index::InterimLists::ListsFor(5000));
  EXPECT_GT(interim.lists->lists(), 1U);
}

TEST_F(InterimIndexesTest, ItsMemoryIsChargedAndGivenBack) {
  std::mt19937 random(4);
  auto segment = NewSegment();
  Append(*segment, Rows(random, 1000), 1);
  const std::int64_t before = budget_.used();
  ASSERT_TRUE(Claim(*segment, MetricType::kL2));
  Extend(*segment, MetricType::kL2);
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
      if (!Claim(*segment, MetricType::kL2)) {
        std::this_thread::yield();
        continue;
      }
      Extend(*segment, MetricType::kL2);
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
