#include "expr/eval.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "expr/test_chunk.h"

namespace elanus::expr {
namespace {

constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kInt64Min = std::numeric_limits<std::int64_t>::min();

struct Case {
  std::string text;
  std::string rows;
};

void Check(const TestChunk& chunk, const std::vector<Case>& cases) {
  for (const auto& [text, rows] : cases) {
    EXPECT_EQ(chunk.Select(text), rows) << text;
  }
}

TEST(EvalTest, NumbersCompareWithLiterals) {
  const TestChunk chunk(
      {{{"i8", -128}, {"i16", 5}, {"i32", 2147483647}, {"i64", kInt64Min}},
       {{"i8", 0}, {"i16", -5}, {"i32", 0}, {"i64", 0}, {"b", true}},
       {{"i8", 127}, {"i16", 300}, {"i32", -1}, {"i64", kInt64Max}}});
  Check(chunk, {
                   {"i8 == 127", "2"},
                   {"i8 != 127", "0 1"},
                   {"i8 < 0", "0"},
                   {"i8 <= 0", "0 1"},
                   {"0 < i8", "2"},
                   {"i8 >= 0", "1 2"},
                   {"i8 > 1000", ""},
                   {"i8 < 1000", "0 1 2"},
                   {"i8 == 1000", ""},
                   {"i8 != 1000", "0 1 2"},
                   {"i8 in [0, 1000, 127]", "1 2"},
                   {"i8 not in [1000]", "0 1 2"},
                   {"i16 > 0x04", "0 2"},
                   {"i16 == 0b101", "0"},
                   {"i16 == 05", "0"},
                   {"i32 + 1 == 2147483648", "0"},
                   {"i64 > 9223372036854775806", "2"},
                   {"i64 < -9223372036854775807", "0"},
                   {"i64 - 1 == 9223372036854775807", "0"},
                   {"i64 / -1 < 0", "0 2"},
                   {"i64 % -1 == 0", "0 1 2"},
                   {"b == true", "1"},
                   {"b != True", "0 2"},
                   {"b == FALSE", "0 2"},
                   {"b in [true]", "1"},
                   {"b in [true, false]", "0 1 2"},
                   {"b < true", "0 2"},
                   {"-5 <= i16 < 300", "0 1"},
                   {"300 > i16 >= -5", "0 1"},
                   {"+i16 == 5", "0"},
                   {"i16 == 2 ** 2 + 1", "0"},
                   {"i16 == - -5", "0"},
                   {"i16 == 11 / 2", "0"},
                   {"i16 == -11 % 6", "1"},
                   {"5 == i16 || i16 == 300", "0 2"},
                   {"i16 > 0 && i16 < 10", "0"},
                   {"i16 > 0 AND NOT (i16 == 5)", "2"},
                   {"not not (i16 == 5)", "0"},
                   {"i16 NOT IN [5, 300]", "1"},
                   {"i16 !in [5, 300]", "1"},
               });
}

TEST(EvalTest, FloatsCompareInTheirOwnWidth) {
  const TestChunk chunk({{{"f", 0.1}, {"d", 0.1}},
                         {{"f", 3}, {"d", 3}},
                         {{"f", -0.0}, {"d", -0.0}}});
  Check(chunk, {
                   {"f == 0.1", "0"},
                   {"d == 0.1", "0"},
                   {"f in [0.1, 3]", "0 1"},
                   {"d in [0.1, 3]", "0 1"},
                   {"d in [0]", "2"},
                   {"f == 0", "2"},
                   {"d < 0", ""},
                   {"d > 0", "0 1"},
                   {"f < 1e300", "0 1 2"},
                   {"f > 1e300", ""},
                   {"0 < f < 3", "0"},
                   {"0.1 <= f <= 3", "0 1"},
                   {"0.1 < d < 3.5", "1"},
                   {"f + 1 == 1.1", "0"},
                   {"d / 2 == 1.5", "1"},
                   {"f * 2 > 1", "1"},
                   {"2 * d == 6", "1"},
                   {"d - 3 != 0", "0 2"},
                   {"f == .1", "0"},
                   {"d == 0x1.8p1", "1"},
                   {"d > 1e0", "1"},
               });
}

TEST(EvalTest, IntegerArithmeticTruncatesAndKeepsTheSign) {
  const TestChunk chunk(
      {{{"i64", 2}}, {{"i64", 3}}, {{"i64", -3}}, {{"i64", kInt64Max}}});
  Check(chunk, {
                   {"i64 / 2 == 1", "0 1"},
                   {"i64 / 2 == -1", "2"},
                   {"i64 % 2 == 1", "1 3"},
                   {"i64 % 2 == -1", "2"},
                   {"i64 + 1 < 0", "2 3"},
                   {"1 + i64 >= 4", "1"},
                   {"i64 * 2 != 4", "1 2 3"},
                   {"i64 * 2 <= -2", "2 3"},
                   {"i64 - 1 > 1", "1 3"},
               });
}

TEST(EvalTest, TextsCompareBytewise) {
  const TestChunk chunk({{{"s", std::string("")}},
                         {{"s", std::string("abc")}},
                         {{"s", std::string("abd")}},
                         {{"s", std::string("\xC3\xBC")}}});
  Check(chunk, {
                   {"s == \"abc\"", "1"},
                   {"s == 'abc'", "1"},
                   {"s != 'abc'", "0 2 3"},
                   {"s < 'abd'", "0 1"},
                   {"s <= 'abd'", "0 1 2"},
                   {"s > 'abc'", "2 3"},
                   {"s >= 'abc'", "1 2 3"},
                   {"'a' < s < 'abd'", "1"},
                   {"'abc' <= s <= 'abd'", "1 2"},
                   {"s in ['abc', '']", "0 1"},
                   {"s not in ['abc', '']", "2 3"},
                   {"s in ['abc']", "1"},
                   {"s == '\\u00fc'", "3"},
                   {"s == \"\xC3\xBC\"", "3"},
                   {"s == '\\x61b\\143'", "1"},
               });
}

TEST(EvalTest, LikeMatchesWholeValues) {
  const TestChunk chunk({{{"s", std::string("")}},
                         {{"s", std::string("abc")}},
                         {{"s", std::string("xabcx")}},
                         {{"s", std::string("50%")}},
                         {{"s", std::string("a\xC3\xBC"
                                            "c")}}});
  Check(chunk, {
                   {"s like \"abc\"", "1"},
                   {"s like \"\"", "0"},
                   {"s like \"%\"", "0 1 2 3 4"},
                   {"s like \"ab%\"", "1"},
                   {"s like \"%c\"", "1 4"},
                   {"s like \"%abc%\"", "1 2"},
                   {"s like \"a_c\"", "1 4"},
                   {"s like \"_abc_\"", "2"},
                   {"s like \"a%c\"", "1 4"},
                   {"s like \"%a%c%\"", "1 2 4"},
                   {"s like \"50\\%\"", "3"},
                   {"s like \"50\\\\%\"", "3"},
                   {"s like \"50_\"", "3"},
                   {"s LIKE \"ABC\"", ""},
                   {"not (s like \"%c\")", "0 2 3"},
               });
}

TEST(EvalTest, FieldsCompareWithFields) {
  const TestChunk chunk(
      {{{"i64", 16777217}, {"i8", 3}, {"f", 16777216}, {"d", 16777216}},
       {{"i64", 3}, {"i8", 3}, {"f", 2.5}, {"d", 3}},
       {{"i64", -1}, {"i8", 0}, {"s", std::string("a")}, {"ni", -1}}});
  Check(chunk, {
                   {"i64 == i8", "1"},
                   {"i64 > i8", "0"},
                   {"i64 < i8", "2"},
                   {"i64 == f", "0"},
                   {"i64 == d", "1"},
                   {"i64 >= d", "0 1"},
                   {"i64 != d", "0 2"},
                   {"i8 <= f", "0 2"},
                   {"s == ns", ""},
                   {"s == s", "0 1 2"},
                   {"i64 == ni", "2"},
                   {"not (i64 != ni)", "2"},
               });
}

TEST(EvalTest, NullsFollowThreeValuedLogic) {
  const TestChunk chunk({{{"ni", 1},
                          {"n8", 1},
                          {"nb", true},
                          {"nd", 1.5},
                          {"ns", std::string("a")},
                          {"i64", 1}},
                         {{"i64", 1}},
                         {{"ni", 2}, {"i64", 2}}});
  Check(chunk, {
                   {"ni == 1", "0"},
                   {"ni != 1", "2"},
                   {"not (ni == 1)", "2"},
                   {"not (ni != 1)", "0"},
                   {"ni in [1]", "0"},
                   {"ni in [1, 5]", "0"},
                   {"ni not in [1, 5]", "2"},
                   {"ni in []", ""},
                   {"ni not in []", "0 2"},
                   {"n8 > 1000", ""},
                   {"n8 < 1000", "0"},
                   {"not (n8 > 1000)", "0"},
                   {"nb == true", "0"},
                   {"nb != true", ""},
                   {"nd in [1.5]", "0"},
                   {"nd + 1 == 2.5", "0"},
                   {"nd + 1 != 2.5", ""},
                   {"ns like \"a%\"", "0"},
                   {"not (ns like \"b%\")", "0"},
                   {"ni is null", "1"},
                   {"ni is not null", "0 2"},
                   {"ns IS NULL", "1 2"},
                   {"i64 is null", ""},
                   {"i64 is not null", "0 1 2"},
                   // unknown and false = false, unknown or true = true
                   {"not (ni == 1 and i64 == 2)", "0 1 2"},
                   {"not (ni == 1 and i64 == 1)", "2"},
                   {"ni == 5 or i64 == 1", "0 1"},
                   {"not (ni == 5 or i64 == 9)", "0 2"},
                   {"ni == 1 or ni is null", "0 1"},
                   {"not (not (ni == 1))", "0"},
               });
}

TEST(EvalTest, JsonPlacesCompareByKindAndValue) {
  const auto json = [](const char* text) -> TestRow {
    return {{"j", std::string(text)}};
  };
  const TestChunk chunk(
      {json(R"({"a": 1, "b": {"c": [10, 20]}, "s": "x"})"),
       json(R"({"a": 1.0, "b": null, "s": "xy"})"),
       json(R"({"a": "1", "l": [1, [2, "z"], 3.0]})"),
       json(R"({"a": 9007199254740993, "t": true})"), json(R"({})"),
       json(R"({"a": null, "l": [], "e": {"x": [null, {}]}})"), json(R"(7)")});
  Check(chunk, {
                   {"j[\"a\"] == 1", "0 1"},
                   {"j['a'] == 1.0", "0 1"},
                   {"j['a'] == \"1\"", "2"},
                   {"j['a'] != 1", "2 3 4 5 6"},
                   {"not (j['a'] == 1)", "2 3 4 5 6"},
                   {"j['a'] == 9007199254740993", "3"},
                   {"j['a'] == 9007199254740992", ""},
                   {"j['a'] > 0", "0 1 3"},
                   {"not (j['a'] > 0)", "2 4 5 6"},
                   {"0 < j['a'] < 2", "0 1"},
                   {"'0' < j['a'] < '2'", "2"},
                   {"j['a'] in [1, 5]", "0 1"},
                   {"j['a'] in [1.0, 'q']", "0 1"},
                   {"j['a'] in ['1']", "2"},
                   {"j['a'] not in [1, '1']", "3 4 5 6"},
                   {"j['a'] + 1 == 2", "0 1"},
                   {"j['a'] + 1 != 2", "2 3 4 5 6"},
                   {"j['a'] / 2 == 0", "0"},
                   {"j['a'] / 2 == 0.5", "1"},
                   {"j['a'] % 2 == 1", "0 1 3"},
                   {"j['b']['c'][1] == 20", "0"},
                   {"j['b']['c'][2] == 20", ""},
                   {"j['b']['c'][2] != 20", "0 1 2 3 4 5 6"},
                   {"j['b']['c'] == [10, 20]", "0"},
                   {"j['l'] == [1, [2, 'z'], 3]", "2"},
                   {"j['l'] == []", "5"},
                   {"j['b']['c'] in [[1], [10, 20]]", "0"},
                   {"j['s'] like 'x%'", "0 1"},
                   {"j['a'] like '%'", "2"},
                   {"j['t'] == true", "3"},
                   {"j == 7", "6"},
                   {"j > 6", "6"},
                   {"j in [7, 8]", "6"},
                   {"exists j['a']", "0 1 2 3"},
                   {"exists j['e']", ""},
                   {"exists j['l']", "2"},
                   {"exists j['b']['c'][0]", "0"},
                   {"j['a'] is null", "4 5 6"},
                   {"j['a'] is not null", "0 1 2 3"},
                   {"j is null", ""},
                   {"array_length(j['b']['c']) == 2", "0"},
                   {"ARRAY_LENGTH(j['l']) > 0", "2"},
                   {"array_length(j['l']) == 0", "5"},
                   {"array_length(j['l']) != 0", "0 1 2 3 4 6"},
                   {"array_length(j['l']) < 9", "2 5"},
                   {"json_contains(j['l'], 1.0)", "2"},
                   {"json_contains(j['l'], '1')", ""},
                   {"json_contains(j['l'], [2, 'z'])", "2"},
                   {"JSON_CONTAINS_ALL(j['b']['c'], [20, 10])", "0"},
                   {"json_contains_all(j['b']['c'], [20, 30])", ""},
                   {"json_contains_any(j['b']['c'], [30, 20])", "0"},
                   {"array_contains(j['b']['c'], 10)", "0"},
                   {"json_contains_all(j['l'], [])", "2 5"},
                   {"json_contains_any(j['l'], [])", ""},
                   {"not json_contains(j['l'], 1)", "0 1 3 4 5 6"},
               });
}

TEST(EvalTest, KeysWithEscapesAreFound) {
  const TestChunk chunk({{{"j", std::string(R"({"a\"b": 1, "k": 5})")}},
                         {{"j", std::string(R"({"\u006b": 5})")}},
                         {{"j", std::string(R"({"k": "tab\there"})")}},
                         {{"j", std::string("{\"\xC3\xBC\": 5}")}}});
  Check(chunk, {
                   {R"(j['a"b'] == 1)", "0"},
                   {"j['k'] == 5", "0 1"},
                   {"j['k'] == 'tab\\there'", "2"},
                   {"j['\xC3\xBC'] == 5", "3"},
               });
}

TEST(EvalTest, UnknownNamesAreKeysOfTheDynamicField) {
  const TestChunk chunk({{{"$meta", std::string(R"({"x": 1, "y": {"z": 2}})")}},
                         {{"$meta", std::string(R"({"x": "a"})")}},
                         {}});
  Check(chunk, {
                   {"x == 1", "0"},
                   {"$meta[\"x\"] == 1", "0"},
                   {"y[\"z\"] == 2", "0"},
                   {"x like \"a%\"", "1"},
                   {"exists x", "0 1"},
                   {"x is null", "2"},
                   {"x != 1", "1 2"},
                   {"1 < y['z'] < 3", "0"},
               });
}

TEST(EvalTest, NullJsonIsUnknownButDoesNotExist) {
  const TestChunk chunk({{{"nj", std::string(R"({"a": 1})")}}, {}});
  Check(chunk, {
                   {"nj['a'] == 1", "0"},
                   {"nj['a'] != 2", "0"},
                   {"not (nj['a'] == 2)", "0"},
                   {"exists nj['a']", "0"},
                   {"not (exists nj['a'])", "1"},
                   {"nj['a'] is null", "1"},
                   {"nj is null", "1"},
                   {"nj is not null", "0"},
                   {"nj['a'] in []", ""},
               });
}

TEST(EvalTest, DamagedJsonCountsAsMissing) {
  const TestChunk chunk({{{"j", std::string(R"({"a": )")}},
                         {{"j", std::string("")}},
                         {{"j", std::string("\"a\"")}}});
  Check(chunk, {{"j['a'] == 1", ""}, {"j['a'] != 1", "0 1 2"}});
}

TEST(EvalTest, MisalignedColumnsGiveTheSameAnswers) {
  std::vector<TestRow> rows;
  for (int i = 0; i < 200; ++i) {
    rows.push_back({{"i64", i}, {"i16", i}, {"d", i}, {"f", i}});
  }
  const TestChunk aligned(rows);
  const TestChunk misaligned(rows, /*misalignment=*/1);
  for (const std::string& text : std::initializer_list<std::string>{
           "i64 > 77", "i64 in [3, 5, 190]", "d < 20", "f in [1, 9]",
           "i16 % 7 == 3", "i16 <= d", "f * 2 == 8"}) {
    EXPECT_EQ(aligned.Select(text), misaligned.Select(text)) << text;
    EXPECT_NE(aligned.Select(text), "") << text;
  }
}

TEST(EvalTest, ChunksLongerThanABlockAreWhole) {
  std::vector<TestRow> rows(kBlockRows + 100);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = {{"i64", static_cast<std::int64_t>(i)},
               {"ni", static_cast<std::int64_t>(i % 3)}};
    if (i % 5 == 0) rows[i].erase("ni");
  }
  const TestChunk chunk(rows);

  const auto selected = chunk.Run("i64 % 7 == 0 and not (ni == 1)");

  ASSERT_TRUE(selected.ok());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(selected->Test(i), i % 7 == 0 && i % 5 != 0 && i % 3 != 1) << i;
  }
}

TEST(EvalTest, OnlyCandidatesAreSelected) {
  const TestChunk chunk({{{"i64", 1}}, {{"i64", 1}}, {{"i64", 2}}});
  types::Bitset candidates(3);
  candidates.Set(1);
  candidates.Set(2);
  for (const auto& [text, expected] : std::vector<std::pair<std::string, int>>{
           {"i64 == 1", 1}, {"not (i64 == 2)", 1}, {"", 2}, {"i64 in []", 0}}) {
    const auto plan = CompileFilter(text, chunk.schema(), {});
    types::Bitset selected;
    ASSERT_TRUE(EvalCandidates(**plan, chunk, candidates.view(),
                               base::OpContext(), &selected)
                    .ok());
    EXPECT_EQ(selected.Count(), static_cast<std::size_t>(expected)) << text;
    EXPECT_FALSE(selected.Test(0)) << text;
  }
}

TEST(EvalTest, CancellationStopsTheScan) {
  const TestChunk chunk({{{"i64", 1}}});
  const auto plan = CompileFilter("i64 == 1", chunk.schema(), {});
  const base::OpContext ctx;
  ctx.Cancel();
  types::Bitset selected;

  const absl::Status status = EvalChunk(**plan, chunk, 1, ctx, &selected);

  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kCancelled);
}

TEST(EvalTest, ColumnsThatAreTooShortAreRefused) {
  const TestChunk chunk({{{"i64", 1}}});
  const auto plan = CompileFilter("i64 == 1", chunk.schema(), {});
  types::Bitset selected;

  const absl::Status status =
      EvalChunk(**plan, chunk, 2, base::OpContext(), &selected);

  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kDataIntegrity);
}

}  // namespace
}  // namespace elanus::expr
