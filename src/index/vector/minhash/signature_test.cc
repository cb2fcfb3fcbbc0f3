// Signatures row by row: brute force and BIN_FLAT under MHJACCARD, and the
// hashes of bands.
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "index/testing/random_signatures.h"
#include "index/testing/random_vectors.h"
#include "index/vector/brute_force.h"
#include "index/vector/minhash/band_table.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using types::DataType;
using types::MetricType;

constexpr std::size_t kRows = 400;

// In two blocks, the second with room between its rows.
class TwoBlocks {
 public:
  explicit TwoBlocks(const RandomSignatures& signatures)
      : signatures_(signatures) {
    const std::size_t width = signatures.width();
    const std::size_t first = signatures.size() / 3;
    const std::size_t stride = width + 3;
    wide_.resize((signatures.size() - first) * stride);
    for (std::size_t row = first; row < signatures.size(); ++row) {
      std::copy_n(signatures.row(row).begin(), width,
                  wide_.begin() + static_cast<long>((row - first) * stride));
    }
    blocks_ = {{.data = signatures.bytes.data(), .rows = first},
               {.data = wide_.data(),
                .rows = signatures.size() - first,
                .stride = stride}};
  }

  VectorDataset dataset() const {
    return {.blocks = blocks_,
            .dim = signatures_.dim,
            .type = DataType::kBinaryVector,
            .signature = signatures_.shape};
  }

 private:
  const RandomSignatures& signatures_;
  std::vector<std::byte> wide_;
  std::vector<VectorBlock> blocks_;
};

std::vector<Neighbor> All(const VectorDataset& dataset, const Queries& query,
                          const SearchParams& params,
                          types::BitsetView excluded) {
  const auto hits = BruteForceRangeSearch(
      base::OpContext(), dataset, MetricType::kMhJaccard,
      {.query = query, .params = params, .excluded = excluded});
  EXPECT_TRUE(hits.ok()) << hits.status();
  return *hits;
}

TEST(SignatureScanTest, AgreesWithThePlainSearchByBandsAndByElements) {
  for (const std::uint32_t element : {1U, 2U, 4U, 8U}) {
    for (const std::uint32_t bands : {1U, 3U, 8U, 16U}) {
      const SignatureShape shape = {.element_bytes = element, .bands = bands};
      const std::size_t dim = std::size_t{16} * 8 * element;
      const auto rows = MakeSignatures(kRows, dim, shape, 20, 0.6, 1, 2);
      const auto queries = MakeSignatures(5, dim, shape, 20, 0.9, 1, 3);
      const auto excluded = RandomExcluded(kRows, 0.3, 4);
      const TwoBlocks blocks(rows);
      for (std::size_t q = 0; q < queries.size(); ++q) {
        const Queries query = Queries::Bits(queries.row(q));
        EXPECT_EQ(All(blocks.dataset(), query, {}, excluded.view()),
                  PlainSignatureSearch(rows, queries.row(q), Rank::kByBands,
                                       excluded.view()));
        EXPECT_EQ(
            All(blocks.dataset(), query, {.with_jaccard = true}, {}),
            PlainSignatureSearch(rows, queries.row(q), Rank::kByElements));
      }
    }
  }
}

TEST(SignatureScanTest, RowsThatShareNothingAreNoHits) {
  const SignatureShape shape = {.element_bytes = 4, .bands = 4};
  const auto rows = MakeSignatures(50, 256, shape, 50, 0, 1, 2);
  const auto other = MakeSignatures(1, 256, shape, 1, 0, 3, 4);
  const TwoBlocks blocks(rows);
  std::vector<float> distances(10);
  std::vector<std::uint32_t> numbers(10);
  for (const bool with_jaccard : {false, true}) {
    ASSERT_TRUE(BruteForceSearch(base::OpContext(), blocks.dataset(),
                                 MetricType::kMhJaccard,
                                 {.queries = Queries::Bits(other.bytes),
                                  .params = {.with_jaccard = with_jaccard}},
                                 {.distances = distances, .rows = numbers})
                    .ok());
    EXPECT_EQ(numbers, std::vector<std::uint32_t>(10, kNoRow));
  }
}

TEST(SignatureScanTest, BinFlatComparesElementsAlsoAfterALoad) {
  for (const char* const bits : {"8", "16", "32", "64"}) {
    const auto spec =
        ParseIndexSpec({.type_name = "BIN_FLAT",
                        .metric_name = "MHJACCARD",
                        .data_type = DataType::kBinaryVector,
                        .dim = 512,
                        .params = {{"mh_element_bit_width", bits}}});
    ASSERT_TRUE(spec.ok()) << spec.status();
    const auto rows =
        MakeSignatures(kRows, 512, spec->minhash.signature, 10, 0.5, 1, 2);
    const TwoBlocks blocks(rows);
    VectorDataset dataset = blocks.dataset();
    dataset.signature = {};  // the spec's counts
    const auto built = BuildIndex(base::OpContext(), *spec, dataset, {});
    ASSERT_TRUE(built.ok()) << built.status();
    const auto loaded = LoadIndex(*(*built)->Save(), {});
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    const auto hits = (*loaded)->RangeSearch(
        base::OpContext(), {.query = Queries::Bits(rows.row(7))});
    EXPECT_EQ(*hits,
              PlainSignatureSearch(rows, rows.row(7), Rank::kByElements));
  }
}

TEST(HashBandTest, EveryByteAndTheLengthCount) {
  for (const std::size_t size : {1U, 4U, 8U, 9U, 16U, 23U}) {
    std::vector<std::uint8_t> bytes(size + 1);
    std::set<std::uint64_t> seen = {HashBand(bytes.data(), size),
                                    HashBand(bytes.data(), size + 1)};
    for (std::size_t at = 0; at < size; ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        bytes[at] = static_cast<std::uint8_t>(1 << bit);
        seen.insert(HashBand(bytes.data(), size));
        bytes[at] = 0;
      }
    }
    EXPECT_EQ(seen.size(), 2 + size * 8) << size;
  }
}

TEST(HashBandTest, ASlotHasFourToEightRows) {
  for (const std::size_t rows : {8U, 9U, 100U, 1000U, 1023U, 1024U, 1000000U}) {
    const std::size_t slots = std::size_t{1} << SlotBits(rows);
    EXPECT_GE(rows, slots * 4) << rows;
    EXPECT_LE(rows, slots * 8) << rows;
  }
  EXPECT_EQ(SlotBits(0), 1U);
}

}  // namespace
}  // namespace elanus::index
