#include "segment/file/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segment/framed_bytes.h"
#include "segment/random_columns_test.h"

namespace elanus::segment {
namespace {

using testing::HasSubstr;

Manifest RandomManifest(Random& random) {
  Manifest manifest{
      .vchannel = {.collection = base::CollectionId{3}, .shard = 1},
      .partition = base::PartitionId{4},
      .segment = base::SegmentId{static_cast<std::int64_t>(random())},
      .schema_version = 2,
      .schema = RandomText(random, 50),
      .rows = 1 + Below(random, 1000),
      .min_at = {random()},
      .max_at = {random()},
      .synced_to = storage::Position::FromBytes(RandomText(random, 24)),
      .deletes_to = {random()},
      .history_from = {random()},
      .sorted_by_key = Below(random, 2) == 0};
  if (Below(random, 3) == 0) {
    manifest.keys = {.min = std::int64_t{-5}, .max = std::int64_t{9}};
  } else if (Below(random, 2) == 0) {
    manifest.keys = {.min = std::string(), .max = RandomText(random, 9)};
  }
  for (std::int64_t field = 1; field < 5; ++field) {
    for (std::uint64_t row = 0; row < manifest.rows;) {
      const std::uint64_t rows = 1 + Below(random, manifest.rows - row);
      manifest.files.push_back({.object = RandomText(random, 30),
                                .field = base::FieldId{field},
                                .first_row = row,
                                .rows = rows,
                                .size = random(),
                                .crc = static_cast<std::uint32_t>(random())});
      row += rows;
    }
  }
  manifest.files.push_back(
      {.object = "folded", .kind = SegmentFileKind::kFoldedDeletes, .rows = 3});
  std::shuffle(manifest.files.begin(), manifest.files.end(), random);
  return manifest;
}

TEST(ManifestTest, GivesBackWhatWasWritten) {
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    const Manifest manifest = RandomManifest(random);
    const auto parsed = ParseManifest(SerializeManifest(manifest), "m");
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    ASSERT_EQ(*parsed, manifest);
  }
}

TEST(ManifestTest, EveryFlippedByteAndTruncationIsRefused) {
  Random random(2);
  const std::string bytes = SerializeManifest(RandomManifest(random));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << Below(random, 8)));
    ASSERT_FALSE(ParseManifest(damaged, "m").ok()) << "byte " << i;
    ASSERT_FALSE(ParseManifest(bytes.substr(0, i), "m").ok()) << "size " << i;
  }
}

TEST(ManifestTest, DamageUnderARightChecksumDoesNotCrash) {
  Random random(3);
  const std::string bytes = SerializeManifest(RandomManifest(random));
  const std::string body(Unframe(bytes, "ELMF", 1, "m")->body);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = body;
    damaged[Below(random, damaged.size())] = static_cast<char>(random());
    refused += ParseManifest(Frame("ELMF", 1, damaged), "m").ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 1000);
}

TEST(ManifestTest, ColumnFilesWithAGapAreRefusedByName) {
  Manifest manifest{.rows = 10};
  manifest.files = {{.object = "a", .field = base::FieldId{1}, .rows = 4},
                    {.object = "late.col",
                     .field = base::FieldId{1},
                     .first_row = 5,
                     .rows = 5}};
  const auto parsed = ParseManifest(SerializeManifest(manifest), "m");
  EXPECT_THAT(base::MessageOf(parsed.status()), HasSubstr("late.col"));
  manifest.files.pop_back();
  EXPECT_FALSE(ParseManifest(SerializeManifest(manifest), "m").ok());
  manifest.files[0].rows = 10;
  EXPECT_TRUE(ParseManifest(SerializeManifest(manifest), "m").ok());
}

TEST(ManifestTest, LaterFormatVersionIsRefusedByNumber) {
  EXPECT_THAT(
      base::MessageOf(ParseManifest(Frame("ELMF", 2, "body"), "m").status()),
      HasSubstr("version 2"));
}

}  // namespace
}  // namespace elanus::segment
