#include "index/vector/build_memory.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "index/testing/random_vectors.h"
#include "index/testing/sparse_vectors.h"

namespace elanus::index {
namespace {

using types::DataType;
using types::MetricType;

struct Case {
  std::string type;
  std::string metric = "L2";
  ParamMap params = {};
  std::size_t dim = 64;
  DataType data_type = DataType::kFloatVector;
};

IndexSpec SpecOf(const Case& one) {
  const auto spec = ParseIndexSpec({.type_name = one.type,
                                    .metric_name = one.metric,
                                    .data_type = one.data_type,
                                    .dim = one.dim,
                                    .params = one.params});
  EXPECT_TRUE(spec.ok()) << spec.status();
  return *spec;
}

std::size_t FileBytes(const IndexSpec& spec, const VectorDataset& dataset) {
  const auto index = BuildIndex(base::OpContext(), spec, dataset, {});
  EXPECT_TRUE(index.ok()) << index.status();
  return (*(*index)->Save())[0].bytes.size();
}

TEST(BuildMemoryTest, HoldsTheFileOfEveryTypeAndNotMuchMore) {
  const std::vector<Case> cases = {
      {.type = "FLAT"},
      {.type = "HNSW", .params = {{"M", "4"}, {"efConstruction", "16"}}},
      {.type = "HNSW", .params = {{"M", "96"}, {"efConstruction", "16"}}},
      {.type = "HNSW",
       .params = {{"M", "96"}, {"efConstruction", "16"}},
       .dim = 2},
      {.type = "AUTOINDEX"},
      {.type = "IVF_FLAT"},
      {.type = "IVF_SQ8"},
      {.type = "IVF_PQ", .params = {{"m", "32"}}},
      {.type = "IVF_PQ",
       .params = {{"m", "32"}, {"refine", "true"}, {"refine_type", "FP32"}}},
      {.type = "IVF_PQ",
       .params = {{"m", "8"}, {"refine", "true"}, {"refine_type", "SQ6"}}},
      {.type = "SCANN"},
      {.type = "HNSW_PQ",
       .params = {{"M", "16"}, {"efConstruction", "16"}, {"m", "16"}}},
      {.type = "HNSW_PRQ",
       .params = {{"M", "16"},
                  {"efConstruction", "16"},
                  {"refine", "true"},
                  {"refine_type", "FP32"}}},
      {.type = "IVF_RABITQ"},
      {.type = "DISKANN", .params = {{"search_list_size", "16"}}},
      {.type = "DISKANN",
       .metric = "IP",
       .params = {{"max_degree", "96"}, {"search_list_size", "16"}},
       .dim = 2}};
  constexpr std::size_t kRows = 4000;
  for (const Case& one : cases) {
    const auto vectors = RandomVectors(kRows, one.dim, 1);
    const VectorBlock block = {.data = vectors.data(), .rows = kRows};
    const VectorDataset dataset = {.blocks = std::span(&block, 1),
                                   .dim = one.dim};
    const IndexSpec spec = SpecOf(one);
    const std::size_t file = FileBytes(spec, dataset);
    const std::size_t need = BuildMemory(spec, dataset, {});
    // Codebook, header and checksums do not grow with the rows.
    constexpr std::size_t kFixed = 150'000;
    EXPECT_GE(need + kFixed, file) << one.type << " of dim " << one.dim;
    // Quantisers train on a sample, here all rows, and its residuals; graphs on
    // codes are built on vectors and bytes; lists of links have room to grow.
    EXPECT_LE(need, 9 * file / 4 + 4 * kRows * one.dim * sizeof(float))
        << one.type << " of dim " << one.dim;
  }
}

TEST(BuildMemoryTest, GrowsWithTheLinksOfARow) {
  const VectorBlock block = {.rows = 1000};
  const VectorDataset dataset = {.blocks = std::span(&block, 1), .dim = 8};
  const auto need = [&](const char* m) {
    return BuildMemory(SpecOf({.type = "HNSW", .params = {{"M", m}}, .dim = 8}),
                       dataset, {});
  };
  // Twice as many links as M on the lowest level, four bytes each.
  EXPECT_GE(need("512"), need("16") + 1000 * 2 * (512 - 16) * 4);
}

TEST(BuildMemoryTest, SparseRowsCountByTheirValues) {
  const SparseTable table = RandomSparse(
      {.rows = 2000, .dims = 500, .row_size = 60, .largest = 9}, 3);
  const VectorBlock block = table.block();
  const VectorDataset dataset = {.blocks = std::span(&block, 1),
                                 .type = DataType::kSparseFloatVector};
  const IndexSpec spec = SpecOf({.type = "SPARSE_INVERTED_INDEX",
                                 .metric = "IP",
                                 .dim = 0,
                                 .data_type = DataType::kSparseFloatVector});
  const std::size_t need = BuildMemory(spec, dataset, {});
  EXPECT_GE(need, 14 * table.entries.size() + FileBytes(spec, dataset) / 4);
  EXPECT_LE(need, 32 * table.entries.size());
}

TEST(BuildMemoryTest, BitsTakeAnEighthOfAByteAndNarrowRowsAreDecoded) {
  constexpr std::size_t kRows = 1000;
  const VectorBlock block = {.rows = kRows};
  const auto need = [&](const char* type, const char* metric, DataType data) {
    return BuildMemory(
        SpecOf({.type = type, .metric = metric, .dim = 64, .data_type = data}),
        {.blocks = std::span(&block, 1), .dim = 64, .type = data}, {});
  };
  EXPECT_EQ(need("BIN_FLAT", "HAMMING", DataType::kBinaryVector), kRows * 8);
  // Besides, the list and the place of each row.
  EXPECT_GE(need("BIN_IVF_FLAT", "HAMMING", DataType::kBinaryVector),
            kRows * (8 + 3 * 4));
  EXPECT_LE(need("BIN_IVF_FLAT", "HAMMING", DataType::kBinaryVector),
            kRows * (8 + 4 * 4));
  // Tag and row, and the hash while they are sorted.
  EXPECT_GE(need("MINHASH_LSH", "MHJACCARD", DataType::kBinaryVector),
            kRows * (8 + 8));
  EXPECT_LE(need("MINHASH_LSH", "MHJACCARD", DataType::kBinaryVector),
            kRows * (8 + 8 + 1));
  EXPECT_EQ(need("IVF_SQ8", "L2", DataType::kInt8Vector),
            need("IVF_SQ8", "L2", DataType::kFloatVector) + kRows * 64 * 4);
  EXPECT_LT(need("FLAT", "L2", DataType::kInt8Vector), kRows * 70);
}

}  // namespace
}  // namespace elanus::index
