#include "index/vector/hnsw/exact_rank.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "index/testing/random_vectors.h"
#include "index/vector/rounding.h"

namespace elanus::index {
namespace {

using types::MetricType;

// Rows and their codes as a graph has them; it has no links. Some rows are
// equal, and some of hard ones far out, where codes are cut off.
class CodedRows {
 public:
  CodedRows(MetricType metric, std::size_t rows, std::size_t dim,
            std::uint64_t seed, bool with_places, bool is_hard)
      : vectors_(RandomVectors(rows, dim, seed)),
        middle_(dim),
        step_(dim),
        codes_(rows * CodeStride(dim)),
        graph_(EmptyGraph(metric, dim, 4)) {
    for (std::size_t i = 0; i < vectors_.size(); ++i) {
      if (is_hard && i / dim % 7 == 0) vectors_[i] *= 20;
      if (i / dim % 5 == 1) vectors_[i] = vectors_[i - dim];
    }
    graph_.rows = rows;
    graph_.vectors = {vectors_.data(), dim};
    EXPECT_TRUE(TrainByteCodec(base::OpContext(), vectors_.data(), dim, rows,
                               middle_, step_, {})
                    .ok());
    graph_.codec = ByteCodec(graph_.stored_metric, middle_, step_);
    graph_.codes = {codes_.data(), CodeStride(dim)};
    for (std::uint32_t row = 0; row < rows; ++row) Encode(row);
    graph_.code_errors = errors_.data();
    if (metric == MetricType::kL2) graph_.code_terms = terms_.data();
    if (!with_places) return;
    for (std::uint32_t row = 0; row < rows; ++row) {
      places_.push_back({.vector = graph_.Vector(row)});
    }
    graph_.places = places_.data();
  }

  const HnswGraph& graph() const { return graph_; }

  // All rows as a walk would have found them.
  std::vector<Neighbor> ByCodes(const Probe& probe) const {
    std::vector<Neighbor> hits;
    for (std::uint32_t row = 0; row < graph_.rows; ++row) {
      hits.push_back({graph_.Distance(probe, row), row});
    }
    std::sort(hits.begin(), hits.end());
    return hits;
  }

 private:
  void Encode(std::uint32_t row) {
    const float* const x = graph_.Vector(row);
    std::uint8_t* const code = codes_.data() + row * graph_.codes.stride;
    graph_.codec.Encode(x, code);
    terms_.push_back(graph_.codec.Term(code));
    errors_.push_back(graph_.codec.ErrorOf(x, code));
    graph_.longest_code = std::max(
        graph_.longest_code, RoundUp(ByteCodec::LengthOf({code, graph_.dim})));
  }

  std::vector<float> vectors_;
  std::vector<float> middle_;
  std::vector<float> step_;
  std::vector<std::uint8_t> codes_;
  std::vector<float> terms_;
  std::vector<float> errors_;
  std::vector<RowPlace> places_;
  HnswGraph graph_;
};

// What is passed over is none of the k nearest, whatever the data.
TEST(ExactRankTest, TheFirstKAreThoseOfAllHitsRanked) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    const auto metric = round % 2 == 0 ? MetricType::kL2 : MetricType::kIp;
    const std::size_t dim = 1 + random() % 40;
    const CodedRows rows(metric, 100 + random() % 200, dim, random(),
                         round / 2 % 2 == 0, round / 4 % 2 == 0);
    const auto query = RandomVectors(1, dim, random());
    WalkScratch scratch(rows.graph().rows);
    ProbeRoom room;
    const Probe probe = rows.graph().Bind(query.data(), room);
    std::vector<Neighbor> all = rows.ByCodes(probe);
    std::vector<Neighbor> hits = all;
    const std::size_t k = 1 + random() % 30;
    RankExactly(rows.graph(), probe, {.k = k}, scratch, hits);
    RankExactly(rows.graph(), probe, {}, scratch, all);
    ASSERT_EQ(all.size(), rows.graph().rows);
    ASSERT_GE(hits.size(), k);
    for (std::size_t i = 0; i < k; ++i) {
      // Equal rows may be rounded differently in groups of others.
      ASSERT_NEAR(hits[i].distance, all[i].distance,
                  1e-4F * (1 + std::abs(all[i].distance)))
          << "round " << round << ", hit " << i;
    }
  }
}

// A walk that has found all of the rows.
struct Walked {
  explicit Walked(const CodedRows& rows)
      : query(RandomVectors(1, rows.graph().dim, 4)),
        scratch(rows.graph().rows),
        probe(rows.graph().Bind(query.data(), room)),
        hits(rows.ByCodes(probe)) {}

  std::vector<float> query;
  WalkScratch scratch;
  ProbeRoom room;
  Probe probe;
  std::vector<Neighbor> hits;
};

TEST(ExactRankTest, RowsBeyondTheLimitMayBeMissingAndNoneWithinIt) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 100; ++round) {
    const auto metric = round % 2 == 0 ? MetricType::kL2 : MetricType::kIp;
    const CodedRows rows(metric, 300, 1 + random() % 40, random(),
                         round / 2 % 2 == 0, round / 4 % 2 == 0);
    Walked walked(rows);
    std::vector<Neighbor> all = walked.hits;
    RankExactly(rows.graph(), walked.probe, {}, walked.scratch, all);
    const std::size_t near = random() % 20;
    const float limit = all[near].distance;
    RankExactly(rows.graph(), walked.probe, {.k = 20, .limit = limit},
                walked.scratch, walked.hits);
    ASSERT_GT(walked.hits.size(), near);
    for (std::size_t i = 0; i <= near; ++i) {
      ASSERT_NEAR(walked.hits[i].distance, all[i].distance,
                  1e-4F * (1 + std::abs(all[i].distance)))
          << "round " << round << ", hit " << i;
    }
  }
}

TEST(ExactRankTest, UsualRowsAreMostlyPassedOver) {
  const CodedRows rows(MetricType::kL2, 500, 32, 3, false, false);
  Walked walked(rows);
  RankExactly(rows.graph(), walked.probe, {.k = 10}, walked.scratch,
              walked.hits);
  EXPECT_LT(walked.hits.size(), 250U);
}

TEST(ExactRankTest, FewerHitsThanAreAskedForAreAllRanked) {
  const CodedRows rows(MetricType::kIp, 100, 8, 3, true, false);
  Walked walked(rows);
  for (const std::size_t found : {3, 0}) {
    walked.hits.resize(found);
    RankExactly(rows.graph(), walked.probe, {.k = 10}, walked.scratch,
                walked.hits);
    EXPECT_EQ(walked.hits.size(), found);
  }
}

}  // namespace
}  // namespace elanus::index
