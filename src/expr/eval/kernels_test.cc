// The inner loops against naive ones.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "expr/eval/int_set.h"
#include "expr/eval/like_pattern.h"
#include "expr/eval/range_mask.h"

namespace elanus::expr {
namespace {

template <typename T>
class RangeMaskTest : public ::testing::Test {};
using NumberTypes = ::testing::Types<std::int8_t, std::int16_t, std::int32_t,
                                     std::int64_t, float, double>;
TYPED_TEST_SUITE(RangeMaskTest, NumberTypes);

TYPED_TEST(RangeMaskTest, EveryLengthGivesWhatThePlainLoopGives) {
  using T = TypeParam;
  std::mt19937_64 random(7);
  const auto any = [&random] {
    const auto bits = static_cast<std::int64_t>(random());
    return random() % 4 == 0 ? static_cast<T>(bits) : static_cast<T>(bits % 50);
  };
  for (std::size_t size = 0; size < 300; ++size) {
    SCOPED_TRACE(size);
    std::vector<T> values(size);
    for (T& value : values) value = any();
    const std::vector<std::pair<T, T>> bounds = {
        {any(), any()},
        {static_cast<T>(-10), static_cast<T>(10)},
        {std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max()},
        {static_cast<T>(5), static_cast<T>(5)},
        {static_cast<T>(5), static_cast<T>(4)}};
    for (const auto& [lower, upper] : bounds) {
      std::vector<std::uint64_t> got((size + 63) / 64, 0xAA);
      std::vector<std::uint64_t> expected((size + 63) / 64, 0);
      RangeMask(std::span<const T>(values), lower, upper, got.data());
      for (std::size_t i = 0; i < size; ++i) {
        const bool is_in = values[i] >= lower && values[i] <= upper;
        expected[i / 64] |= std::uint64_t{is_in} << (i % 64);
      }
      ASSERT_EQ(got, expected);
      RangeMaskPlain(std::span<const T>(values), lower, upper, got.data());
      ASSERT_EQ(got, expected);
    }
  }
}

TEST(IntSetTest, HoldsExactlyItsValues) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  std::mt19937_64 random(11);
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    const int spread = round % 4;
    const auto any = [&]() -> std::int64_t {
      const auto bits = static_cast<std::int64_t>(random());
      if (spread == 0) return bits % 100;
      if (spread == 1) return bits % 1'000'000;
      if (spread == 2) return bits;
      return random() % 2 == 0 ? kMin + (bits & 3) : kMax - (bits & 3);
    };
    std::set<std::int64_t> expected;
    std::vector<std::int64_t> values;
    for (std::size_t i = 0; i < random() % 500; ++i) {
      values.push_back(any());
      expected.insert(values.back());
    }
    const IntSet set(values);
    std::vector<std::int64_t> probes = values;
    for (int i = 0; i < 500; ++i) probes.push_back(any());
    for (const std::int64_t probe : {kMin, kMax, std::int64_t{0}}) {
      probes.push_back(probe);
    }
    std::vector<std::uint64_t> words((probes.size() + 63) / 64);
    set.MaskOf(std::span<const std::int64_t>(probes), words.data());
    for (std::size_t i = 0; i < probes.size(); ++i) {
      ASSERT_EQ(set.Contains(probes[i]), expected.contains(probes[i]));
      ASSERT_EQ((words[i / 64] >> (i % 64)) & 1,
                expected.contains(probes[i]) ? 1u : 0u);
    }
    EXPECT_EQ(
        std::vector<std::int64_t>(set.values().begin(), set.values().end()),
        std::vector<std::int64_t>(expected.begin(), expected.end()));
  }
}

// By recursion, straight from the definition.
bool NaiveLike(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    return NaiveLike(pattern.substr(1), text) ||
           (!text.empty() && NaiveLike(pattern, text.substr(1)));
  }
  if (text.empty()) return false;
  if (pattern[0] == '\\' && pattern.size() > 1) {
    return pattern[1] == text[0] &&
           NaiveLike(pattern.substr(2), text.substr(1));
  }
  return (pattern[0] == '_' || pattern[0] == text[0]) &&
         NaiveLike(pattern.substr(1), text.substr(1));
}

TEST(LikePatternTest, RandomPatternsMatchWhatTheDefinitionMatches) {
  std::mt19937_64 random(13);
  const auto any = [&random](std::string_view alphabet, std::size_t size_max) {
    std::string text;
    for (std::size_t i = random() % (size_max + 1); i > 0; --i) {
      text.push_back(alphabet[random() % alphabet.size()]);
    }
    return text;
  };
  int matches = 0;
  for (int round = 0; round < 50'000; ++round) {
    const std::string pattern = any("ab%_\\", 6);
    const std::string text = any("ab%_\\", 7);
    const bool expected = NaiveLike(pattern, text);
    matches += expected ? 1 : 0;
    ASSERT_EQ(LikePattern(pattern).Matches(text), expected)
        << pattern << " on " << text;
  }
  EXPECT_GT(matches, 1000);
}

TEST(LikePatternTest, ManyRunsDoNotTakeExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a%";
  const std::string text(5000, 'a');

  EXPECT_FALSE(LikePattern(pattern + "b").Matches(text));
  EXPECT_TRUE(LikePattern(pattern).Matches(text));
}

TEST(LikePatternTest, AnyCharacterIsOneCodePoint) {
  EXPECT_TRUE(LikePattern("_").Matches("\xC3\xBC"));
  EXPECT_TRUE(
      LikePattern("a_b").Matches("a\xE2\x82\xAC"
                                 "b"));
  EXPECT_TRUE(LikePattern("_").Matches("\xF0\x9F\x98\x80"));
  EXPECT_FALSE(LikePattern("__").Matches("\xC3\xBC"));
}

TEST(LikePatternTest, PrefixesAreToldToIndexes) {
  EXPECT_TRUE(LikePattern("ab%").is_prefix());
  EXPECT_EQ(LikePattern("ab%c").prefix(), "ab");
  EXPECT_FALSE(LikePattern("ab%c").is_prefix());
  EXPECT_EQ(LikePattern("a\\%b%").prefix(), "a%b");
}

}  // namespace
}  // namespace elanus::expr
