#include "worker/query_node/hit_limits.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace elanus::worker {
namespace {

using Merged = std::vector<std::vector<segment::MergedHit>>;

std::vector<index::Neighbor> HitsAt(const std::vector<float>& distances) {
  std::vector<index::Neighbor> hits;
  for (const float distance : distances) {
    hits.push_back({distance, static_cast<std::uint32_t>(hits.size())});
  }
  return hits;
}

TEST(HitLimitsTest, TheLimitIsTheLastOfTheNearestKOfAllSegments) {
  HitLimits limits(2, 3);
  EXPECT_EQ(limits.Now(),
            (std::vector<float>{index::kNoDistance, index::kNoDistance}));
  limits.Learn({HitsAt({1, 4, 7}), HitsAt({1, 2})});
  EXPECT_EQ(limits.Now(), (std::vector<float>{7, index::kNoDistance}));
  limits.Learn({HitsAt({2, 5, 9}), HitsAt({-3, -2, -1})});
  EXPECT_EQ(limits.Now(), (std::vector<float>{4, -1}));
  limits.Learn({HitsAt({4, 4, 4}), {}});
  EXPECT_EQ(limits.Now(), (std::vector<float>{4, -1}));
  limits.Learn({HitsAt({0}), HitsAt({-4})});
  EXPECT_EQ(limits.Now(), (std::vector<float>{2, -2}));
}

TEST(HitLimitsTest, FewerHitsThanWantedAreItsDoingOnlyWhereItLearnedAnything) {
  HitLimits limits(2, 3);
  const auto merged = [](std::size_t first, std::size_t second) {
    return Merged{std::vector<segment::MergedHit>(first),
                  std::vector<segment::MergedHit>(second)};
  };
  limits.Learn({HitsAt({1, 1, 1}), HitsAt({1})});
  EXPECT_TRUE(limits.MayHaveCost(merged(1, 3)));
  EXPECT_FALSE(limits.MayHaveCost(merged(3, 1)));
}

TEST(HitLimitsTest, NoneLearnsNothing) {
  HitLimits limits = HitLimits::None();
  limits.Learn({HitsAt({1, 2, 3})});
  EXPECT_TRUE(limits.Now().empty());
  EXPECT_FALSE(limits.MayHaveCost(Merged(1)));
}

}  // namespace
}  // namespace elanus::worker
