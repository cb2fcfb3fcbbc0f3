#include "index/vector/hnsw/list_reach.h"

#include <algorithm>
#include <cmath>

namespace elanus::index {
namespace {

// From one list to all of them, each so many times the one before.
std::array<std::uint32_t, kReachPoints> Ladder(std::size_t lists) {
  std::array<std::uint32_t, kReachPoints> probes{};
  for (std::size_t i = 0; i < kReachPoints; ++i) {
    const double share = static_cast<double>(i) / (kReachPoints - 1);
    probes[i] = static_cast<std::uint32_t>(
        std::lround(std::pow(static_cast<double>(lists), share)));
  }
  return probes;
}

}  // namespace

ReachSection ReachOf(std::span<const std::uint32_t> places, std::size_t lists) {
  ReachSection section{.probes = Ladder(lists), .shares = {}};
  const std::size_t queries = places.size() / kReachDepths.back();
  for (std::size_t d = 0; d < kReachDepths.size(); ++d) {
    const std::size_t depth = kReachDepths[d];
    for (std::size_t i = 0; i < kReachPoints; ++i) {
      std::size_t held = 0;
      for (std::size_t q = 0; q < queries; ++q) {
        const auto nearest = places.subspan(q * kReachDepths.back(), depth);
        held += static_cast<std::size_t>(std::ranges::count_if(
            nearest,
            [&](std::uint32_t place) { return place < section.probes[i]; }));
      }
      section.shares[d][i] =
          queries == 0
              ? 1.0F
              : static_cast<float>(held) / static_cast<float>(queries * depth);
    }
  }
  return section;
}

bool ListReach::Fits(const ReachSection& section, std::size_t lists) {
  const auto is_share = [](float share) { return share >= 0 && share <= 1; };
  return section.probes.front() >= 1 && section.probes.back() == lists &&
         std::ranges::is_sorted(section.probes) &&
         std::ranges::all_of(section.shares, [&](const auto& shares) {
           return std::ranges::all_of(shares, is_share) &&
                  std::ranges::is_sorted(shares);
         });
}

ListReach::ListReach(const ReachSection& section)
    : lists_(section.probes.back()) {
  for (const auto& shares : section.shares) {
    std::vector<RecallPoint> points;
    for (std::size_t i = 0; i < kReachPoints; ++i) {
      points.push_back({.ef = section.probes[i], .recall = shares[i]});
    }
    curves_.emplace_back(points);
  }
}

std::size_t ListReach::ProbesFor(double recall, double depth) const {
  // Between two depths, or beyond the last two, on a line of logarithms.
  std::size_t next = 1;
  while (next + 1 < kReachDepths.size() &&
         static_cast<double>(kReachDepths[next]) < depth) {
    ++next;
  }
  const auto probes = [&](std::size_t d) {
    return std::log(static_cast<double>(curves_[d].EfFor(recall)));
  };
  const auto depth_of = [](std::size_t d) {
    return std::log(static_cast<double>(kReachDepths[d]));
  };
  const double along =
      (std::log(std::max(depth, static_cast<double>(kReachDepths.front()))) -
       depth_of(next - 1)) /
      (depth_of(next) - depth_of(next - 1));
  const double from = probes(next - 1);
  const double wanted = std::exp(from + along * (probes(next) - from));
  return static_cast<std::size_t>(
      std::clamp(std::ceil(wanted), 1.0, static_cast<double>(lists_)));
}

}  // namespace elanus::index
