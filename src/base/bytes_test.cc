#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/byte_io.h"
#include "base/crc32c.h"
#include "base/hybrid_time.h"

namespace elanus::base {
namespace {

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(BufferTest, ASliceKeepsTheMemoryOfTheWhole) {
  Buffer part;
  {
    const Buffer whole = Buffer::FromString(std::string(1000, 'a') + "tail");
    part = whole.Slice(1000, 4);
  }
  EXPECT_EQ(part.view(), "tail");
}

TEST(BufferTest, ACopyDoesNotFollowItsSource) {
  std::string source = "abc";
  const Buffer copy = Buffer::Copy(Bytes(source));
  source = "xyz";
  EXPECT_EQ(copy.view(), "abc");
}

TEST(BufferTest, AlignedBytesStartAtAMultipleOf64AlsoWhenEmpty) {
  for (const std::size_t size : {0U, 1U, 63U, 4096U}) {
    AlignedBytes bytes(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % 64, 0U);
    if (size > 0) bytes.bytes().back() = std::byte{7};
    const Buffer frozen = std::move(bytes).Freeze();
    EXPECT_EQ(frozen.size(), size);
    if (size > 0) {
      EXPECT_EQ(frozen.bytes().back(), std::byte{7});
    }
  }
}

TEST(ByteIoTest, WhatWasWrittenIsReadBackInOrder) {
  ByteWriter out;
  out.Fixed<std::uint16_t>(0xBEEF);
  out.Text("name");
  out.AlignTo(8);
  EXPECT_EQ(out.size() % 8, 0U);
  out.Fixed<double>(2.5);
  out.Fixed<std::uint32_t>(1);
  out.Raw(std::string_view("z"));
  out.Patch<std::uint16_t>(0, 0xCAFE);

  ByteReader in(out.view(), "file");
  EXPECT_EQ(*in.Fixed<std::uint16_t>(), 0xCAFE);
  EXPECT_EQ(*in.Text(), "name");
  ASSERT_TRUE(in.AlignTo(8).ok());
  EXPECT_EQ(*in.Fixed<double>(), 2.5);
  EXPECT_EQ(*in.Count(1), 1U);
  EXPECT_EQ(in.Raw(1)->front(), std::byte{'z'});
  EXPECT_EQ(in.remaining(), 0U);
}

TEST(ByteIoTest, ReadingPastTheEndIsDataLossThatNamesFileAndPlace) {
  ByteReader in(std::string_view("abcdef"), "segment/7/pk");
  ASSERT_TRUE(in.Fixed<std::uint32_t>().ok());
  const absl::Status status = in.Fixed<std::uint32_t>().status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kDataIntegrity);
  EXPECT_NE(MessageOf(status).find("segment/7/pk"), std::string_view::npos);
  EXPECT_NE(MessageOf(status).find("offset 4"), std::string_view::npos);
  EXPECT_EQ(in.offset(), 4U);  // a failed read takes nothing
}

TEST(ByteIoTest, AnAbsurdLengthOrCountIsRefusedWithoutAllocation) {
  ByteWriter out;
  out.Fixed<std::uint32_t>(0xFFFFFFFF);
  out.Raw(std::string_view("rest"));
  EXPECT_FALSE(ByteReader(out.view(), "f").Text().ok());
  EXPECT_FALSE(ByteReader(out.view(), "f").Count(8).ok());
  EXPECT_FALSE(ByteReader(out.view(), "f").Raw(UINT64_MAX).ok());
}

TEST(ByteIoTest, EveryPrefixOfAMessageIsReadWithoutLeavingIt) {
  ByteWriter out;
  for (int i = 0; i < 20; ++i) out.Text(std::string(std::size_t(i), 'x'));
  const std::string whole(out.view());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ByteReader in(std::string_view(whole).substr(0, size), "f");
    bool failed = false;
    for (int i = 0; i < 20 && !failed; ++i) failed = !in.Text().ok();
    EXPECT_TRUE(failed) << size;
  }
}

// Bit by bit, after RFC 3720: the second opinion.
std::uint32_t NaiveCrc32c(std::span<const std::byte> bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
    }
  }
  return ~crc;
}

TEST(Crc32cTest, GivesTheCheckValueOfTheStandard) {
  EXPECT_EQ(Crc32c(Bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(Crc32c(Bytes(std::string(32, '\0'))), 0x8A9136AAU);
  EXPECT_EQ(Crc32c({}), 0U);
}

TEST(Crc32cTest, AgreesWithTheBitwiseFormInOnePieceAndInTwo) {
  std::mt19937 random(11);
  std::vector<std::size_t> sizes = {1360, 4079, 4080, 4081, 4092, 8160, 20001};
  for (std::size_t size = 0; size < 200; ++size) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    const std::uint32_t expected = NaiveCrc32c(Bytes(text));
    EXPECT_EQ(Crc32c(Bytes(text)), expected) << size;
    const std::size_t cut = size == 0 ? 0 : random() % size;
    EXPECT_EQ(Crc32c(Bytes(text).subspan(cut), Crc32c(Bytes(text).first(cut))),
              expected);
  }
}

TEST(TimestampTest, HoldsMillisecondsAboveTheCounter) {
  const Timestamp t = Timestamp::FromMs(1'700'000'000'123);
  EXPECT_EQ(t.ms(), 1'700'000'000'123);
  EXPECT_EQ(t.Next().ms(), t.ms());
  EXPECT_LT(t, t.Next());
  EXPECT_EQ(t.Next().Previous(), t);
  EXPECT_LT(t.Previous().ms(), t.ms());
  EXPECT_GT(Timestamp::Max(), t);
}

}  // namespace
}  // namespace elanus::base
