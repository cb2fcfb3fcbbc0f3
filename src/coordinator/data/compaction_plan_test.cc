#include "coordinator/data/compaction_plan.h"

#include <algorithm>
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
  segments[1].droppable_rows = 181;
  EXPECT_EQ(PlanCompactions(segments, kLimits), (Plans{{2}}));
  segments[1].droppable_rows = 180;
  EXPECT_EQ(PlanCompactions(segments, kLimits), Plans{});
}

TEST(CompactionPlanTest, ASegmentWithManyPendingDeleteFilesIsRewrittenAlone) {
  auto segments = Segments({100, 900});
  segments[1].pending_files = 64;
  EXPECT_EQ(PlanCompactions(segments, kLimits), Plans{});
  segments[1].pending_files = 65;
  EXPECT_EQ(PlanCompactions(segments, kLimits), (Plans{{2}}));
}

TEST(CompactionPlanTest, DeleteFilesOfLikeSizeAreMerged) {
  const std::vector<std::uint64_t> seven(7, 100);
  const std::vector<std::uint64_t> eight(8, 100);
  EXPECT_EQ(PlanDeleteMerge(seven), 0);
  EXPECT_EQ(PlanDeleteMerge(eight), 8);
}

TEST(CompactionPlanTest, ALargeDeleteFileIsNotRewrittenForSmallOnes) {
  std::vector<std::uint64_t> counts(9, 100);
  counts[0] = 500'000;
  EXPECT_EQ(PlanDeleteMerge(counts), 8);
}

TEST(CompactionPlanTest, DeleteFilesStayFewHoweverManyAreWritten) {
  std::vector<std::uint64_t> counts;
  std::uint64_t rewritten = 0;
  std::size_t most = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    counts.push_back(1 + i * 7919 % 1000);
    if (const std::size_t merged = PlanDeleteMerge(counts); merged > 0) {
      std::uint64_t total = 0;
      for (std::size_t n = 0; n < merged; ++n) {
        total += counts.back();
        counts.pop_back();
      }
      counts.push_back(total);
      rewritten += total;
    }
    most = std::max(most, counts.size());
  }
  // 10 million tombstones in files of up to a million, and a tail.
  EXPECT_LE(most, 48);
  // Each is rewritten log2(1,000,000 / 500) times.
  EXPECT_LE(rewritten, 11 * std::uint64_t{20'000} * 500);
}

TEST(CompactionPlanTest, NoSegmentStandsInTwoPlans) {
  auto segments = Segments({5, 9, 100, 120, 130, 300, 310, 500, 990, 2000});
  for (auto& segment : segments) segment.droppable_rows = segment.rows;
  std::set<std::int64_t> seen;
  for (const auto& plan : PlanCompactions(segments, kLimits)) {
    for (const std::int64_t segment : plan) {
      EXPECT_TRUE(seen.insert(segment).second) << segment;
    }
  }
}

}  // namespace
}  // namespace elanus::coordinator
