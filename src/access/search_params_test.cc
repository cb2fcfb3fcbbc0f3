#include "access/search_params.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace elanus::access {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

KeyValues Make(const Pairs& pairs) {
  KeyValues made;
  for (const auto& [key, value] : pairs) {
    auto* pair = made.Add();
    pair->set_key(key);
    pair->set_value(value);
  }
  return made;
}

absl::StatusOr<SearchParams> Search(const Pairs& pairs) {
  return ReadSearchParams(Make(pairs), {});
}

std::string SearchError(const Pairs& pairs) {
  const auto params = Search(pairs);
  return params.ok() ? "no error"
                     : std::string(base::MessageOf(params.status()));
}

std::string QueryError(const Pairs& pairs) {
  const auto params = ReadQueryParams(Make(pairs), {});
  return params.ok() ? "no error"
                     : std::string(base::MessageOf(params.status()));
}

TEST(SearchParamsTest, ReadsFlatAndInnerKeys) {
  const auto params = Search({{"topk", "10"},
                              {"anns_field", "v"},
                              {"metric_type", ""},
                              {"offset", "4"},
                              {"round_decimal", "2"},
                              {"ignore_growing", "True"},
                              {"nprobe", "7"},
                              {"drop_ratio_search", "0.2"},
                              {"M", "16"},
                              {"beamwidth", "8"},
                              {"mh_search_with_jaccard", "true"},
                              {"params",
                               R"({"ef": 64, "radius": 0.5, "offset": 4,
                                   "metric_type": "IP", "what": [1]})"}});
  ASSERT_TRUE(params.ok()) << params.status();
  EXPECT_EQ(params->top_k, 10);
  EXPECT_EQ(params->anns_field, "v");
  EXPECT_EQ(params->metric_type, "IP");
  EXPECT_EQ(params->offset, 4);
  EXPECT_EQ(params->round_decimal, 2);
  EXPECT_TRUE(params->ignore_growing);
  EXPECT_FALSE(params->is_iterator);
  const std::map<std::string, std::string> wanted = {
      {"beamwidth", "8"}, {"drop_ratio_search", "0.2"},
      {"ef", "64"},       {"mh_search_with_jaccard", "true"},
      {"nprobe", "7"},    {"radius", "0.5"}};
  EXPECT_EQ(params->index_params, wanted);
}

TEST(SearchParamsTest, WhatIsNotGivenHasItsDefault) {
  const auto params = Search({{"topk", "1"}});
  ASSERT_TRUE(params.ok());
  EXPECT_EQ(params->offset, 0);
  EXPECT_EQ(params->round_decimal, -1);
  EXPECT_FALSE(params->ignore_growing);
  EXPECT_TRUE(params->index_params.empty());
}

TEST(SearchParamsTest, RefusesWhatIsOutOfRangeInMilvussWords) {
  EXPECT_EQ(SearchError({{"topk", "0"}}),
            "topk [0] is invalid, it should be in range [1, 16384], but got 0");
  EXPECT_EQ(SearchError({{"topk", "16385"}}),
            "topk [16385] is invalid, it should be in range [1, 16384], but "
            "got 16385");
  EXPECT_EQ(SearchError({{"topk", "1.5"}}),
            "topk [1.5] is invalid, it should be in range [1, 16384], but got "
            "1.5");
  EXPECT_EQ(SearchError({{"topk", "10"}, {"offset", "16380"}}),
            "invalid max query result window, (offset+limit) should be in "
            "range [1, 16384], but got 16390");
  EXPECT_EQ(SearchError({{"topk", "10"}, {"offset", "-1"}})
                .find("offset [-1] is invalid, it should be in range "
                      "[1, 16384]"),
            0u);
  EXPECT_EQ(SearchError({}), "topk not found in search_params");
}

TEST(SearchParamsTest, RefusesMalformedValuesByName) {
  const std::vector<std::pair<Pairs, std::string>> cases = {
      {{{"topk", "x"}}, "topk"},
      {{{"topk", "99999999999999999999"}}, "topk"},
      {{{"topk", "5"}, {"params", "{"}}, "params"},
      {{{"topk", "5"}, {"params", "[]"}}, "params"},
      {{{"topk", "5"}, {"round_decimal", "99"}}, "round_decimal"},
      {{{"topk", "5"}, {"ignore_growing", "perhaps"}},
       "parse ignore growing field failed"},
      {{{"topk", "5"}, {"ef", "4"}, {"params", R"({"ef": 5})"}}, "ef"},
      {{{"topk", "5"},
        {"metric_type", "L2"},
        {"params", R"({"metric_type": "IP"})"}},
       "metric_type"},
  };
  for (const auto& [pairs, name] : cases) {
    const std::string error = SearchError(pairs);
    EXPECT_NE(error, "no error") << name;
    EXPECT_NE(error.find(name), std::string::npos) << error;
  }
}

TEST(SearchParamsTest, RefusesWhatWouldChangeTheAnswer) {
  for (const char* key : {"group_by_field", "group_size", "analyzer_name",
                          "search_iter_id", "order_by_fields"}) {
    const auto outside = Search({{"topk", "5"}, {key, "9"}});
    ASSERT_FALSE(outside.ok()) << key;
    EXPECT_EQ(base::CodeOf(outside.status()),
              base::ErrorCode::kOperationNotSupported);
    EXPECT_NE(base::MessageOf(outside.status()).find(key),
              std::string_view::npos);
    const auto inside = Search(
        {{"topk", "5"}, {"params", "{\"" + std::string(key) + "\": \"9\"}"}});
    EXPECT_FALSE(inside.ok()) << key;
  }
}

TEST(SearchParamsTest, AFieldToGroupByMayBeCalledLikeAFlag) {
  EXPECT_NE(SearchError({{"topk", "5"}, {"group_by_field", "f"}}), "no error");
  EXPECT_NE(SearchError({{"topk", "5"}, {"group_by_field", "0"}}), "no error");
  EXPECT_EQ(SearchError({{"topk", "5"}, {"strict_group_size", "False"}}),
            "no error");
}

TEST(SearchParamsTest, IteratorsOfTheFirstKindAreLetThrough) {
  const auto params = Search({{"topk", "5"},
                              {"iterator", "True"},
                              {"search_iter_v2", "True"},
                              {"search_iter_batch_size", "1"},
                              {"collection_id", "77"},
                              {"hints", "iterative_filter"},
                              {"reduce_stop_for_best", "True"}});
  ASSERT_TRUE(params.ok()) << params.status();
  EXPECT_TRUE(params->is_iterator);
  EXPECT_EQ(params->collection_id, 77);
}

TEST(SearchParamsTest, AnIteratorsCollectionIsANumber) {
  EXPECT_NE(
      SearchError(
          {{"topk", "5"}, {"iterator", "True"}, {"collection_id", "books"}})
          .find("collection_id [books]"),
      std::string::npos);
}

TEST(QueryParamsTest, ReadsTheWindow) {
  const auto params = ReadQueryParams(Make({{"limit", "10"},
                                            {"offset", "3"},
                                            {"iterator", "False"},
                                            {"collection_id", "77"}}),
                                      {});
  ASSERT_TRUE(params.ok());
  EXPECT_EQ(params->limit, 10);
  EXPECT_EQ(params->offset, 3);
  EXPECT_TRUE(params->has_pagination);
  EXPECT_FALSE(params->is_iterator);
  EXPECT_EQ(params->collection_id, 0) << "no iterator, nothing to go on with";
  const auto none = ReadQueryParams(Make({}), {});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->limit, 0);
  EXPECT_FALSE(none->has_pagination);
}

TEST(QueryParamsTest, RefusesAWindowOutOfRange) {
  EXPECT_NE(QueryError({{"limit", "16385"}}).find("limit [16385]"),
            std::string::npos);
  EXPECT_NE(QueryError({{"limit", "0"}}).find("limit [0]"), std::string::npos);
  EXPECT_NE(QueryError({{"limit", "-1"}}).find("limit [-1]"),
            std::string::npos);
  EXPECT_NE(QueryError({{"limit", "5"}, {"offset", "-1"}}).find("offset [-1]"),
            std::string::npos);
  EXPECT_NE(QueryError({{"limit", "10"}, {"offset", "16380"}})
                .find("invalid max query result window"),
            std::string::npos);
  EXPECT_EQ(QueryError({{"limit", "10"}, {"offset", "16374"}}), "no error");
}

}  // namespace
}  // namespace elanus::access
