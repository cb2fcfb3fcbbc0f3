// Recall on real vectors, plain and under filters, of HNSW and SCANN; skipped
// where the measuring sets are absent ($ELANUS_DATA_DIR). And what AUTOINDEX
// becomes on large segments.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "index/testing/npy.h"
#include "index/testing/random_vectors.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

constexpr std::size_t kTopK = 10;

// One ef for all: an index keeps more candidates where the data is hard.
constexpr SearchParams kUsual = {.ef = 64};

struct Set {
  std::string name;
  std::string metric;
};

struct Answer {
  std::vector<std::uint32_t> rows;
};

Answer Search(const VectorIndex& index, const NpyArray<float>& queries,
              const SearchParams& params, types::BitsetView excluded) {
  Answer answer{.rows = std::vector<std::uint32_t>(queries.rows * kTopK)};
  std::vector<float> distances(answer.rows.size());
  const absl::Status status =
      index.Search(base::OpContext(),
                   {.queries = queries.values,
                    .nq = queries.rows,
                    .k = kTopK,
                    .params = params,
                    .excluded = excluded},
                   {.distances = distances, .rows = answer.rows});
  EXPECT_TRUE(status.ok()) << status;
  return answer;
}

double Recall(const Answer& truth, const Answer& answer) {
  std::size_t hits = 0;
  for (std::size_t i = 0; i < truth.rows.size(); i += kTopK) {
    const auto first = answer.rows.begin() + static_cast<long>(i);
    for (std::size_t j = i; j < i + kTopK; ++j) {
      hits += std::count(first, first + kTopK, truth.rows[j]) != 0 ? 1U : 0U;
    }
  }
  return static_cast<double>(hits) / static_cast<double>(truth.rows.size());
}

std::unique_ptr<VectorIndex> Build(const NpyArray<float>& base,
                                   std::string_view type,
                                   std::string_view metric) {
  const VectorBlock block = {.data = base.values.data(), .rows = base.rows};
  const auto spec = ParseIndexSpec(
      {.type_name = type,
       .metric_name = metric,
       .dim = base.columns,
       .params = {{"M", "16"}, {"efConstruction", "200"}, {"nlist", "1024"}}});
  EXPECT_TRUE(spec.ok()) << spec.status();
  auto index =
      BuildIndex(base::OpContext(), *spec,
                 {.blocks = std::span(&block, 1), .dim = base.columns}, {});
  EXPECT_TRUE(index.ok()) << index.status();
  return std::move(*index);
}

// Keeps per_mille of a thousand rows, spread by a hash.
types::Bitset ExcludeAllBut(std::size_t rows, std::uint32_t per_mille) {
  types::Bitset excluded(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto hash = static_cast<std::uint32_t>(row * 2654435761U);
    if (hash % 1000 >= per_mille) excluded.Set(row);
  }
  return excluded;
}

Answer Published(const NpyArray<std::int32_t>& truth) {
  Answer published;
  for (std::size_t q = 0; q < truth.rows; ++q) {
    for (std::size_t i = 0; i < kTopK; ++i) {
      published.rows.push_back(
          static_cast<std::uint32_t>(truth.values[q * truth.columns + i]));
    }
  }
  return published;
}

class RealVectorsTest : public testing::TestWithParam<Set> {};

TEST_P(RealVectorsTest, AGraphFindsEnoughPlainAndUnderEveryFilter) {
  const std::string folder =
      DataFolder(ELANUS_DEFAULT_DATA_DIR) + "/" + GetParam().name;
  const std::string& metric = GetParam().metric;
  const auto base = ReadNpyHalf(folder + "/base.f16.npy");
  const auto queries = ReadNpyHalf(folder + "/query.f16.npy");
  const auto truth = ReadNpyInt32(folder + "/gt_" + metric + ".ids.npy");
  if (!base.ok() || !queries.ok() || !truth.ok()) {
    GTEST_SKIP() << "no measuring set in " << folder;
  }
  const auto flat = Build(*base, "FLAT", metric);
  const auto hnsw = Build(*base, "HNSW", metric);
  const Answer published = Published(*truth);
  // Ties and rounding may swap a handful of the 10,000.
  EXPECT_GE(Recall(published, Search(*flat, *queries, {}, {})), 0.9995);
  const double plain = Recall(published, Search(*hnsw, *queries, kUsual, {}));
  RecordProperty("recall", std::to_string(plain));
  EXPECT_GE(plain, 0.95);
  for (const double target : {0.9, 0.95, 0.98}) {
    const SearchParams params = {.target_recall = target};
    const double found = Recall(published, Search(*hnsw, *queries, params, {}));
    // All, where a scan costs less than so long a walk.
    if (found < 0.9995) {
      EXPECT_NEAR(found, target, 0.015) << "the share asked for";
    }
  }
  for (const std::uint32_t per_mille : {10, 50, 100, 200, 500, 800, 900, 990}) {
    const types::Bitset excluded = ExcludeAllBut(base->rows, per_mille);
    const double recall =
        Recall(Search(*flat, *queries, {}, excluded.view()),
               Search(*hnsw, *queries, kUsual, excluded.view()));
    EXPECT_GE(recall, 0.95) << per_mille << " of 1000 pass";
  }
}

TEST_P(RealVectorsTest, ListsFindTheShareAskedForAndKeepItUnderFilters) {
  const std::string folder =
      DataFolder(ELANUS_DEFAULT_DATA_DIR) + "/" + GetParam().name;
  const std::string& metric = GetParam().metric;
  const auto base = ReadNpyHalf(folder + "/base.f16.npy");
  const auto queries = ReadNpyHalf(folder + "/query.f16.npy");
  const auto truth = ReadNpyInt32(folder + "/gt_" + metric + ".ids.npy");
  if (!base.ok() || !queries.ok() || !truth.ok()) {
    GTEST_SKIP() << "no measuring set in " << folder;
  }
  const auto flat = Build(*base, "FLAT", metric);
  const auto lists = Build(*base, "SCANN", metric);
  const Answer published = Published(*truth);
  for (const double target : {0.8, 0.9, 0.95, 0.98}) {
    const SearchParams params = {.target_recall = target};
    EXPECT_NEAR(Recall(published, Search(*lists, *queries, params, {})), target,
                0.015);
  }
  for (const std::uint32_t per_mille : {10, 50, 200, 500, 900}) {
    const types::Bitset excluded = ExcludeAllBut(base->rows, per_mille);
    EXPECT_GE(Recall(Search(*flat, *queries, {}, excluded.view()),
                     Search(*lists, *queries, {}, excluded.view())),
              0.935)
        << per_mille << " of 1000 pass";
  }
}

// Values drawn in `kinds` dimensions, repeated to fill 32.
NpyArray<float> Drawn(std::size_t kinds) {
  NpyArray<float> drawn = {.rows = 33000, .columns = 32};
  const std::vector<float> values = RandomVectors(drawn.rows, kinds, 1);
  for (std::size_t i = 0; i < drawn.rows * drawn.columns; ++i) {
    const std::size_t row = i / drawn.columns;
    drawn.values.push_back(values[row * kinds + i % kinds]);
  }
  return drawn;
}

TEST(AutoIndexChoiceTest, TakesListsWhereWalksAreLongAndElseTheGraph) {
  EXPECT_EQ(Build(Drawn(32), "AUTOINDEX", "L2")->type(), IndexType::kScann);
  EXPECT_EQ(Build(Drawn(4), "AUTOINDEX", "L2")->type(), IndexType::kHnsw);
}

INSTANTIATE_TEST_SUITE_P(Sets, RealVectorsTest,
                         testing::Values(Set{"text384", "cosine"},
                                         Set{"glove100", "cosine"},
                                         Set{"glove100", "l2"},
                                         Set{"glove100", "ip"}),
                         [](const auto& param) {
                           return param.param.name + "_" + param.param.metric;
                         });

}  // namespace
}  // namespace elanus::index
