// The choice, and the specification: plain loops.
#include "simd/packed_rows.h"

#include "simd/cpu.h"
#include "simd/levels.h"

namespace elanus::simd {
namespace {

void Scores(RowTable queries, size_t query_count, Panels panels, size_t dim,
            float factor, float* out) {
  const size_t rows = panels.count * kPanelRows;
  for (size_t q = 0; q < query_count; ++q) {
    const float* query = queries.data + q * queries.stride;
    for (size_t r = 0; r < rows; ++r) {
      const float* values =
          panels.values + (r / kPanelRows) * dim * kPanelRows + r % kPanelRows;
      double dot = 0;
      for (size_t d = 0; d < dim; ++d) {
        dot += double{query[d]} * double{values[d * kPanelRows]};
      }
      out[q * rows + r] =
          static_cast<float>(double{panels.bias[r]} + double{factor} * dot);
    }
  }
}

size_t Smallest(const float* values, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; ++i) {
    // The negation lets a number follow a value that is none.
    if (values[i] < values[best] ||
        (values[best] != values[best] && values[i] == values[i])) {
      best = i;
    }
  }
  return best;
}

size_t Collect(const float* values, size_t count, float bound,
               uint32_t* places) {
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!(values[i] > bound)) places[found++] = static_cast<uint32_t>(i);
  }
  return found;
}

const Levels<PackedKernels>& AllLevels() {
  static const Levels<PackedKernels> levels {
#if defined(__x86_64__)
    {Cpu().avx512, &kAvx512PackedKernels}, {Cpu().avx2, &kAvx2PackedKernels},
#endif
    {
      true, &kScalarPackedKernels
    }
  };
  return levels;
}

}  // namespace

const PackedKernels& ChoosePackedKernels() { return AllLevels().best(); }

const PackedKernels* const* SupportedPackedKernels(size_t* count) {
  return AllLevels().All(count);
}

const PackedKernels kScalarPackedKernels = {
    .name = "scalar",
    .scores = Scores,
    .smallest = Smallest,
    .collect = Collect,
};

}  // namespace elanus::simd
