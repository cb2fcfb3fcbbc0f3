#include "types/metric.h"

#include <array>

#include "absl/strings/match.h"

namespace elanus::types {
namespace {

struct MetricName {
  MetricType metric;
  std::string_view name;
};

constexpr std::array kNames = {
    MetricName{MetricType::kL2, "L2"},
    MetricName{MetricType::kIp, "IP"},
    MetricName{MetricType::kCosine, "COSINE"},
    MetricName{MetricType::kHamming, "HAMMING"},
    MetricName{MetricType::kJaccard, "JACCARD"},
    MetricName{MetricType::kBm25, "BM25"},
    MetricName{MetricType::kSubstructure, "SUBSTRUCTURE"},
    MetricName{MetricType::kSuperstructure, "SUPERSTRUCTURE"},
    MetricName{MetricType::kMhJaccard, "MHJACCARD"},
};

}  // namespace

std::optional<MetricType> MetricFromName(std::string_view name) {
  for (const MetricName& known : kNames) {
    if (absl::EqualsIgnoreCase({known.name.data(), known.name.size()},
                               {name.data(), name.size()})) {
      return known.metric;
    }
  }
  return std::nullopt;
}

std::string_view NameOf(MetricType metric) {
  for (const MetricName& known : kNames) {
    if (known.metric == metric) return known.name;
  }
  return "unknown";
}

}  // namespace elanus::types
