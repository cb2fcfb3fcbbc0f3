#include "index/vector/registry.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace elanus::index {
namespace {

using base::ErrorCode;
using testing::HasSubstr;
using types::DataType;
using types::MetricType;

absl::Status Error(std::string_view type, std::string_view metric,
                   ParamMap params = {},
                   DataType data_type = DataType::kFloatVector) {
  return ParseIndexSpec({.type_name = type,
                         .metric_name = metric,
                         .data_type = data_type,
                         .dim = 8,
                         .params = std::move(params)})
      .status();
}

std::string Message(const absl::Status& status) {
  return std::string(base::MessageOf(status));
}

TEST(IndexSpecTest, HnswTakesItsParametersAndHasMilvussDefaults) {
  const auto given = ParseIndexSpec(
      {.type_name = "HNSW",
       .metric_name = "L2",
       .dim = 8,
       .params = {{"M", "16"}, {"efConstruction", "200"}, {"other", "x"}}});
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_EQ(given->hnsw, (HnswParams{.m = 16, .ef_construction = 200}));
  EXPECT_EQ(given->metric, MetricType::kL2);
  const auto absent =
      ParseIndexSpec({.type_name = "HNSW", .metric_name = "ip", .dim = 8});
  ASSERT_TRUE(absent.ok()) << absent.status();
  EXPECT_EQ(absent->hnsw, (HnswParams{.m = 30, .ef_construction = 360}));
}

TEST(IndexSpecTest, AutoIndexIsHnswWithCosine) {
  for (const std::string_view name : {"", "AUTOINDEX"}) {
    const auto spec = ParseIndexSpec({.type_name = name, .dim = 8});
    ASSERT_TRUE(spec.ok()) << spec.status();
    EXPECT_EQ(spec->type, IndexType::kHnsw);
    EXPECT_EQ(spec->metric, MetricType::kCosine);
    EXPECT_EQ(spec->hnsw, (HnswParams{.m = 18, .ef_construction = 240}));
    EXPECT_TRUE(spec->is_auto);
  }
}

TEST(IndexSpecTest, AParameterOutOfRangeIsNamedWithItsValueAndRange) {
  for (const auto& [name, value, range] :
       {std::tuple{"M", "1", "[2, 2048]"}, std::tuple{"M", "2049", "[2, 2048]"},
        std::tuple{"efConstruction", "0", "[1, 2147483647]"},
        std::tuple{"efConstruction", "99999999999999999999", "[1, 2147483647]"},
        std::tuple{"M", "", "[2, 2048]"}, std::tuple{"M", "16x", "[2, 2048]"},
        std::tuple{"M", "1.5", "[2, 2048]"}}) {
    const absl::Status status = Error("HNSW", "L2", {{name, value}});
    EXPECT_EQ(base::CodeOf(status), ErrorCode::kParameterInvalid);
    EXPECT_EQ(base::FaultOf(status), base::Fault::kCaller);
    EXPECT_THAT(Message(status), HasSubstr(name));
    EXPECT_THAT(Message(status), HasSubstr(value));
    EXPECT_THAT(Message(status), HasSubstr(range));
  }
}

TEST(IndexSpecTest, AnUnknownTypeAMisfitAndATypeNotBuiltHaveTheirOwnErrors) {
  EXPECT_EQ(Message(Error("HNWS", "L2")), "invalid index type: HNWS");
  EXPECT_EQ(Message(Error("HNSW", "L2", {}, DataType::kSparseFloatVector)),
            "data type SparseFloatVector can't build with this index HNSW");
  EXPECT_EQ(Message(Error("BIN_FLAT", "HAMMING")),
            "data type FloatVector can't build with this index BIN_FLAT");
  const absl::Status status = Error("GPU_CAGRA", "L2");
  EXPECT_EQ(base::CodeOf(status), ErrorCode::kIndexNotSupported);
  EXPECT_EQ(Message(status), "index type not supported[indexType=GPU_CAGRA]");
}

TEST(IndexSpecTest, AMetricMustBeGivenAndFitTheVectors) {
  EXPECT_EQ(Message(Error("HNSW", "")), "metric type not set for vector index");
  for (const std::string metric : {"HAMMING", "BM25", "EUCLID"}) {
    EXPECT_EQ(Message(Error("HNSW", metric)),
              "float vector index does not support metric type: " + metric);
  }
}

TEST(IndexSpecTest, ListsOfBitsTakeTheMetricsThatSayHowNear) {
  const auto spec = [](const char* metric) {
    return ParseIndexSpec({.type_name = "BIN_IVF_FLAT",
                           .metric_name = metric,
                           .data_type = DataType::kBinaryVector,
                           .dim = 64,
                           .params = {{"nlist", "77"}}});
  };
  for (const char* const metric : {"HAMMING", "JACCARD"}) {
    ASSERT_TRUE(spec(metric).ok()) << spec(metric).status();
    EXPECT_EQ(spec(metric)->type, IndexType::kBinIvfFlat);
    EXPECT_EQ(spec(metric)->ivf.nlist, 77U);
  }
  EXPECT_EQ(Message(spec("SUBSTRUCTURE").status()),
            "metric type SUBSTRUCTURE not found or not supported, supported: "
            "[HAMMING JACCARD]");
  EXPECT_EQ(Message(spec("L2").status()),
            "binary vector index does not support metric type: L2");
  EXPECT_EQ(ParseSearchParams(IndexType::kBinIvfFlat, {}, 10)->nprobe, 8U);
  EXPECT_EQ(
      ParseSearchParams(IndexType::kBinIvfFlat, {{"nprobe", "33"}}, 10)->nprobe,
      33U);
  EXPECT_FALSE(
      ParseSearchParams(IndexType::kBinIvfFlat, {{"nprobe", "0"}}, 10).ok());
}

class SignatureSpecTest : public testing::Test {
 protected:
  static absl::StatusOr<IndexSpec> Spec(std::string_view type,
                                        std::string_view metric,
                                        ParamMap params) {
    return ParseIndexSpec({.type_name = type,
                           .metric_name = metric,
                           .data_type = DataType::kBinaryVector,
                           .dim = 1024,
                           .params = std::move(params)});
  }
};

TEST_F(SignatureSpecTest, ElementsAndBandsAreReadAndWhatDoesNothingIsTaken) {
  const auto spec = Spec("MINHASH_LSH", "MHJACCARD",
                         {{"mh_element_bit_width", "32"},
                          {"mh_lsh_band", "16"},
                          {"with_raw_data", "True"},
                          {"mh_lsh_code_in_mem", "1"},
                          {"mh_lsh_bloom_false_positive_prob", "0.01"}});
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->type, IndexType::kMinHashLsh);
  EXPECT_EQ(spec->minhash,
            (MinHashParams{.signature = {.element_bytes = 4, .bands = 16},
                           .with_raw_data = true}));
  EXPECT_EQ(Spec("MINHASH_LSH", "MHJACCARD", {})->minhash,
            (MinHashParams{.signature = {.element_bytes = 1, .bands = 1}}));
  // No more bands than elements; BIN_FLAT has none.
  EXPECT_EQ(Spec("MINHASH_LSH", "MHJACCARD",
                 {{"mh_element_bit_width", "64"}, {"mh_lsh_band", "99"}})
                ->minhash.signature,
            (SignatureShape{.element_bytes = 8, .bands = 16}));
  EXPECT_EQ(Spec("BIN_FLAT", "MHJACCARD",
                 {{"mh_element_bit_width", "16"}, {"mh_lsh_band", "4"}})
                ->minhash,
            (MinHashParams{.signature = {.element_bytes = 2},
                           .with_raw_data = true}));
}

TEST_F(SignatureSpecTest, WhatDoesNotFitIsRefusedByName) {
  EXPECT_EQ(Message(Spec("MINHASH_LSH", "HAMMING", {}).status()),
            "metric type HAMMING not found or not supported, supported: "
            "[MHJACCARD]");
  EXPECT_EQ(Message(Spec("BIN_IVF_FLAT", "MHJACCARD", {}).status()),
            "metric type MHJACCARD not found or not supported, supported: "
            "[HAMMING JACCARD]");
  EXPECT_THAT(Message(Spec("AUTOINDEX", "MHJACCARD", {}).status()),
              HasSubstr("MHJACCARD needs param 'mh_element_bit_width'"));
  EXPECT_EQ(
      Message(Spec("MINHASH_LSH", "MHJACCARD", {{"mh_element_bit_width", "24"}})
                  .status()),
      "param 'mh_element_bit_width' (24) is supported as 8, 16, 32 or "
      "64");
  EXPECT_EQ(Message(ParseIndexSpec({.type_name = "MINHASH_LSH",
                                    .metric_name = "MHJACCARD",
                                    .data_type = DataType::kBinaryVector,
                                    .dim = 40,
                                    .params = {{"mh_element_bit_width", "32"}}})
                        .status()),
            "the dimension (40) should be a multiple of param "
            "'mh_element_bit_width' (32)");
  EXPECT_FALSE(Spec("MINHASH_LSH", "MHJACCARD", {{"mh_lsh_band", "0"}}).ok());
  EXPECT_FALSE(
      Spec("MINHASH_LSH", "MHJACCARD", {{"with_raw_data", "maybe"}}).ok());
}

TEST_F(SignatureSpecTest, ASearchRanksByElementsIfAsked) {
  const auto read = [](ParamMap params) {
    return ParseSearchParams(IndexType::kMinHashLsh, params, 10);
  };
  EXPECT_FALSE(read({})->with_jaccard);
  const auto asked =
      read({{"mh_search_with_jaccard", "true"}, {"refine_k", "500"}});
  EXPECT_TRUE(asked->with_jaccard);
  EXPECT_EQ(asked->refine_rows, 500U);
  EXPECT_FALSE(read({{"refine_k", "0"}}).ok());
  EXPECT_FALSE(read({{"mh_search_with_jaccard", "7"}}).ok());
}

TEST(SearchParamsTest, EfIsLeftToTheIndexUnlessGivenAndMustReachK) {
  EXPECT_EQ(ParseSearchParams(IndexType::kHnsw, {}, 10)->ef, 0U);
  EXPECT_EQ(ParseSearchParams(IndexType::kHnsw, {{"ef", "64"}}, 64)->ef, 64U);
  const auto small = ParseSearchParams(IndexType::kHnsw, {{"ef", "63"}}, 64);
  EXPECT_EQ(base::CodeOf(small.status()), ErrorCode::kParameterInvalid);
  EXPECT_EQ(Message(small.status()),
            "ef value(63) should be larger than k(64)");
  EXPECT_FALSE(ParseSearchParams(IndexType::kHnsw, {{"ef", "ten"}}, 1).ok());
  EXPECT_EQ(ParseRangeSearchParams(IndexType::kHnsw, {})->ef, 512U);
}

TEST(IndexSpecTest, AnHnswSqTakesEightBitsOnly) {
  EXPECT_TRUE(Error("HNSW_SQ", "L2", {{"refine_type", "fp32"}}).ok());
  EXPECT_EQ(base::CodeOf(Error("HNSW_SQ", "L2", {{"sq_type", "SQ4U"}})),
            ErrorCode::kIndexNotSupported);
  EXPECT_EQ(base::CodeOf(Error("HNSW_SQ", "L2", {{"refine_type", "SQ3"}})),
            ErrorCode::kParameterInvalid);
  EXPECT_EQ(
      ParseSearchParams(IndexType::kHnswSq, {{"refine_k", "3"}}, 10)->refine_k,
      3);
  EXPECT_FALSE(
      ParseSearchParams(IndexType::kHnswSq, {{"refine_k", "0"}}, 10).ok());
}

TEST(IndexSpecTest, GraphsOnProductCodesTakePartsBitsLevelsAndRefinement) {
  const auto spec = [](const char* type, ParamMap params) {
    return ParseIndexSpec({.type_name = type,
                           .metric_name = "COSINE",
                           .dim = 96,
                           .params = std::move(params)});
  };
  EXPECT_EQ(spec("HNSW_PQ", {})->product, (ProductParams{.m = 32}));
  EXPECT_EQ(spec("HNSW_PQ", {{"M", "16"}})->hnsw.m, 16U);
  EXPECT_EQ(spec("HNSW_PQ", {{"m", "48"},
                             {"nbits", "6"},
                             {"nrq", "3"},
                             {"refine", "true"},
                             {"refine_type", "SQ8"}})
                ->product,
            (ProductParams{.m = 48, .nbits = 6, .refine = RefineType::kSq8}));
  EXPECT_EQ(spec("HNSW_PRQ", {})->product,
            (ProductParams{.m = 2, .levels = 2}));
  EXPECT_EQ(
      spec("HNSW_PRQ", {{"m", "4"}, {"nrq", "3"}, {"refine", "True"}})->product,
      (ProductParams{.m = 4, .levels = 3, .refine = RefineType::kFp32}));
  for (const auto& [type, params, part] :
       {std::tuple{"HNSW_PQ", ParamMap{{"m", "7"}},
                   "multiple of param 'm' (7)"},
        std::tuple{"HNSW_PQ", ParamMap{{"nbits", "25"}}, "[1, 24]"},
        std::tuple{"HNSW_PQ", ParamMap{{"nbits", "12"}}, "'nbits' (12)"},
        std::tuple{"HNSW_PQ", ParamMap{{"refine_type", "FP8"}},
                   "'refine_type'"},
        std::tuple{"HNSW_PRQ", ParamMap{{"nrq", "17"}}, "[1, 16]"},
        std::tuple{"HNSW_PRQ", ParamMap{{"M", "1"}}, "[2, 2048]"}}) {
    const auto refused = spec(type, params);
    EXPECT_EQ(base::CodeOf(refused.status()), ErrorCode::kParameterInvalid);
    EXPECT_THAT(Message(refused.status()), HasSubstr(part));
  }
  for (const IndexType type : {IndexType::kHnswPq, IndexType::kHnswPrq}) {
    const auto search =
        ParseSearchParams(type, {{"ef", "40"}, {"refine_k", "2.5"}}, 10);
    ASSERT_TRUE(search.ok()) << search.status();
    EXPECT_EQ(search->ef, 40U);
    EXPECT_EQ(search->refine_k, 2.5F);
    EXPECT_FALSE(ParseSearchParams(type, {{"ef", "9"}}, 10).ok());
    EXPECT_FALSE(ParseSearchParams(type, {{"refine_k", "0.5"}}, 10).ok());
    EXPECT_EQ(ParseRangeSearchParams(type, {})->ef, 512U);
  }
}

TEST(SearchParamsTest, ATargetRecallStandsInForEfAndIsAShare) {
  const auto parsed =
      ParseSearchParams(IndexType::kHnsw, {{"target_recall", "0.97"}}, 10);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->ef, 0U);
  EXPECT_EQ(parsed->target_recall, 0.97);
  for (const std::string bad : {"0", "1.01", "-1", "nan", "much", "0.9x", ""}) {
    const auto refused =
        ParseSearchParams(IndexType::kHnsw, {{"target_recall", bad}}, 10);
    EXPECT_EQ(base::CodeOf(refused.status()), ErrorCode::kParameterInvalid);
    EXPECT_THAT(Message(refused.status()), HasSubstr("target_recall"));
  }
  EXPECT_FALSE(ParseSearchParams(IndexType::kHnsw,
                                 {{"target_recall", "0.9"}, {"ef", "64"}}, 10)
                   .ok());
}

TEST(IndexSpecTest, IvfTakesItsNumberOfListsInMilvussRange) {
  const auto spec = ParseIndexSpec({.type_name = "IVF_FLAT",
                                    .metric_name = "L2",
                                    .dim = 8,
                                    .params = {{"nlist", "1024"}}});
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->type, IndexType::kIvfFlat);
  EXPECT_EQ(spec->ivf.nlist, 1024U);
  EXPECT_EQ(
      ParseIndexSpec({.type_name = "IVF_FLAT", .metric_name = "IP", .dim = 8})
          ->ivf.nlist,
      128U);
  for (const std::string value : {"0", "65537", "-1", "many"}) {
    const std::string message =
        Message(Error("IVF_FLAT", "L2", {{"nlist", value}}));
    EXPECT_THAT(message, HasSubstr("'nlist'"));
    EXPECT_THAT(message, HasSubstr("[1, 65536]"));
  }
}

TEST(SearchParamsTest, IvfLooksIntoEightListsUnlessToldOtherwise) {
  EXPECT_EQ(ParseSearchParams(IndexType::kIvfFlat, {}, 10)->nprobe, 8U);
  EXPECT_EQ(
      ParseSearchParams(IndexType::kIvfFlat, {{"nprobe", "65536"}}, 10)->nprobe,
      65536U);
  EXPECT_EQ(
      ParseRangeSearchParams(IndexType::kIvfFlat, {{"nprobe", "3"}})->nprobe,
      3U);
  const auto bad = ParseSearchParams(IndexType::kIvfFlat, {{"nprobe", "0"}}, 1);
  EXPECT_THAT(Message(bad.status()), HasSubstr("'nprobe' (0)"));
}

TEST(IndexSpecTest, QuantisedListsTakeTheirParametersAndRefuseMisfits) {
  const auto spec = [](std::string_view type, ParamMap params) {
    return ParseIndexSpec({.type_name = type,
                           .metric_name = "L2",
                           .dim = 8,
                           .params = std::move(params)});
  };
  EXPECT_EQ(spec("IVF_PQ", {{"m", "4"}, {"nbits", "6"}})->ivf,
            (IvfParams{.m = 4, .nbits = 6}));
  EXPECT_EQ(spec("IVF_PQ", {{"m", "4"}, {"refine", "True"}})->ivf,
            (IvfParams{.m = 4, .refine = RefineType::kFp32}));
  EXPECT_EQ(spec("IVF_RABITQ", {{"refine", "true"}, {"refine_type", "sq8"}})
                ->ivf.refine,
            RefineType::kSq8);
  EXPECT_EQ(spec("IVF_RABITQ", {{"refine_type", "SQ8"}})->ivf.refine,
            RefineType::kNone);
  EXPECT_EQ(spec("SCANN", {})->ivf, (IvfParams{.refine = RefineType::kFp32}));
  EXPECT_EQ(spec("SCANN", {{"with_raw_data", "false"}, {"sub_dim", "4"}})->ivf,
            (IvfParams{.sub_dim = 4}));
  for (const auto& [type, params, part] :
       {std::tuple{"IVF_PQ", ParamMap{}, "'m'"},
        std::tuple{"IVF_PQ", ParamMap{{"m", "3"}}, "multiple of param 'm' (3)"},
        std::tuple{"IVF_PQ", ParamMap{{"m", "4"}, {"nbits", "0"}}, "[1, 24]"},
        std::tuple{"IVF_PQ", ParamMap{{"m", "4"}, {"nbits", "12"}},
                   "'nbits' (12)"},
        std::tuple{"IVF_PQ", ParamMap{{"m", "4"}, {"refine", "1"}}, "'refine'"},
        std::tuple{"IVF_RABITQ", ParamMap{{"refine_type", "FP8"}},
                   "'refine_type'"},
        std::tuple{"SCANN", ParamMap{{"with_raw_data", "yes"}},
                   "'with_raw_data'"}}) {
    const auto refused = spec(type, params);
    EXPECT_EQ(base::CodeOf(refused.status()), ErrorCode::kParameterInvalid);
    EXPECT_THAT(Message(refused.status()), HasSubstr(part));
  }
}

TEST(SearchParamsTest, RankingAgainIsAskedForByNameAndRange) {
  EXPECT_EQ(ParseSearchParams(IndexType::kScann, {{"reorder_k", "50"}}, 10)
                ->reorder_k,
            50U);
  EXPECT_EQ(
      Message(ParseSearchParams(IndexType::kScann, {{"reorder_k", "9"}}, 10)
                  .status()),
      "reorder_k(9) should be larger than k(10)");
  EXPECT_EQ(
      ParseSearchParams(IndexType::kIvfPq, {{"refine_k", "2.5"}}, 10)->refine_k,
      2.5F);
  for (const std::string bad : {"0.5", "nan", "", "two"}) {
    EXPECT_THAT(
        Message(ParseSearchParams(IndexType::kIvfPq, {{"refine_k", bad}}, 10)
                    .status()),
        HasSubstr("'refine_k'"));
  }
  EXPECT_EQ(
      ParseSearchParams(IndexType::kIvfRabitq, {{"rbq_query_bits", "4"}}, 10)
          ->query_bits,
      4U);
  EXPECT_EQ(
      ParseSearchParams(IndexType::kIvfRabitq, {{"rbq_bits_query", "3"}}, 10)
          ->query_bits,
      3U);
  EXPECT_FALSE(
      ParseSearchParams(IndexType::kIvfRabitq, {{"rbq_query_bits", "9"}}, 10)
          .ok());
}

TEST(SearchParamsTest, ScannIsLeftToTheIndexUnlessAnEffortOrARecallIsGiven) {
  const auto parse = [](const ParamMap& params) {
    return *ParseSearchParams(IndexType::kScann, params, 10);
  };
  EXPECT_EQ(parse({}).nprobe, 0U);
  EXPECT_EQ(parse({{"nprobe", "7"}}).nprobe, 7U);
  EXPECT_EQ(parse({{"target_recall", "0.97"}}).target_recall, 0.97);
  EXPECT_EQ(parse({{"ef", "64"}}).ef, 64U);
  EXPECT_EQ(ParseRangeSearchParams(IndexType::kScann, {})->ef, 512U);
  EXPECT_FALSE(
      ParseSearchParams(IndexType::kScann, {{"target_recall", "2"}}, 10).ok());
}

TEST(IndexSpecTest, DiskAnnTakesMilvussParametersInTheirRanges) {
  const auto spec = [](ParamMap params) {
    return ParseIndexSpec({.type_name = "DISKANN",
                           .metric_name = "L2",
                           .dim = 8,
                           .params = std::move(params)});
  };
  EXPECT_EQ(spec({})->disk,
            (DiskParams{.max_degree = 56, .search_list_size = 100}));
  EXPECT_EQ(spec({{"max_degree", "32"},
                  {"search_list_size", "60"},
                  {"pq_code_budget_gb_ratio", "0.25"},
                  {"build_dram_budget_gb_ratio", "0.3"},
                  {"search_cache_budget_gb_ratio", "0.1"}})
                ->disk,
            (DiskParams{.max_degree = 32,
                        .search_list_size = 60,
                        .code_budget = 0.25,
                        .cache_budget = 0.1}));
  for (const auto& [name, value, range] :
       {std::tuple{"max_degree", "0", "[1, 2048]"},
        std::tuple{"max_degree", "2049", "[1, 2048]"},
        std::tuple{"search_list_size", "0", "[1, 2147483647]"},
        std::tuple{"pq_code_budget_gb_ratio", "0", "(0, 1]"},
        std::tuple{"search_cache_budget_gb_ratio", "1.5", "[0, 1]"}}) {
    const auto refused = spec({{name, value}});
    EXPECT_EQ(base::CodeOf(refused.status()), ErrorCode::kParameterInvalid);
    EXPECT_THAT(Message(refused.status()), HasSubstr(name));
    EXPECT_THAT(Message(refused.status()), HasSubstr(range));
  }
}

TEST(IndexSpecTest, DiskAnnRefusesToBeMapped) {
  const auto spec = [](const char* enabled) {
    return ParseIndexSpec({.type_name = "DISKANN",
                           .metric_name = "L2",
                           .dim = 8,
                           .params = {{"mmap.enabled", enabled}}});
  };
  EXPECT_TRUE(spec("false").ok());
  const auto refused = spec("true");
  EXPECT_EQ(base::CodeOf(refused.status()), ErrorCode::kParameterInvalid);
  EXPECT_EQ(Message(refused.status()),
            "index type DISKANN does not support mmap: invalid parameter");
}

TEST(SearchParamsTest, DiskAnnsListMustReachK) {
  const auto given = ParseSearchParams(
      IndexType::kDiskAnn, {{"search_list", "30"}, {"beamwidth", "8"}}, 30);
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_EQ(given->search_list, 30U);
  EXPECT_EQ(given->beam_width, 8U);
  EXPECT_EQ(ParseSearchParams(IndexType::kDiskAnn, {}, 10)->search_list, 0U);
  const auto small =
      ParseSearchParams(IndexType::kDiskAnn, {{"search_list", "29"}}, 30);
  EXPECT_EQ(base::CodeOf(small.status()), ErrorCode::kParameterInvalid);
  EXPECT_EQ(Message(small.status()),
            "search_list_size(29) should be larger than k(30)");
  EXPECT_THAT(
      Message(ParseSearchParams(IndexType::kDiskAnn, {{"beamwidth", "129"}}, 1)
                  .status()),
      HasSubstr("[1, 128]"));
  EXPECT_EQ(ParseRangeSearchParams(IndexType::kDiskAnn, {{"search_list", "3"}})
                ->search_list,
            3U);
}

TEST(IndexTypeTest, NamesAreTheWires) {
  EXPECT_EQ(NameOf(IndexType::kFlat), "FLAT");
  EXPECT_EQ(NameOf(IndexType::kHnsw), "HNSW");
}

}  // namespace
}  // namespace elanus::index
