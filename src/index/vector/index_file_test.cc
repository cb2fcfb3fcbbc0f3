#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/testing/index_files_test.h"
#include "index/testing/random_vectors.h"
#include "index/vector/index_file.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using base::ErrorCode;
using testing::HasSubstr;
using types::MetricType;

constexpr std::size_t kDim = 7;
constexpr std::size_t kRows = 400;

std::unique_ptr<VectorIndex> Build(IndexType type, MetricType metric,
                                   std::size_t rows = kRows) {
  const auto vectors = RandomVectors(rows, kDim, 1);
  const VectorBlock block = {.data = vectors.data(), .rows = rows};
  auto index =
      BuildIndex(base::OpContext(),
                 {.type = type,
                  .metric = metric,
                  .dim = kDim,
                  .hnsw = {.m = 4, .ef_construction = 40},
                  .product = {.m = kDim,
                              .nbits = 4,
                              .levels = type == IndexType::kHnswPrq ? 2U : 1U,
                              .refine = RefineType::kFp32},
                  .ivf = {.m = kDim, .refine = RefineType::kFp32},
                  .disk = {.max_degree = 12,
                           .search_list_size = 40,
                           .cache_budget = 0.01}},
                 {.blocks = std::span(&block, 1), .dim = kDim}, {});
  EXPECT_TRUE(index.ok()) << index.status();
  return std::move(*index);
}

// The answers of one query in each way there is.
struct Answers {
  std::vector<float> distances;
  std::vector<std::uint32_t> rows;

  friend bool operator==(const Answers&, const Answers&) = default;
};

Answers Ask(const VectorIndex& index, bool may_be_damaged = false) {
  constexpr std::size_t kQueries = 4;
  constexpr std::size_t kTopK = 5;
  const auto queries = RandomVectors(kQueries, index.dim(), 2);
  const auto excluded = RandomExcluded(index.size(), 0.2, 3);
  Answers answers;
  for (const types::BitsetView out : {types::BitsetView(), excluded.view()}) {
    std::vector<float> distances(kQueries * kTopK);
    std::vector<std::uint32_t> rows(kQueries * kTopK);
    const absl::Status status = index.Search(
        base::OpContext(),
        {.queries = queries, .nq = kQueries, .k = kTopK, .excluded = out},
        {.distances = distances, .rows = rows});
    EXPECT_TRUE(
        status.ok() ||
        (may_be_damaged && base::CodeOf(status) == ErrorCode::kDataIntegrity))
        << status;
    answers.distances.insert(answers.distances.end(), distances.begin(),
                             distances.end());
    answers.rows.insert(answers.rows.end(), rows.begin(), rows.end());
  }
  return answers;
}

class IndexFileTest
    : public testing::TestWithParam<std::tuple<IndexType, MetricType>> {
 protected:
  IndexType type() const { return std::get<0>(GetParam()); }
  MetricType metric() const { return std::get<1>(GetParam()); }
};

TEST_P(IndexFileTest, ALoadedIndexAnswersAsTheSavedOne) {
  for (const std::size_t rows : {std::size_t{0}, std::size_t{1}, kRows}) {
    const auto index = Build(type(), metric(), rows);
    const auto loaded = LoadBytes(BytesOf(*index));
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ((*loaded)->type(), type());
    EXPECT_EQ((*loaded)->metric(), metric());
    EXPECT_EQ((*loaded)->dim(), kDim);
    EXPECT_EQ((*loaded)->size(), rows);
    EXPECT_EQ(Ask(**loaded), Ask(*index));
    EXPECT_EQ(BytesOf(**loaded), BytesOf(*index));
  }
}

TEST_P(IndexFileTest, AlignedBytesAreUsedInPlace) {
  const auto files = Build(type(), metric())->Save();
  ASSERT_TRUE(files.ok());
  const std::byte* const before = (*files)[0].bytes.bytes().data();
  const auto loaded = LoadIndex(*files, {});
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ((*(*loaded)->Save())[0].bytes.bytes().data(), before);
}

TEST(RawFlatFileTest, ASizeThatWrapsAroundIsNotBelieved) {
  // Two bytes a value: rows * dim * 2 is 2^64 and the size of the section.
  constexpr std::uint64_t kWraps = std::uint64_t{1} << 32;
  constexpr std::size_t kSection = 65536;
  IndexFileWriter out(
      {.type = IndexType::kFlat,
       .metric = MetricType::kL2,
       .dim = static_cast<std::uint32_t>(kWraps - kSection + 1),
       .rows = kWraps / 2 + kSection / 2},
      std::vector<SectionSize>{{Section::kDataType, sizeof(std::uint32_t)},
                               {Section::kVectors, kSection}});
  *out.array<std::uint32_t>(Section::kDataType) =
      static_cast<std::uint32_t>(types::DataType::kFloat16Vector);
  const auto loaded =
      LoadIndex({{"some.index", std::move(out).Finish()}}, {.verify = true});
  EXPECT_EQ(base::CodeOf(loaded.status()), ErrorCode::kDataIntegrity);
}

TEST(RawFlatFileTest, RowsOfBitsThatTakeNoRoomAreNotBelieved) {
  IndexFileWriter out(
      {.type = IndexType::kBinFlat,
       .metric = MetricType::kHamming,
       .dim = 7,
       .rows = std::uint64_t{1} << 31},
      std::vector<SectionSize>{{Section::kDataType, sizeof(std::uint32_t)},
                               {Section::kVectors, 0},
                               {Section::kInverseNorms, 0}});
  *out.array<std::uint32_t>(Section::kDataType) =
      static_cast<std::uint32_t>(types::DataType::kBinaryVector);
  const auto loaded =
      LoadIndex({{"some.index", std::move(out).Finish()}}, {.verify = true});
  EXPECT_EQ(base::CodeOf(loaded.status()), ErrorCode::kDataIntegrity);
}

TEST_P(IndexFileTest, ChangedAndMissingBytesAreFound) {
  ExpectAllDamageIsFound(BytesOf(*Build(type(), metric(), 100)));
}

TEST_P(IndexFileTest, BytesBehindTheEndAreFound) {
  EXPECT_FALSE(LoadBytes(BytesOf(*Build(type(), metric(), 50)) + '\0').ok());
}

TEST_P(IndexFileTest, UnverifiedDamageNeverLeavesTheFile) {
  const std::string good = BytesOf(*Build(type(), metric(), 100));
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    const auto loaded = LoadBytes(Damaged(good, 4, random), false);
    if (loaded.ok()) Ask(**loaded, /*may_be_damaged=*/true);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Types, IndexFileTest,
    testing::Combine(testing::Values(IndexType::kFlat, IndexType::kHnsw,
                                     IndexType::kHnswPq, IndexType::kHnswPrq,
                                     IndexType::kIvfFlat, IndexType::kIvfSq8,
                                     IndexType::kIvfPq, IndexType::kScann,
                                     IndexType::kIvfRabitq,
                                     IndexType::kDiskAnn),
                     testing::Values(MetricType::kL2, MetricType::kCosine)),
    [](const auto& param) {
      return std::string(NameOf(std::get<0>(param.param))) + "_" +
             std::string(types::NameOf(std::get<1>(param.param)));
    });

TEST(IndexFileErrorTest, ADamagedBlockIsNamedWithItsBytes) {
  // 3 MiB of codes and vectors: several blocks.
  const auto index = Build(IndexType::kFlat, MetricType::kL2, 64000);
  std::string bytes = BytesOf(*index);
  bytes[(std::size_t{2} << 20) + 12345] ^= 0x10;
  const auto loaded = LoadBytes(std::move(bytes));
  EXPECT_EQ(base::MessageOf(loaded.status()),
            "some.index: block 2 (bytes 2097152 to 3072256) is damaged");
}

TEST(IndexFileErrorTest, NoFileOrTwoAreRefused) {
  EXPECT_FALSE(LoadIndex({}, {}).ok());
  EXPECT_FALSE(LoadIndex(std::vector<IndexFile>(2), {}).ok());
}

// What the files must hold is drawn again here.
struct Golden {
  std::string name;
  IndexType type;
  std::size_t rows;
};

class GoldenFileTest : public testing::TestWithParam<Golden> {};

TEST_P(GoldenFileTest, IsStillRead) {
  const auto& [name, type, rows] = GetParam();
  const auto loaded =
      LoadGolden(name, [&] { return Build(type, MetricType::kCosine, rows); });
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->type(), type);
  EXPECT_EQ((*loaded)->metric(), MetricType::kCosine);
  EXPECT_EQ((*loaded)->size(), rows);
  const auto vectors = RandomVectors(rows, kDim, 1);
  const auto query = std::span(vectors).subspan(17 * kDim, kDim);
  // Through all lists: else the order is nearly right only.
  const auto iterator =
      (*loaded)->Iterate({.query = query, .params = {.nprobe = 65536}});
  ASSERT_TRUE(iterator.ok());
  const auto all = (*iterator)->Next(base::OpContext(), rows + 1);
  ASSERT_TRUE(all.ok());
  const auto expected = PlainSearch(MetricType::kCosine, vectors, query, {});
  ASSERT_EQ(all->size(), expected.size());
  for (std::size_t i = 0; i < all->size(); ++i) {
    EXPECT_NEAR((*all)[i].distance, expected[i].distance,
                type == IndexType::kIvfSq8 ? 0.02 : 1e-5);
  }
  std::vector<float> distances(1);
  std::vector<std::uint32_t> hits(1);
  ASSERT_TRUE((*loaded)
                  ->Search(base::OpContext(),
                           {.queries = query, .nq = 1, .k = 1},
                           {.distances = distances, .rows = hits})
                  .ok());
  EXPECT_EQ(hits[0], 17U);
}

INSTANTIATE_TEST_SUITE_P(
    Files, GoldenFileTest,
    testing::Values(Golden{"FLAT_v1", IndexType::kFlat, 60},
                    Golden{"FLAT_v2", IndexType::kFlat, 60},
                    Golden{"HNSW_v1", IndexType::kHnsw, 60},
                    Golden{"HNSW_v2", IndexType::kHnsw, 1000},
                    Golden{"HNSW_v3", IndexType::kHnsw, 1000},
                    Golden{"HNSW_errors_v3", IndexType::kHnsw, 1000},
                    Golden{"HNSW_PQ_v3", IndexType::kHnswPq, 100},
                    Golden{"HNSW_PRQ_v3", IndexType::kHnswPrq, 100},
                    Golden{"IVF_FLAT_v2", IndexType::kIvfFlat, 100},
                    Golden{"IVF_FLAT_v3", IndexType::kIvfFlat, 100},
                    Golden{"IVF_SQ8_v2", IndexType::kIvfSq8, 100},
                    Golden{"IVF_PQ_v2", IndexType::kIvfPq, 100},
                    Golden{"SCANN_v2", IndexType::kScann, 100},
                    Golden{"SCANN_v3", IndexType::kScann, 1000},
                    Golden{"IVF_RABITQ_v2", IndexType::kIvfRabitq, 100},
                    Golden{"DISKANN_v3", IndexType::kDiskAnn, 100}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace elanus::index
