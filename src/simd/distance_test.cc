#include "simd/distance.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace elanus::simd {
namespace {

constexpr size_t kDims[] = {1,  3,  7,  8,  9,  15,  16,  17,  31,  32,
                            33, 63, 64, 65, 96, 100, 128, 384, 768, 1536};
constexpr size_t kRows = 23;

// The sum of n products of magnitude a, each rounded at most twice and added
// in chains of any order, errs by at most (n + 1) * 2^-24 * sum |a|; the
// reference adds half an ulp of its own.
float Tolerance(const float* x, const float* y, size_t dim, bool is_l2) {
  double magnitude = 0;
  for (size_t i = 0; i < dim; ++i) {
    const double d = double{x[i]} - double{y[i]};
    magnitude += is_l2 ? d * d : std::abs(double{x[i]} * double{y[i]});
  }
  // For L2 the difference itself is rounded, and then squared: two more.
  return static_cast<float>((static_cast<double>(dim) + 4) *
                                std::ldexp(1.0, -24) * magnitude +
                            1e-30);
}

class KernelTest : public testing::TestWithParam<const DistanceKernels*> {
 protected:
  // Starts one float behind an aligned address: nothing may rely on alignment.
  // Rows are `dim` + 1 apart and the float between them is NaN: reading one
  // too many shows.
  void Fill(size_t dim) {
    dim_ = dim;
    stride_ = dim + 1;
    std::mt19937 random(static_cast<unsigned>(dim));
    std::normal_distribution<float> normal;
    data_.assign(1 + kRows * stride_, NAN);
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t i = 0; i < dim; ++i)
        data_[1 + r * stride_ + i] = normal(random);
    }
  }
  const float* Row(size_t r) const { return data_.data() + 1 + r * stride_; }
  RowTable table() const { return {Row(0), stride_}; }

  size_t dim_ = 0;
  size_t stride_ = 0;
  std::vector<float> data_;
};

TEST_P(KernelTest, PairsAgreeWithTheReferenceAtEveryTail) {
  const DistanceKernels& kernels = *GetParam();
  for (const size_t dim : kDims) {
    Fill(dim);
    for (size_t r = 1; r < kRows; ++r) {
      EXPECT_NEAR(kernels.l2(Row(0), Row(r), dim),
                  kScalarKernels.l2(Row(0), Row(r), dim),
                  Tolerance(Row(0), Row(r), dim, true))
          << "dim " << dim;
      EXPECT_NEAR(kernels.dot(Row(0), Row(r), dim),
                  kScalarKernels.dot(Row(0), Row(r), dim),
                  Tolerance(Row(0), Row(r), dim, false))
          << "dim " << dim;
    }
  }
}

TEST_P(KernelTest, GatheredRowsAgreeWithTheReferenceInTheirOrder) {
  const DistanceKernels& kernels = *GetParam();
  const std::vector<std::uint32_t> ids = {5, 22, 0, 5, 17, 3, 1, 9, 21, 2, 4};
  for (const size_t dim : kDims) {
    Fill(dim);
    for (size_t count = 0; count <= ids.size(); ++count) {
      std::vector<float> out(count + 1, 42.0F);
      kernels.l2_rows(Row(7), table(), ids.data(), count, dim, out.data());
      for (size_t i = 0; i < count; ++i) {
        EXPECT_NEAR(out[i], kScalarKernels.l2(Row(7), Row(ids[i]), dim),
                    Tolerance(Row(7), Row(ids[i]), dim, true));
      }
      kernels.neg_dot_rows(Row(7), table(), ids.data(), count, dim, out.data());
      for (size_t i = 0; i < count; ++i) {
        EXPECT_NEAR(out[i], -kScalarKernels.dot(Row(7), Row(ids[i]), dim),
                    Tolerance(Row(7), Row(ids[i]), dim, false));
      }
      EXPECT_EQ(out[count], 42.0F) << "wrote beyond its output";
    }
  }
}

TEST_P(KernelTest, BlocksAgreeWithTheReferenceAtEveryRestOfTheTile) {
  const DistanceKernels& kernels = *GetParam();
  for (const size_t dim : kDims) {
    Fill(dim);
    for (const size_t queries : {1, 2, 3, 4, 5, 8, 9}) {
      for (const size_t rows : {1, 3, 4, 5, 11}) {
        const RowTable from = {Row(9), stride_};
        std::vector<float> l2(queries * rows);
        std::vector<float> dot(queries * rows);
        kernels.l2_block(table(), queries, from, rows, dim, l2.data());
        kernels.neg_dot_block(table(), queries, from, rows, dim, dot.data());
        for (size_t q = 0; q < queries; ++q) {
          for (size_t r = 0; r < rows; ++r) {
            const float* x = Row(q);
            const float* y = Row(9 + r);
            EXPECT_NEAR(l2[q * rows + r], kScalarKernels.l2(x, y, dim),
                        Tolerance(x, y, dim, true));
            EXPECT_NEAR(dot[q * rows + r], -kScalarKernels.dot(x, y, dim),
                        Tolerance(x, y, dim, false));
          }
        }
      }
    }
  }
}

std::vector<const DistanceKernels*> AllSupported() {
  size_t count = 0;
  const DistanceKernels* const* tables = SupportedKernels(&count);
  return {tables, tables + count};
}

INSTANTIATE_TEST_SUITE_P(Levels, KernelTest, testing::ValuesIn(AllSupported()),
                         [](const auto& param) {
                           return std::string(param.param->name);
                         });

TEST(KernelChoiceTest, TheBestSupportedLevelIsChosenAndScalarIsAlwaysThere) {
  const auto all = AllSupported();
  EXPECT_EQ(&Kernels(), all.front());
  EXPECT_EQ(all.back(), &kScalarKernels);
}

TEST(KernelChoiceTest, AReplacedChoiceHoldsToTheEndOfItsScope) {
  const DistanceKernels& before = Kernels();
  {
    const ScopedKernelsForTest swap(kScalarKernels);
    EXPECT_EQ(&Kernels(), &kScalarKernels);
  }
  EXPECT_EQ(&Kernels(), &before);
}

}  // namespace
}  // namespace elanus::simd
