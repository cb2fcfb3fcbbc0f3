#include "index/vector/hnsw/list_reach.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::index {
namespace {

constexpr std::size_t kLists = 400;

// Of one query: the i-th nearest row lies in list i / 5 of those nearest to it.
std::vector<std::uint32_t> EvenPlaces() {
  std::vector<std::uint32_t> places(kReachDepths.back());
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = static_cast<std::uint32_t>(i / 5);
  }
  return places;
}

TEST(ListReachTest, SharesAreWhatTheNearestListsHold) {
  const ReachSection section = ReachOf(EvenPlaces(), kLists);
  EXPECT_EQ(section.probes.front(), 1U);
  EXPECT_EQ(section.probes.back(), kLists);
  for (std::size_t d = 0; d < kReachDepths.size(); ++d) {
    for (std::size_t i = 0; i < kReachPoints; ++i) {
      const double held = std::min(
          1.0, 5.0 * section.probes[i] / static_cast<double>(kReachDepths[d]));
      EXPECT_FLOAT_EQ(section.shares[d][i], static_cast<float>(held));
    }
  }
  EXPECT_TRUE(ListReach::Fits(section, kLists));
}

TEST(ListReachTest, MoreListsAreAskedForTheDeeperAndTheMoreSurely) {
  const ListReach reach(ReachOf(EvenPlaces(), kLists));
  std::size_t before = 0;
  for (const double depth : {1.0, 10.0, 30.0, 100.0, 500.0, 1000.0, 5000.0}) {
    const std::size_t probes = reach.ProbesFor(0.9, depth);
    EXPECT_GE(probes, before) << depth;
    EXPECT_LE(probes, kLists);
    EXPECT_GE(reach.ProbesFor(0.99, depth), probes);
    before = probes;
  }
  // 0.9 of the nearest 100 lie in 18 lists, as far as 16 points tell.
  EXPECT_GE(reach.ProbesFor(0.9, 100), 16U);
  EXPECT_LE(reach.ProbesFor(0.9, 100), 21U);
  // Twice as deep as ever measured: twice as far.
  EXPECT_NEAR(static_cast<double>(reach.ProbesFor(0.9, 1000)),
              2 * static_cast<double>(reach.ProbesFor(0.9, 500)), 30);
  EXPECT_EQ(reach.ProbesFor(1, 1e9), kLists);
}

TEST(ListReachTest, WithoutQueriesOneListIsTakenForEnough) {
  const ListReach reach(ReachOf({}, kLists));
  EXPECT_EQ(reach.ProbesFor(0.95, 100), 1U);
}

TEST(ListReachTest, WhatFallsOrIsOfOtherListsDoesNotFit) {
  const ReachSection good = ReachOf(EvenPlaces(), kLists);
  EXPECT_FALSE(ListReach::Fits(good, kLists + 1));
  ReachSection bad = good;
  bad.probes[3] = bad.probes[4] + 1;
  EXPECT_FALSE(ListReach::Fits(bad, kLists));
  bad = good;
  bad.probes[0] = 0;
  EXPECT_FALSE(ListReach::Fits(bad, kLists));
  for (const float share : {-0.1F, 1.1F, std::nanf("")}) {
    for (const std::size_t point : {std::size_t{0}, std::size_t{7}}) {
      bad = good;
      bad.shares[2][point] = share;
      EXPECT_FALSE(ListReach::Fits(bad, kLists)) << share << " at " << point;
    }
  }
}

}  // namespace
}  // namespace elanus::index
