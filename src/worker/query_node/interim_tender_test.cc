#include "worker/query_node/interim_tender.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "segment/growing/growing_segment.h"
#include "segment/growing/new_growing_segment_test.h"
#include "segment/rows_maker_test.h"
#include "testing/held_executor.h"

namespace elanus::worker {
namespace {

using segment::GrowingSegment;

class InterimTenderTest : public ::testing::Test {
 protected:
  std::shared_ptr<GrowingSegment> SegmentOf(std::size_t count) {
    std::vector<segment::TestRow> rows(count);
    for (auto& row : rows) row = segment::RandomRow(random_, 1'000'000);
    std::shared_ptr<GrowingSegment> made = segment::NewGrowingSegment(budget_);
    const segment::RecordView record = segment::RowsRecord({}, rows);
    EXPECT_TRUE(made->Append({.record = record, .rows = count}, {1}).ok());
    return made;
  }

  void Tend(const Segments& segments) { tender_->Tend(segments, Plan()); }

  static segment::SearchPlan Plan() {
    return {.schema = segment::TestSchema(),
            .vector_field = segment::kVectorField,
            .metric = types::MetricType::kL2};
  }

  static std::size_t InGraph(const GrowingSegment& of) {
    const segment::Interim interim =
        of.interims().Find(segment::kVectorField, types::MetricType::kL2);
    return interim.graph == nullptr ? 0 : interim.graph->size();
  }

  void RunOne() {
    base::Task task = std::move(background_.tasks.front());
    background_.tasks.pop_front();
    task();
  }

  static constexpr std::size_t kRound = segment::InterimIndexes::kRoundRows;
  static constexpr std::size_t kMany = 16 * kRound;

  std::mt19937 random_{1};
  base::MemoryBudget budget_{std::int64_t{1} << 40};
  testing::HeldExecutor background_;
  std::shared_ptr<InterimTender> tender_ =
      std::make_shared<InterimTender>(background_);
};

TEST_F(InterimTenderTest, AllRowsThatASearchSawComeIntoTheGraph) {
  const auto grown = SegmentOf(kMany);
  Tend({grown});
  background_.RunAll();
  EXPECT_EQ(InGraph(*grown), kMany);
}

TEST_F(InterimTenderTest, RoundsAreShortAndSegmentsTakeTurns) {
  const auto a = SegmentOf(kMany);
  const auto b = SegmentOf(kMany);
  Tend({a, b});
  Tend({a, b});
  EXPECT_EQ(background_.tasks.size(), 1u);
  for (std::size_t round = 1; round <= 4; ++round) {
    RunOne();
    EXPECT_EQ(background_.tasks.size(), 1u);
    EXPECT_EQ(InGraph(*a), round * kRound);
    RunOne();
    EXPECT_EQ(InGraph(*b), round * kRound);
  }
}

TEST_F(InterimTenderTest, AWideExecutorGetsMoreThanOneRoundButNotAll) {
  background_.threads = 4;
  Tend({SegmentOf(kMany), SegmentOf(kMany), SegmentOf(kMany)});
  EXPECT_EQ(background_.tasks.size(), 2u);
}

TEST_F(InterimTenderTest, ASegmentThatIsGoneIsNotKept) {
  auto gone = SegmentOf(kMany);
  const std::weak_ptr<GrowingSegment> watched = gone;
  Tend({gone});
  RunOne();
  gone.reset();
  EXPECT_TRUE(watched.expired());
  background_.RunAll();
  // Others still get theirs.
  const auto other = SegmentOf(kMany);
  Tend({other});
  background_.RunAll();
  EXPECT_EQ(InGraph(*other), kMany);
}

TEST_F(InterimTenderTest, AfterStopNoRoundIsBegun) {
  const auto grown = SegmentOf(kMany);
  Tend({grown});
  RunOne();
  tender_->Stop();
  background_.RunAll();
  EXPECT_EQ(InGraph(*grown), kRound);
  Tend({SegmentOf(kMany)});
  EXPECT_TRUE(background_.tasks.empty());
}

TEST_F(InterimTenderTest, ASearchByRangeAsksForNothing) {
  segment::SearchPlan plan = Plan();
  plan.range.emplace();
  tender_->Tend({SegmentOf(kMany)}, plan);
  EXPECT_TRUE(background_.tasks.empty());
}

}  // namespace
}  // namespace elanus::worker
