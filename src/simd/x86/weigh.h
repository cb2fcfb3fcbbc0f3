// The kernels of byte_weights.h, from what a file makes of lanes: sources of
// them, MeasureAll and WeighAll.
//
// Each file that includes it has a copy of its own, made with its instructions:
// Query and Row are types without linkage.
#pragma once

#include "simd/byte_weights.h"

namespace elanus::simd {
namespace {

template <typename Query>
PlaceSums Measure(const float* q, CodeScale scale, bool from_middle) {
  return MeasureAll(Query{q, scale, from_middle});
}

template <typename Query>
WeightSums Weigh(const float* q, CodeScale scale, bool from_middle, float unit,
                 int8_t* weights) {
  return WeighAll(Query{q, scale, from_middle}, unit, weights);
}

template <typename Row>
CodeSums WeighCode(const uint8_t* code, CodeScale scale, bool from_middle,
                   int8_t* weights) {
  const Row row{code, scale, from_middle};
  const PlaceSums place = MeasureAll(row);
  const float unit = UnitOf(place.largest_weight);
  return {
      .place = place, .unit = unit, .sum = WeighAll(row, unit, weights).sum};
}

}  // namespace
}  // namespace elanus::simd
