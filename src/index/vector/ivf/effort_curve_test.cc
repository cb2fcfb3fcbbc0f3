#include "index/vector/ivf/effort_curve.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/vector/index_file.h"

namespace elanus::index {
namespace {

using base::ErrorCode;
using testing::HasSubstr;

const std::vector<EffortPoint> kPoints = {
    {.nprobe = 2, .reorder_k = 10, .rows = 200, .recall = 0.6F},
    {.nprobe = 8, .reorder_k = 40, .rows = 700, .recall = 0.9F},
    {.nprobe = 32, .reorder_k = 90, .rows = 2500, .recall = 0.97F}};

TEST(EffortCurveTest, AMeasuredPointIsMetAndBetweenTwoTheEffortRises) {
  const EffortCurve curve(kPoints, false);
  EXPECT_EQ(curve.For(0.9F), kPoints[1]);
  EXPECT_EQ(curve.For(0.1), kPoints[0]);
  EXPECT_EQ(curve.For(0.999), kPoints[2]);
  EffortPoint before = kPoints[1];
  for (const double recall : {0.92, 0.94, 0.96}) {
    const EffortPoint point = curve.For(recall);
    EXPECT_GT(point.nprobe, before.nprobe);
    EXPECT_GT(point.reorder_k, before.reorder_k);
    EXPECT_GT(point.rows, before.rows);
    EXPECT_LT(point.nprobe, 32U);
    before = point;
  }
}

TEST(EffortCurveTest, ARecallBecomesListsAndRowsAndMoreHitsTakeMore) {
  const EffortCurve curve(kPoints, false);
  const auto ten = curve.Resolve({.target_recall = 0.9F}, 10);
  ASSERT_TRUE(ten.ok()) << ten.status();
  EXPECT_EQ(ten->nprobe, 8U);
  EXPECT_EQ(ten->reorder_k, 40U);
  const auto hundred = curve.Resolve({.target_recall = 0.9F}, 100);
  EXPECT_GT(hundred->nprobe, 8U);
  EXPECT_EQ(hundred->reorder_k, 400U);
  const auto silent = curve.Resolve({}, 10);
  EXPECT_EQ(silent->nprobe, curve.For(0.95).nprobe);
}

TEST(EffortCurveTest, WhatIsSaidOfListsCountsAndContradictsARecall) {
  const EffortCurve curve(kPoints, false);
  for (const SearchParams& asked :
       {SearchParams{.nprobe = 3}, SearchParams{.reorder_k = 70}}) {
    const auto resolved = curve.Resolve(asked, 10);
    EXPECT_EQ(resolved->nprobe, asked.nprobe);
    EXPECT_EQ(resolved->reorder_k, asked.reorder_k);
    SearchParams both = asked;
    both.target_recall = 0.9;
    EXPECT_EQ(base::CodeOf(curve.Resolve(both, 10).status()),
              ErrorCode::kParameterInvalid);
  }
  // No graph was asked for.
  EXPECT_EQ(curve.Resolve({.ef = 5}, 10)->nprobe, curve.For(0.95).nprobe);
}

TEST(EffortCurveTest, AnAutoindexGoesByEfAsAGraphWouldAndNotByLists) {
  const EffortCurve curve(kPoints, true);
  EXPECT_EQ(curve.Resolve({.nprobe = 1, .reorder_k = 10}, 10)->nprobe,
            curve.For(0.95).nprobe);
  EXPECT_EQ(curve.Resolve({.target_recall = 0.9F, .nprobe = 1}, 10)->nprobe,
            8U);
  EXPECT_EQ(curve.Resolve({.ef = 64}, 10)->nprobe, curve.For(0.96).nprobe);
  EXPECT_LT(curve.Resolve({.ef = 16}, 10)->nprobe,
            curve.Resolve({.ef = 32}, 10)->nprobe);
  const auto small = curve.Resolve({.ef = 9}, 10);
  EXPECT_THAT(std::string(base::MessageOf(small.status())),
              HasSubstr("ef(9) should be larger than k(10)"));
}

TEST(EffortCurveTest, WithoutMeasurementsARecallIsFoundInAllLists) {
  const EffortCurve none;
  EXPECT_EQ(none.Resolve({}, 10)->nprobe, 0U);
  const auto all = none.Resolve({.target_recall = 0.5}, 10);
  EXPECT_GE(all->nprobe, 65536U);
  EXPECT_GE(all->reorder_k, 100U);
}

absl::StatusOr<EffortCurve> ThroughAFile(const std::vector<EffortPoint>& points,
                                         std::uint32_t lists) {
  IndexFileWriter out(
      {.type = IndexType::kScann},
      std::vector<SectionSize>{{Section::kRecallCurve, sizeof(EffortSection)}});
  PutEffortCurve(points, true, out);
  const auto in =
      IndexFileReader::Open({"some.index", std::move(out).Finish()}, true);
  EXPECT_TRUE(in.ok()) << in.status();
  return EffortCurveIn(*in, lists);
}

TEST(EffortCurveTest, AFileKeepsItAndOneWithoutItHasNone) {
  const auto curve = ThroughAFile(kPoints, 32);
  ASSERT_TRUE(curve.ok()) << curve.status();
  EXPECT_TRUE(curve->is_auto());
  EXPECT_EQ(curve->For(0.97F), kPoints[2]);
  EXPECT_TRUE(ThroughAFile({}, 32)->empty());
  IndexFileWriter before({.type = IndexType::kScann}, {});
  const auto old =
      IndexFileReader::Open({"some.index", std::move(before).Finish()}, true);
  EXPECT_TRUE(EffortCurveIn(*old, 32)->empty());
}

TEST(EffortCurveTest, PointsThatCannotBeAreDamage) {
  const auto damaged = [](auto change, std::uint32_t lists = 32) {
    std::vector<EffortPoint> points = kPoints;
    change(points[1]);
    return base::CodeOf(ThroughAFile(points, lists).status()) ==
           ErrorCode::kDataIntegrity;
  };
  EXPECT_FALSE(damaged([](EffortPoint&) {}));
  EXPECT_TRUE(damaged([](EffortPoint&) {}, 31));
  EXPECT_TRUE(damaged([](EffortPoint& point) { point.nprobe = 1; }));
  EXPECT_TRUE(damaged([](EffortPoint& point) { point.reorder_k = 0; }));
  EXPECT_TRUE(damaged([](EffortPoint& point) { point.rows = 0; }));
  EXPECT_TRUE(damaged([](EffortPoint& point) { point.recall = 0.5F; }));
  EXPECT_TRUE(damaged([](EffortPoint& point) {
    point.recall = std::numeric_limits<float>::quiet_NaN();
  }));
}

}  // namespace
}  // namespace elanus::index
