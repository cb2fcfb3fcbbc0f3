// How a code's bytes are shared out among the dimensions.
#include "index/vector/diskann/disk_codes.h"

#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/vector/diskann/build.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using testing::ElementsAre;

// The row 1, 2, ... laid out.
std::vector<float> Filled(const ProductShape& shape, PartFill fill) {
  std::vector<float> row(shape.dim);
  std::iota(row.begin(), row.end(), 1.0F);
  std::vector<float> padded(shape.padded_dim(), -1.0F);
  FillParts(row.data(), shape, fill, padded.data());
  return padded;
}

std::size_t PartsOf(std::uint32_t dim, double budget) {
  return DiskCodeShape({.type = IndexType::kDiskAnn,
                        .dim = dim,
                        .disk = {.code_budget = budget}})
      .m;
}

TEST(DiskCodesTest, PartsDifferByOneDimensionAtMost) {
  EXPECT_THAT(Filled({.dim = 7, .m = 3}, PartFill::kEven),
              ElementsAre(1, 2, 3, 4, 5, 0, 6, 7, 0));
  EXPECT_THAT(Filled({.dim = 6, .m = 3}, PartFill::kEven),
              ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(Filled({.dim = 3, .m = 3}, PartFill::kEven),
              ElementsAre(1, 2, 3));
}

TEST(DiskCodesTest, PartsOfOlderFilesAreFilledInTurn) {
  EXPECT_THAT(Filled({.dim = 7, .m = 3}, PartFill::kInTurn),
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 0, 0));
}

TEST(DiskCodesTest, ACodeTakesEveryByteOfItsBudget) {
  EXPECT_EQ(PartsOf(128, 0.1), 51);     // 51.2 bytes
  EXPECT_EQ(PartsOf(128, 0.125), 64);   // 64
  EXPECT_EQ(PartsOf(128, 0.5), 128);    // a byte a dimension at most
  EXPECT_EQ(PartsOf(768, 0.115), 353);  // 353.28
  EXPECT_EQ(PartsOf(20, 0.01), 8);      // a short row's code has 8 bytes
}

}  // namespace
}  // namespace elanus::index
