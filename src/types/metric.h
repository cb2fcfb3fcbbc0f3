// How near two vectors are.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace elanus::types {

enum class MetricType : std::uint8_t {
  kL2 = 0,      // squared Euclidean distance, smaller is nearer
  kIp = 1,      // inner product, larger is nearer
  kCosine = 2,  // cosine in [-1, 1], larger is nearer
  kHamming = 3,
  kJaccard = 4,
  kBm25 = 5,
  kSubstructure = 6,    // of bits: part of the query
  kSuperstructure = 7,  // of bits: holds the query
  kMhJaccard = 8,       // resemblance of signatures in [0, 1], larger is nearer
};

// Case-insensitive: "L2", "ip", "COSINE".
std::optional<MetricType> MetricFromName(std::string_view name);
std::string_view NameOf(MetricType metric);

// Inside the engine smaller is always nearer ("distance"); on the wire a score
// has the metric's own direction. The two conversions are here and nowhere
// else: L2 keeps its value, IP and COSINE change sign.
constexpr bool IsLargerNearer(MetricType metric) {
  return metric == MetricType::kIp || metric == MetricType::kCosine ||
         metric == MetricType::kBm25 || metric == MetricType::kMhJaccard;
}
constexpr float ScoreFromDistance(MetricType metric, float distance) {
  return IsLargerNearer(metric) ? -distance : distance;
}
constexpr float DistanceFromScore(MetricType metric, float score) {
  return IsLargerNearer(metric) ? -score : score;
}

}  // namespace elanus::types
