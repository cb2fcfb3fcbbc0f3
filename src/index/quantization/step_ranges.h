// The range of each dimension of a sample, cut into equal steps: what codes of
// whole numbers a dimension are made by.
//
// Threads: pure.
#pragma once

#include <cstddef>
#include <vector>

namespace elanus::index {

// The lowest values of all dimensions, then the steps of all: `steps` of them
// lead from the lowest to the highest value. Zeros without rows.
std::vector<float> StepRanges(const std::vector<float>& sample,
                              std::size_t rows, std::size_t dim, float steps);

}  // namespace elanus::index
