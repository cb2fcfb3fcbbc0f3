#include "index/vector/nearest_bound.h"

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::index {
namespace {

// The places are those of all values within the bound, and enough.
void Check(const std::vector<float>& values, std::size_t wanted) {
  std::vector<std::uint32_t> places(values.size() + kPlacesSlack);
  const NearestBound nearest = BoundOfSmallest(values, wanted, places.data());
  places.resize(nearest.count);
  std::vector<std::uint32_t> expected;
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    if (!(values[i] > nearest.bound)) expected.push_back(i);
  }
  EXPECT_EQ(places, expected) << values.size() << " values, " << wanted;
  EXPECT_GE(nearest.count, std::min(wanted, values.size()));
}

TEST(NearestBoundTest, GivesAtLeastAsManyAsAreWantedAndAllWithinItsBound) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  for (const std::size_t count : {0, 1, 2, 15, 16, 17, 100, 1000}) {
    std::vector<float> values(count);
    for (float& value : values) value = normal(random);
    for (const std::size_t wanted : {0, 1, 2, 16, 99, 1000, 2000}) {
      Check(values, wanted);
    }
  }
}

TEST(NearestBoundTest, OfUsualValuesItGivesFewMore) {
  std::mt19937_64 random(2);
  std::normal_distribution<float> normal;
  std::vector<float> values(1000);
  for (float& value : values) value = normal(random);
  std::vector<std::uint32_t> places(values.size() + kPlacesSlack);
  for (const std::size_t wanted : {16, 50, 300}) {
    EXPECT_LE(BoundOfSmallest(values, wanted, places.data()).count,
              wanted + wanted / 16);
  }
}

TEST(NearestBoundTest, EqualValuesAndInfinitiesDoNotLeadItAstray) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kMost = std::numeric_limits<float>::max();
  for (const std::size_t wanted : {1, 5, 40}) {
    Check(std::vector<float>(40, 3), wanted);
    Check({1, 2, kInfinity, 3, kInfinity}, wanted);
    Check({-kInfinity, 2, 5, 3, -kInfinity}, wanted);
    Check({-kInfinity, kInfinity, 1, 2, 3, 4}, wanted);
    Check({kInfinity, kInfinity}, wanted);
    Check({-kMost, kMost, 0, 1, 2}, wanted);
  }
}

}  // namespace
}  // namespace elanus::index
