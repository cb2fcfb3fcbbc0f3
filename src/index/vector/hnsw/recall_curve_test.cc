#include "index/vector/hnsw/recall_curve.h"

#include <vector>

#include <gtest/gtest.h>

namespace elanus::index {
namespace {

TEST(RecallCurveTest, AMeasuredPointIsMetAndBetweenTwoEfRises) {
  const RecallCurve curve(
      std::vector<RecallPoint>{{16, 0.8F}, {32, 0.9F}, {64, 0.97F}});
  EXPECT_EQ(curve.EfFor(0.9F), 32U);
  EXPECT_EQ(curve.EfFor(0.97F), 64U);
  std::size_t before = 32;
  for (const double recall : {0.91, 0.93, 0.95, 0.96}) {
    const std::size_t ef = curve.EfFor(recall);
    EXPECT_GT(ef, before);
    EXPECT_LT(ef, 64U);
    before = ef;
  }
}

TEST(RecallCurveTest, AnEfFindsTheRecallThatItIsTheLeastFor) {
  const std::vector<RecallPoint> points = {
      {10, 0.7F}, {20, 0.85F}, {40, 0.93F}, {80, 0.98F}};
  const RecallCurve curve(points);
  for (const RecallPoint& point : points) {
    EXPECT_FLOAT_EQ(static_cast<float>(curve.RecallOf(point.ef)), point.recall);
  }
  for (const double recall : {0.72, 0.8, 0.9, 0.95, 0.97}) {
    const std::size_t ef = curve.EfFor(recall);
    EXPECT_GE(curve.RecallOf(ef) + 1e-6, recall);
    EXPECT_LT(curve.RecallOf(ef - 1), recall);
  }
  EXPECT_FLOAT_EQ(static_cast<float>(curve.RecallOf(1)), 0.7F);
  EXPECT_FLOAT_EQ(static_cast<float>(curve.RecallOf(1000)), 0.98F);
}

TEST(RecallCurveTest, OutsideOfTheCurveItsEndsAnswer) {
  const RecallCurve curve(std::vector<RecallPoint>{{16, 0.8F}, {256, 0.94F}});
  EXPECT_EQ(curve.EfFor(0.1), 16U);
  EXPECT_EQ(curve.EfFor(0.99), 256U);
}

TEST(RecallCurveTest, ADropIsTakenForNoise) {
  const RecallCurve curve(
      std::vector<RecallPoint>{{16, 0.96F}, {32, 0.955F}, {64, 0.99F}});
  EXPECT_EQ(curve.EfFor(0.96F), 16U);
}

TEST(RecallCurveTest, EfIsWidenedOnHardDataOnlyAndSixteenfoldAtMost) {
  EXPECT_EQ(RecallCurve().Widened(64), 64U);
  const RecallCurve easy(std::vector<RecallPoint>{{16, 0.97F}});
  EXPECT_EQ(easy.Widened(64), 64U);
  const RecallCurve hard(
      std::vector<RecallPoint>{{64, 0.8F}, {256, 0.960001F}});
  EXPECT_GE(hard.Widened(64), 255U);
  EXPECT_LE(hard.Widened(64), 257U);
  EXPECT_EQ(hard.Widened(10), (hard.Widened(64) * 10 + 63) / 64);
  const RecallCurve hopeless(
      std::vector<RecallPoint>{{64, 0.1F}, {4096, 0.2F}});
  EXPECT_EQ(hopeless.Widened(64), 1024U);
}

}  // namespace
}  // namespace elanus::index
