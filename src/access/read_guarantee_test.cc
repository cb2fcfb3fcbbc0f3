#include "access/read_guarantee.h"

#include <gtest/gtest.h>

#include "access/iterator_pins.h"

namespace elanus::access {
namespace {

namespace common = milvus::proto::common;
using internal::ReadGuarantee;

constexpr std::uint64_t kOwn = 1000;
constexpr std::uint64_t kForeign = 2000;
constexpr std::uint64_t kOwnPin = 3000;
constexpr std::uint64_t kForeignPin = 4000;

ReadGuarantee::Kind Decide(const AskedConsistency& asked,
                           common::ConsistencyLevel collection = common::Strong,
                           std::size_t shards = 1) {
  const auto is = [](std::uint64_t one, std::uint64_t other) {
    return [one, other](base::Timestamp time) {
      return time.value == one || time.value == other;
    };
  };
  return DecideGuarantee(
      asked, collection, shards,
      {.is_own = is(kOwn, kOwnPin), .is_pin = is(kForeignPin, kOwnPin)});
}

struct Rule {
  common::ConsistencyLevel level;
  std::uint64_t timestamp;
  ReadGuarantee::Kind wanted;
};

TEST(ReadGuaranteeTest, AnExplicitLevelFollowsItsRule) {
  const Rule rules[] = {
      {common::Strong, 0, ReadGuarantee::STRONG},
      {common::Strong, 1, ReadGuarantee::EVENTUALLY},
      {common::Strong, 2, ReadGuarantee::BOUNDED},
      {common::Strong, kOwn, ReadGuarantee::POSITION},
      {common::Strong, kForeign, ReadGuarantee::STRONG},
      {common::Session, 0, ReadGuarantee::POSITION},
      {common::Session, 1, ReadGuarantee::POSITION},
      {common::Session, kOwn, ReadGuarantee::POSITION},
      {common::Session, kForeign, ReadGuarantee::STRONG},
      {common::Bounded, 2, ReadGuarantee::BOUNDED},
      {common::Bounded, kOwn, ReadGuarantee::BOUNDED},
      {common::Eventually, 1, ReadGuarantee::EVENTUALLY},
      {common::Eventually, kOwn, ReadGuarantee::EVENTUALLY},
      {common::Customized, 0, ReadGuarantee::STRONG},
      {common::Customized, 1, ReadGuarantee::EVENTUALLY},
      {common::Customized, 2, ReadGuarantee::BOUNDED},
      {common::Customized, kOwn, ReadGuarantee::POSITION},
      {common::Customized, kForeign, ReadGuarantee::STRONG},
  };
  for (const Rule& rule : rules) {
    // The collection's level must not count.
    EXPECT_EQ(Decide({.level = rule.level, .timestamp = rule.timestamp},
                     common::Bounded),
              rule.wanted)
        << rule.level << " at " << rule.timestamp;
  }
}

TEST(ReadGuaranteeTest, TheCollectionsLevelFollowsItsRule) {
  const Rule rules[] = {
      {common::Strong, 0, ReadGuarantee::STRONG},
      {common::Strong, 1, ReadGuarantee::STRONG},
      {common::Strong, kOwn, ReadGuarantee::STRONG},
      {common::Session, kOwn, ReadGuarantee::POSITION},
      {common::Session, kForeign, ReadGuarantee::STRONG},
      {common::Bounded, 0, ReadGuarantee::BOUNDED},
      {common::Bounded, 1, ReadGuarantee::BOUNDED},
      {common::Bounded, kOwn, ReadGuarantee::POSITION},
      {common::Bounded, kForeign, ReadGuarantee::BOUNDED},
      {common::Eventually, kOwn, ReadGuarantee::EVENTUALLY},
  };
  for (const Rule& rule : rules) {
    EXPECT_EQ(Decide({.level = common::Customized,
                      .use_default = true,
                      .timestamp = rule.timestamp},
                     rule.level),
              rule.wanted)
        << rule.level << " at " << rule.timestamp;
  }
}

TEST(ReadGuaranteeTest, AnIteratorsPageIsPinnedOnOneShardOnly) {
  const AskedConsistency page = {.level = common::Bounded,
                                 .use_default = true,
                                 .timestamp = kForeign,
                                 .is_iterator = true};
  EXPECT_EQ(Decide(page, common::Bounded, 1), ReadGuarantee::PINNED);
  EXPECT_EQ(Decide(page, common::Bounded, 2), ReadGuarantee::STRONG);
  const AskedConsistency first = {.level = common::Strong, .is_iterator = true};
  EXPECT_EQ(Decide(first), ReadGuarantee::STRONG);
}

TEST(ReadGuaranteeTest, AnIteratorIsNotPinnedToTheLastWriteOfItsClient) {
  const auto page_at = [](std::uint64_t timestamp) {
    return AskedConsistency{.level = common::Bounded,
                            .use_default = true,
                            .timestamp = timestamp,
                            .is_iterator = true};
  };
  EXPECT_EQ(Decide(page_at(kOwn), common::Strong), ReadGuarantee::STRONG);
  EXPECT_EQ(Decide(page_at(kOwn), common::Bounded), ReadGuarantee::POSITION);
  EXPECT_EQ(Decide(page_at(kOwnPin), common::Bounded), ReadGuarantee::PINNED);
  EXPECT_EQ(Decide(page_at(kForeignPin)), ReadGuarantee::PINNED);
}

TEST(IteratorPinsTest, TheNewestTimesAreKnown) {
  IteratorPins pins;
  for (std::uint64_t time = 1; time <= IteratorPins::kKept + 1; ++time) {
    pins.Note({time});
    pins.Note({time});
  }
  EXPECT_FALSE(pins.Knows({1}));
  EXPECT_TRUE(pins.Knows({2}));
  EXPECT_TRUE(pins.Knows({IteratorPins::kKept + 1}));
  EXPECT_FALSE(pins.Knows({IteratorPins::kKept + 2}));
}

}  // namespace
}  // namespace elanus::access
