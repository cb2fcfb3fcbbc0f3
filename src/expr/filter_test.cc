#include "expr/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "expr/test_chunk.h"

namespace elanus::expr {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Refused {
  std::string text;
  std::string why;
};

std::string MessageFor(const std::string& text,
                       const TemplateValues& values = {}) {
  const auto plan = CompileFilter(text, TestSchema(), values);
  if (plan.ok()) return "(compiled)";
  EXPECT_EQ(base::CodeOf(plan.status()), base::ErrorCode::kParameterInvalid);
  EXPECT_EQ(base::FaultOf(plan.status()), base::Fault::kCaller);
  return std::string(base::MessageOf(plan.status()));
}

std::shared_ptr<const Plan> Compile(const std::string& text,
                                    const TemplateValues& values = {}) {
  auto plan = CompileFilter(text, TestSchema(), values);
  EXPECT_TRUE(plan.ok()) << text << ": " << base::MessageOf(plan.status());
  return plan.ok() ? *plan : nullptr;
}

Literal Int(std::int64_t value) { return Literal{value}; }

TEST(FilterTest, ErrorsBeginWithTheVerbAndEndWithTheClass) {
  const auto plan =
      CompileFilter("nope ==", TestSchema(), {}, {.verb = kDeletePlanVerb});

  const std::string message(base::MessageOf(plan.status()));
  EXPECT_THAT(message, StartsWith("failed to create delete plan: cannot parse "
                                  "expression: nope ==, error: "));
  EXPECT_THAT(message, EndsWith(": invalid parameter"));
}

TEST(FilterTest, UnknownNamesAreRefusedWithoutADynamicField) {
  types::Schema schema = TestSchema();
  schema.fields.pop_back();

  const auto plan = CompileFilter("nope == 1", schema, {});

  EXPECT_EQ(base::MessageOf(plan.status()),
            "failed to create query plan: cannot parse expression: nope == 1, "
            "error: field nope not exist: invalid parameter");
}

TEST(FilterTest, TextsThatAreNoConditionNameTheirType) {
  const auto expected = [](std::string text, std::string type) {
    return "failed to create query plan: predicate is not a boolean "
           "expression: " +
           text + ", data type: " + type + ": invalid parameter";
  };
  for (const auto& [text, type] :
       std::vector<Refused>{{"b", "Bool"},
                            {"true", "Bool"},
                            {"1 < 2", "Bool"},
                            {"1", "Int64"},
                            {"1 + 1.5", "Double"},
                            {"i64 + 1", "Int64"},
                            {"s", "VarChar"},
                            {"[1]", "Array"},
                            {"j[\"a\"]", "JSON"},
                            {"dyn", "JSON"},
                            {"vec", "FloatVector"},
                            {"array_length(j)", "Int64"}}) {
    EXPECT_EQ(MessageFor(text), expected(text, type));
  }
}

TEST(FilterTest, ReasonsAreWordedAsMilvusWordsThem) {
  for (const auto& [text, why] : std::vector<Refused>{
           {"s == 1",
            "comparisons between VarChar and Int64 are not supported"},
           {"1 == s",
            "comparisons between VarChar and Int64 are not supported"},
           {"i64 == \"a\"",
            "comparisons between Int64 and VarChar are not supported"},
           {"b == 1", "comparisons between Bool and Int64 are not supported"},
           {"vec == 1",
            "comparisons between FloatVector and Int64 are not supported"},
           {"s == i64",
            "comparisons between VarChar and Int64 are not supported"},
           {"1 == \"a\"",
            "comparisons between Int64 and VarChar are not supported"},
           {"i64 == 1.0", "cannot cast value to Int64, value: float_val:1"},
           {"j == i64", "can not comparisons jsonField directly"},
           {"!b", "not op can only be applied on boolean expression"},
           {"not b == true",
            "not op can only be applied on boolean expression"},
           {"not true", "not op can only be applied on boolean expression"},
           {"i64 > 0 and b",
            "'and' can only be used between boolean expressions"},
           {"i64 > 0 and true",
            "'and' can only be used between boolean expressions"},
           {"i64 > 0 or false",
            "'or' can only be used between boolean expressions"},
           {"i64 in 5", "the right-hand side of 'in' must be a list"},
           {"i64 in (1)", "the right-hand side of 'in' must be a list"},
           {"i64 in i8", "the right-hand side of 'in' must be a list"},
           {"i64 + 1 in [1]", "'term' can only be used on single field"},
           {"i64 in [1, 1.5]",
            "value 'float_val:1.5' in list cannot be casted to Int64"},
           {"s in [1]",
            "value 'int64_val:1' in list cannot be casted to VarChar"},
           {"b in [\"x\"]",
            "value 'string_val:\"x\"' in list cannot be casted to Bool"},
           {"d in [true]",
            "value 'bool_val:true' in list cannot be casted to Double"},
           {"json_contains_all(j, 1)",
            "ContainsAll operation element must be an array"},
           {"json_contains_any(j, 1)",
            "ContainsAny operation element must be an array"},
           {"json_contains(i64, 1)",
            "contains operation are only supported on json or array fields"},
           {"array_length(s) == 1",
            "array_length operation are only supported"},
           {"array_length(j) == 1.5", "cannot cast value to Int64"},
           {"i64 / 0 == 1", "division or modulus by zero"},
           {"i64 % 0 == 1", "division or modulus by zero"},
           {"i64 == 1 / 0", "division or modulus by zero"},
           {"i64 == 1 % 0", "division or modulus by zero"},
           {"d % 2 == 1", "modulo can only apply on integer types"},
           {"d == 1.5 % 2", "modulo can only apply on integer types"},
           {"i64 + 1.5 == 2", "cannot cast value to Int64"},
           {"i64 + i8 == 2", "complicated arithmetic operations"},
           {"(i64 + 1) * 2 == 4", "complicated arithmetic operations"},
           {"1 - i64 == 2", "needs the field on its left side"},
           {"1 / i64 == 2", "needs the field on its left side"},
           {"s + 1 == 2", "arithmetic can only be used between"},
           {"i64 + \"a\" == 2", "arithmetic can only be used between"},
           {"-i64 == 2", "unary '-' is not supported on Int64"},
           {"i64 & 1 == 1", "'&' is not supported"},
           {"(i64 | 1) == 1", "'|' is not supported"},
           {"(i64 ^ 1) == 1", "'^' is not supported"},
           {"i64 << 1 == 1", "'<<' is not supported"},
           {"i64 >> 1 == 1", "'>>' is not supported"},
           {"~i64 == 1", "'~' is not supported"},
           {"i64 ** 2 == 1", "'**' is not supported"},
           {"5 < i64 < 1", "invalid range"},
           {"1 < i64 <= 1", "invalid range"},
           {"1 < b < 2", "invalid range"},
           {"1 < i64 < 2.5", "cannot cast value to Int64"},
           {"1 < i64 < \"a\"", "comparisons between Int64 and VarChar"},
           {"1 < j[\"a\"] < \"z\"", "invalid range"},
           {"i8 < i64 < 5", "bounds of a range must be constants"},
           {"i64 like \"a\"", "like operation on non-string"},
           {"exists s", "exists operations are only supported on json field"},
           {"exists j", "exists operations are only supported on json field"},
           {"vec is null",
            "IsNull/IsNotNull operations are not supported on vector fields"},
           {"arr == [1]", "expressions on Array fields are not supported yet"},
           {"s[\"a\"] == 1",
            "VarChar data type not supported accessed with []"},
           {"text_match(s, \"a\")", "function text_match is not supported"},
           {"text_match(s, \"a\", minimum_should_match=2)",
            "function text_match is not supported"},
           {"phrase_match(s, \"a\", 1)",
            "function phrase_match is not supported"},
           {"random_sample(0.1)", "function random_sample is not supported"},
           {"st_within(s, \"p\")", "function st_within is not supported"},
           {"empty(s)", "function empty is not supported"},
           {"i64 == 9223372036854775808", "out of the range of int64"},
           {"i64 == -9223372036854775808", "out of the range of int64"},
           {"d == 1e999", "out of the range of double"},
           {"i64 == {x}",
            "the value of expression template variable name {x} is not found"},
       }) {
    EXPECT_THAT(MessageFor(text), HasSubstr("error: ")) << text;
    EXPECT_THAT(MessageFor(text), HasSubstr(why)) << text;
  }
}

TEST(FilterTest, SyntaxErrorsNameTheirPlace) {
  for (const std::string& text : std::initializer_list<std::string>{
           "i64 = 1",           "i64 == ",     "i64 == 1 2",   "(i64 == 1",
           "i64 In [1]",        "i64 Is Null", "i64 is  null", "i64 == 'abc",
           "i64 == \"\\q\"",    "i64 == 1abc", "i64 == 09",    "i64 in [1,,2]",
           "j[1.5] == 1",       "j[a] == 1",   "i64 == $x",    "i64 == 0x",
           "s like 5",          "{1} == i64",  "not",          "exists",
           "json_contains(j,)", "i64 == #",    "a\x01 == 1"}) {
    EXPECT_THAT(MessageFor(text), HasSubstr("error: ")) << text;
    EXPECT_NE(MessageFor(text), "(compiled)") << text;
  }
}

TEST(FilterTest, HostileNestingIsRefusedInsteadOfOverflowing) {
  const std::size_t many = 200'000;
  for (const std::string& text : std::initializer_list<std::string>{
           std::string(many, '('), std::string(many, '['),
           std::string(many, '!'), std::string(many, '-') + "1",
           std::string(many, '(') + "i64 == 1" + std::string(many, ')')}) {
    EXPECT_THAT(MessageFor(text), HasSubstr("nests deeper than 256 levels"));
  }
  std::string sum = "i64 == 1";
  for (int i = 0; i < 1000; ++i) sum += " + 1";
  EXPECT_THAT(MessageFor(sum), HasSubstr("nests deeper than 256 levels"));
}

TEST(FilterTest, LongChainsOfOrAreNoNesting) {
  std::string text = "i64 == 0";
  for (int i = 1; i < 20'000; ++i)
    text += " or i64 == " + std::to_string(2 * i);

  const auto plan = Compile(text);

  const auto* term = std::get_if<IntegerTermNode>(&plan->root().kind);
  ASSERT_NE(term, nullptr) << "equalities are merged into one list";
  EXPECT_EQ(term->values.values().size(), 20'000u);
}

TEST(FilterTest, BlankTextsAreAlwaysTrue) {
  EXPECT_TRUE(Compile("")->always_true());
  EXPECT_TRUE(Compile(" \t\n")->always_true());
}

TEST(FilterTest, WhatNoRowCanChangeIsFolded) {
  for (const std::string& text : std::initializer_list<std::string>{
           "i8 < 1000", "i8 != 1000", "i64 not in []", "not (i8 > 1000)",
           "i8 < 1000 or s == \"a\"", "id is not null", "i8 >= -128"}) {
    EXPECT_TRUE(Compile(text)->always_true()) << text;
  }
  for (const std::string& text : std::initializer_list<std::string>{
           "i8 > 1000", "i8 == 1000", "i64 in []", "i16 in [70000, -70000]",
           "i8 > 1000 and s == \"a\"", "id is null", "1 < i64 < 2"}) {
    EXPECT_TRUE(Compile(text)->always_false()) << text;
  }
  EXPECT_FALSE(Compile("n8 < 1000")->always_true()) << "null is not selected";
}

TEST(FilterTest, PlansNameTheFieldsThatTheyRead) {
  const auto plan = Compile("s == \"x\" and (i64 > 1 or s like \"a%\")");

  EXPECT_THAT(plan->fields(),
              ElementsAre(base::FieldId{105}, base::FieldId{108}));
}

TEST(FilterTest, PureKeyConditionsGiveTheirKeys) {
  using Keys = std::vector<types::PrimaryKey>;
  const auto keys = [](const std::string& text) {
    return Compile(text)->PrimaryKeyList();
  };
  EXPECT_EQ(keys("id == 7"), Keys{7});
  EXPECT_EQ(keys("7 == id"), Keys{7});
  EXPECT_EQ(keys("id in [9, 1, 1]"), (Keys{1, 9}));
  EXPECT_EQ(keys("id == 9 or id == 4 or id in [1]"), (Keys{1, 4, 9}));
  EXPECT_EQ(keys("id in []"), Keys{});
  EXPECT_EQ(keys("id in [9, 7, 8]"), (Keys{7, 8, 9})) << "kept as a range";
  EXPECT_EQ(keys("not (id not in [7, 8])"), (Keys{7, 8}));
  EXPECT_EQ(keys("id == 9223372036854775807"), Keys{INT64_MAX});
  EXPECT_EQ(keys("id > 7"), std::nullopt);
  EXPECT_EQ(keys("id != 7"), std::nullopt);
  EXPECT_EQ(keys("id not in [7, 9]"), std::nullopt);
  EXPECT_EQ(keys("i64 == 7"), std::nullopt);
  EXPECT_EQ(keys("id == 7 and i64 == 1"), std::nullopt);
  EXPECT_EQ(keys(""), std::nullopt);
}

TEST(FilterTest, AWrittenRangeOfKeysIsNoListOfKeys) {
  for (const std::string& text : std::initializer_list<std::string>{
           "0 <= id < 60000", "6 < id < 9", "id < 10",
           "not (id not in [7, 8]) or 10 < id < 13"}) {
    EXPECT_FALSE(Compile(text)->IsPrimaryKeyList()) << text;
    EXPECT_EQ(Compile(text)->PrimaryKeyList(), std::nullopt) << text;
  }
  EXPECT_TRUE(Compile("id in [7, 8]")->IsPrimaryKeyList());
  // It may be looked up key by key all the same.
  EXPECT_EQ(Compile("6 < id < 9")->PrimaryKeyCandidates(),
            (std::vector<types::PrimaryKey>{7, 8}));
}

TEST(FilterTest, AListOfKeysIsOneHoweverLongItIs) {
  constexpr std::int64_t kKeys = 70000;
  Literal::List items;
  for (std::int64_t key = 0; key < kKeys; ++key) items.push_back(Int(key));
  const auto plan = Compile("id in {list}", {{"list", Literal{items}}});

  const auto keys = plan->PrimaryKeyList();

  ASSERT_TRUE(keys.has_value());
  EXPECT_EQ(keys->size(), static_cast<std::size_t>(kKeys));
  EXPECT_EQ(keys->back(), types::PrimaryKey(kKeys - 1));
}

TEST(FilterTest, TextKeysAreListedToo) {
  types::Schema schema = TestSchema();
  schema.fields[0].type = types::DataType::kVarChar;
  using Keys = std::vector<types::PrimaryKey>;

  const auto list = CompileFilter("id in ['b', 'a']", schema, {});
  const auto one = CompileFilter("id == 'x'", schema, {});

  EXPECT_EQ((*list)->PrimaryKeyList(), (Keys{"a", "b"}));
  EXPECT_EQ((*one)->PrimaryKeyList(), (Keys{"x"}));
}

TEST(FilterTest, KeysJoinedByAndSeedTheCandidates) {
  using Keys = std::vector<types::PrimaryKey>;
  EXPECT_EQ(Compile("i64 > 1 and id in [5, 3]")->PrimaryKeyCandidates(),
            (Keys{3, 5}));
  EXPECT_EQ(Compile("id in [1, 9] and (s == \"a\" and id == 9)")
                ->PrimaryKeyCandidates(),
            (Keys{9}));
  EXPECT_EQ(Compile("i64 > 1 or id in [5, 3]")->PrimaryKeyCandidates(),
            std::nullopt);
}

TEST(FilterTest, TemplateValuesStandForLiterals) {
  const TemplateValues values = {{"x", Int(7)},
                                 {"list", Literal{Literal::List{Int(1)}}},
                                 {"text", Literal{std::string("a%")}}};
  using Keys = std::vector<types::PrimaryKey>;

  EXPECT_EQ(Compile("id == {x}", values)->PrimaryKeyList(), Keys{7});
  EXPECT_EQ(Compile("id in {list}", values)->PrimaryKeyList(), Keys{1});
  EXPECT_NE(Compile("s like {text}", values), nullptr);
  EXPECT_NE(Compile("i64 + {x} > {x}", values), nullptr);
  EXPECT_NE(Compile("1 < i64 < {x}", values), nullptr);
  EXPECT_THAT(MessageFor("i64 == {x} + 1", values),
              HasSubstr("placeholder was not supported between two constants "
                        "with operator: +"));
  EXPECT_THAT(MessageFor("{x} == {x}", values),
              HasSubstr("placeholder was not supported"));
  EXPECT_THAT(MessageFor("id in {x}", values),
              HasSubstr("the right-hand side of 'in' must be a list"));
  EXPECT_THAT(MessageFor("s == {x}", values),
              HasSubstr("comparisons between VarChar and Int64"));
}

TEST(FilterTest, JsonTextsBecomeLiterals) {
  const auto list = LiteralFromJson("[1, 1.5, \"a\", true, [2]]");

  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->as_list(),
            (Literal::List{Int(1), Literal{1.5}, Literal{std::string("a")},
                           Literal{true}, Literal{Literal::List{Int(2)}}}));
  EXPECT_FALSE(LiteralFromJson("{\"a\": 1}").ok());
  EXPECT_FALSE(LiteralFromJson("null").ok());
  EXPECT_FALSE(LiteralFromJson("[1").ok());
}

}  // namespace
}  // namespace elanus::expr
