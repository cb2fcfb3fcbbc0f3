#include "coordinator/data/compaction_plan.h"

#include <cstdint>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace elanus::coordinator {
namespace {

using Plans = std::vector<std::vector<std::int64_t>>;

constexpr CompactionLimits kLimits{.segment_bytes_max = 1000, .merge_at = 4};

std::vector<CompactionCandidate> Segments(
    std::initializer_list<std::int64_t> bytes) {
  std::vector<CompactionCandidate> segments;
  for (const std::int64_t size : bytes) {
    segments.push_back(
        {.segment = static_cast<std::int64_t>(segments.size()) + 1,
         .rows = size,
         .bytes = size});
  }
  return segments;
}

TEST(CompactionPlanTest, FewSmallSegmentsAreLeftAlone) {
  EXPECT_EQ(PlanCompactions(Segments({10, 10, 10}), kLimits), Plans{});
}

TEST(CompactionPlanTest, FourSmallSegmentsBecomeOne) {
  EXPECT_EQ(PlanCompactions(Segments({10, 40, 20, 30}), kLimits),
            (Plans{{1, 3, 4, 2}}));
}

TEST(CompactionPlanTest, ALargeSegmentIsNotRewrittenForSmallOnes) {
  EXPECT_EQ(PlanCompactions(Segments({10, 10, 10, 10, 800}), kLimits),
            (Plans{{1, 2, 3, 4}}));
}

TEST(CompactionPlanTest, AMergeNeverExceedsTheLargestSegment) {
  const Plans plans =
      PlanCompactions(Segments({300, 300, 300, 300, 300, 300}),
                      {.segment_bytes_max = 1000, .forced = true});
  ASSERT_EQ(plans.size(), 2);
  EXPECT_EQ(plans[0].size(), 3);
  EXPECT_EQ(plans[1].size(), 3);
}

TEST(CompactionPlanTest, PartitionsAndShardsAreNotMixed) {
  auto segments = Segments({10, 10, 10, 10});
  segments[0].partition = 7;
  segments[1].shard = 1;
  EXPECT_EQ(PlanCompactions(segments, kLimits), Plans{});
}

TEST(CompactionPlanTest, AMergeTakesAtMostThirtyTwoSegments) {
  const std::vector<CompactionCandidate> many(100, {.rows = 1, .bytes = 1});
  for (const auto& plan : PlanCompactions(many, kLimits)) {
    EXPECT_LE(plan.size(), kCompactionInputsMax);
  }
}

TEST(CompactionPlanTest, ASegmentWithManyDeletedRowsIsRewrittenAlone) {
  auto segments = Segments({100, 900});
  segments[1].pending_tombstones = 181;
  EXPECT_EQ(PlanCompactions(segments, kLimits), (Plans{{2}}));
  segments[1].pending_tombstones = 180;
  EXPECT_EQ(PlanCompactions(segments, kLimits), Plans{});
}

TEST(CompactionPlanTest, NoSegmentStandsInTwoPlans) {
  auto segments = Segments({5, 9, 100, 120, 130, 300, 310, 500, 990, 2000});
  for (auto& segment : segments) segment.pending_tombstones = segment.rows;
  std::set<std::int64_t> seen;
  for (const auto& plan : PlanCompactions(segments, kLimits)) {
    for (const std::int64_t segment : plan) {
      EXPECT_TRUE(seen.insert(segment).second) << segment;
    }
  }
}

}  // namespace
}  // namespace elanus::coordinator
