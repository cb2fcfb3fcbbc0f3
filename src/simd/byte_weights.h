// A query of floats, or a row by its code, as weights of bytes: what comparing
// by byte_dot.h takes. Dimension d of a row stands
// for middle[d] + step[d] * (code - 128); a query's value p, from the middle or
// from zero, has the weight p * step[d].
//
//   const PlaceSums place = kernels.measure(q, codes, from_middle);
//   const float unit = UnitOf(place.largest_weight);
//   const WeightSums sums = kernels.weigh(q, codes, from_middle, unit,
//   weights);
//
// This header is included by files with instruction-set flags: C headers only.
//
// Threads: all kernels are pure. ByteWeights() from any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace elanus::simd {

// What the codes of a table stand for; borrowed.
struct CodeScale {
  const float* middle;
  const float* step;
  size_t dim;
};

constexpr float kMaxByteWeight = 127;

// Zeros, what is no number, and what is too small to be divided by, have no
// unit. Static: no file may take the code that another made of it.
static inline float UnitOf(float largest_weight) {
  constexpr float kLeast = 1e-30F;
  constexpr float kMost = 3.40282347e+38F;
  return largest_weight >= kLeast && largest_weight <= kMost
             ? largest_weight / kMaxByteWeight
             : 0.0F;
}

// With p[d] = q[d] - middle[d] if it is from the middle, else q[d].
struct PlaceSums {
  float square;          // of p
  float product;         // of q and the middle
  float largest_weight;  // |p[d] * step[d]|, of those that are numbers
};
using MeasureKernel = PlaceSums (*)(const float* q, CodeScale scale,
                                    bool from_middle);

struct WeightSums {
  float sum;
  float magnitude;   // sum of |weight|
  float off_square;  // of what is lost: p[d] * step[d] - unit * weight
};
// weights[d] is the whole number, at most 127, that is nearest to
// p[d] * step[d] / unit; 0 for what is no number, and where the unit is 0.
using WeighKernel = WeightSums (*)(const float* q, CodeScale scale,
                                   bool from_middle, float unit,
                                   int8_t* weights);

struct CodeSums {
  PlaceSums place;
  float unit;  // UnitOf the largest weight
  float sum;   // of the weights
};
// The same of a row by its code, in one go.
using WeighCodeKernel = CodeSums (*)(const uint8_t* code, CodeScale scale,
                                     bool from_middle, int8_t* weights);

struct ByteWeightKernels {
  const char* name;
  MeasureKernel measure;
  WeighKernel weigh;
  WeighCodeKernel weigh_code;
};

// The best level of this machine.
const ByteWeightKernels& ByteWeights();

// All levels that this machine can run, best first; the scalar one is last.
// `count` gets their number.
const ByteWeightKernels* const* SupportedByteWeights(size_t* count);

extern const ByteWeightKernels kScalarByteWeights;
#if defined(__x86_64__)
extern const ByteWeightKernels kAvx2ByteWeights;
extern const ByteWeightKernels kAvx512ByteWeights;
#endif

}  // namespace elanus::simd
