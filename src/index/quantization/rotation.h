// A random rotation that costs dim log dim: rounds of random signs and fast
// Hadamard transforms over windows, and sums and differences of the halves.
// Lengths and products stay as they are.
//
//   const Rotation rotation(dim, seed);
//   rotation.Apply(vector);
//
// Threads: const methods from any thread.
// Source:  N. Ailon and B. Chazelle, "The fast Johnson-Lindenstrauss
//          transform and approximate nearest neighbors", SIAM J. Comput.
//          39(1), 2009.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace elanus::index {

class Rotation {
 public:
  Rotation(std::size_t dim, std::uint64_t seed);

  void Apply(float* vector) const;

 private:
  const std::size_t dim_;
  std::size_t window_ = 1;    // the largest power of two within dim
  std::vector<float> signs_;  // round by round
};

}  // namespace elanus::index
