#include "index/vector/ivf/candidate_pool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace elanus::index {
namespace {

// Values of some kind: all unlike, few different ones, one far beyond all
// others, endless ones, ever smaller ones.
float ValueOf(int kind, std::size_t i, std::mt19937& random) {
  const auto any = std::normal_distribution<float>()(random);
  switch (kind) {
    case 1:
      return std::round(2 * any);
    case 2:
      return i % 300 == 7 ? 1e30F : any;
    case 3:
      return i % 3 == 0 ? std::numeric_limits<float>::infinity() : any;
    case 4:
      return -static_cast<float>(i);
    case 5:
      return i % 5 == 0 ? std::numeric_limits<float>::quiet_NaN() : any;
    default:
      return any;
  }
}

TEST(CandidatePoolTest, KeepsTheNearestOfAllThatWereOffered) {
  std::mt19937 random(1);
  CandidatePool pool;
  for (int round = 0; round < 300; ++round) {
    const std::size_t wanted = random() % 130;
    const std::size_t count = random() % 2000;
    std::vector<Neighbor> all;
    pool.Reset(wanted);
    for (std::size_t i = 0; i < count; ++i) {
      const float value = ValueOf(round % 6, i, random);
      all.push_back({Orderly(value), static_cast<std::uint32_t>(i)});
      if (!(value > pool.bound())) pool.Offer(value, all.back().row);
    }
    std::sort(all.begin(), all.end());
    all.resize(std::min(wanted, count));
    EXPECT_EQ(pool.size(), all.size());
    const auto taken = pool.Take();
    std::vector<Neighbor> hits(taken.begin(), taken.end());
    std::sort(hits.begin(), hits.end());
    ASSERT_EQ(hits, all) << "round " << round;
  }
}

TEST(CandidatePoolTest, ItsBoundFallsAsNearerOnesCome) {
  CandidatePool pool;
  pool.Reset(10);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    pool.Offer(static_cast<float>(1000 - i), i);
  }
  EXPECT_GE(pool.bound(), 10);
  EXPECT_LT(pool.bound(), 100);
  pool.Reset(10);
  EXPECT_EQ(pool.bound(), kNoDistance);
}

}  // namespace
}  // namespace elanus::index
