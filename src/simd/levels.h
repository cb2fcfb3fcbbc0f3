// The levels of one kind of kernels that this machine can run, best first: what
// every table of kernels is chosen by.
//
//   const Levels<BitKernels>& AllLevels() {
//     static const Levels<BitKernels> levels{{Cpu().avx2, &kAvx2Bits},
//                                            {true, &kScalarBits}};
//     return levels;
//   }
//
// Not for files of x86/: what they make of a template could be taken for all.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>

namespace elanus::simd {

template <typename Table>
class Levels {
 public:
  struct Level {
    bool runs;
    const Table* table;
  };

  // From the best to the scalar one, which always runs.
  Levels(std::initializer_list<Level> levels) {
    for (const Level& level : levels) {
      if (level.runs) tables_[count_++] = level.table;
    }
  }

  const Table& best() const { return *tables_[0]; }
  // `count` gets their number.
  const Table* const* All(std::size_t* count) const {
    *count = count_;
    return tables_.data();
  }

 private:
  std::array<const Table*, 3> tables_{};
  std::size_t count_ = 0;
};

}  // namespace elanus::simd
