#include "access/key_hash.h"

#include <string>

#include "gtest/gtest.h"

namespace elanus::access {
namespace {

// The check value of CRC-32/ISO-HDLC.
TEST(KeyHashTest, TextIsHashedByIeeeCrc32) {
  EXPECT_EQ(HashKey(std::string_view("123456789")), 0xcbf43926U);
}

TEST(KeyHashTest, OnlyTheFirstHundredBytesOfATextCount) {
  const std::string text(100, 'x');
  EXPECT_EQ(HashKey(std::string_view(text)),
            HashKey(std::string_view(text + "tail")));
  EXPECT_NE(HashKey(std::string_view(text)),
            HashKey(std::string_view(text).substr(1)));
}

TEST(KeyHashTest, NumbersSpreadEvenlyOverShards) {
  int rows[4] = {};
  for (std::int64_t key = 0; key < 40'000; ++key) {
    ++rows[ShardOfKey(segment::KeyView(key), 4)];
  }
  for (const int count : rows) EXPECT_NEAR(count, 10'000, 400);
}

}  // namespace
}  // namespace elanus::access
