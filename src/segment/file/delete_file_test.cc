#include "segment/file/delete_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "segment/file/folded_deletes.h"
#include "segment/file/memory_upload.h"
#include "segment/random_columns_test.h"

namespace elanus::segment {
namespace {

using types::DataType;

struct Expected {
  types::PrimaryKey key;
  Tombstone tombstone;
};

struct RandomDeletes {
  DeleteFileSpec spec;
  std::vector<OwnedColumn> keys;
  std::vector<TombstoneRun> runs;
  std::vector<Expected> sorted;
};

types::PrimaryKey KeyAt(const types::ColumnView& keys, std::size_t i) {
  if (keys.type == DataType::kVarChar) return std::string(keys.Text(i));
  return keys.As<std::int64_t>()[i];
}

RandomDeletes Make(Random& random, DataType type, std::size_t runs) {
  RandomDeletes made;
  made.spec = {.vchannel = {.collection = base::CollectionId{5}, .shard = 2},
               .key_type = type,
               .from = storage::Position::FromBytes("abc"),
               .to = storage::Position::FromBytes("abd")};
  std::uint64_t at = 1000;
  for (std::size_t i = 0; i < runs; ++i) {
    made.keys.push_back(RandomColumn(random, type, Below(random, 30), false));
  }
  for (const OwnedColumn& keys : made.keys) {
    at += 1 + Below(random, 5);
    const Tombstone tombstone{.upto = {at - Below(random, 3)},
                              .at = {at},
                              .partition = base::PartitionId{
                                  static_cast<std::int64_t>(Below(random, 3))}};
    made.runs.push_back({.keys = keys.view(),
                         .upto = tombstone.upto,
                         .at = tombstone.at,
                         .partition = tombstone.partition});
    for (std::size_t i = 0; i < keys.rows; ++i) {
      made.sorted.push_back({KeyAt(keys.view(), i), tombstone});
    }
  }
  std::ranges::stable_sort(made.sorted, [](const auto& a, const auto& b) {
    return std::tie(a.key, a.tombstone.at) < std::tie(b.key, b.tombstone.at);
  });
  return made;
}

base::Buffer Write(const RandomDeletes& deletes) {
  DeleteFileBuilder builder(deletes.spec);
  for (const TombstoneRun& run : deletes.runs) builder.Add(run);
  MemoryUpload upload;
  const auto written = builder.Write(upload);
  EXPECT_TRUE(written.ok()) << written.status();
  base::Buffer file = std::move(upload).Take();
  EXPECT_EQ(written->size, file.size());
  EXPECT_EQ(written->crc, base::Crc32c(file.bytes()));
  return file;
}

class DeleteFileOfKeys : public testing::TestWithParam<DataType> {};

TEST_P(DeleteFileOfKeys, GivesTheTombstonesSortedByKeyThenTime) {
  Random random(1);
  for (const std::size_t runs : {0u, 1u, 2u, 20u}) {
    const RandomDeletes deletes = Make(random, GetParam(), runs);
    const auto file = DeleteFile::Open(Write(deletes), "d");
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->spec().vchannel, deletes.spec.vchannel);
    EXPECT_EQ(file->spec().key_type, GetParam());
    EXPECT_EQ(file->spec().from, deletes.spec.from);
    EXPECT_EQ(file->spec().to, deletes.spec.to);
    ASSERT_EQ(file->count(), deletes.sorted.size());
    for (std::size_t i = 0; i < file->count(); ++i) {
      EXPECT_EQ(file->key(i), deletes.sorted[i].key);
      EXPECT_EQ(file->tombstone(i), deletes.sorted[i].tombstone);
    }
    const auto times = [&](auto member) {
      std::vector<base::Timestamp> all;
      for (const Expected& e : deletes.sorted) {
        all.push_back(e.tombstone.*member);
      }
      return all;
    };
    if (deletes.sorted.empty()) continue;
    EXPECT_EQ(file->min_at(), std::ranges::min(times(&Tombstone::at)));
    EXPECT_EQ(file->max_at(), std::ranges::max(times(&Tombstone::at)));
    EXPECT_EQ(file->max_upto(), std::ranges::max(times(&Tombstone::upto)));
  }
}

TEST_P(DeleteFileOfKeys, FindGivesExactlyTheTombstonesOfTheKey) {
  Random random(2);
  const RandomDeletes deletes = Make(random, GetParam(), 30);
  const auto file = DeleteFile::Open(Write(deletes), "d");
  ASSERT_TRUE(file.ok()) << file.status();
  for (const Expected& wanted : deletes.sorted) {
    const auto* text = std::get_if<std::string>(&wanted.key);
    const DeleteFile::Span found =
        text != nullptr ? file->Find(std::string_view(*text))
                        : file->Find(std::get<std::int64_t>(wanted.key));
    const auto count = static_cast<std::size_t>(std::ranges::count_if(
        deletes.sorted,
        [&](const Expected& e) { return e.key == wanted.key; }));
    ASSERT_EQ(found.end - found.begin, count);
    for (std::size_t i = found.begin; i < found.end; ++i) {
      EXPECT_EQ(file->key(i), wanted.key);
    }
  }
  EXPECT_EQ(file->Find("no such key").begin, file->Find("no such key").end);
  EXPECT_EQ(file->Find(-77).begin, file->Find(-77).end);
}

TEST_P(DeleteFileOfKeys, EveryFlippedByteAndTruncationIsRefused) {
  Random random(3);
  const std::string bytes(Write(Make(random, GetParam(), 4)).view());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << Below(random, 8)));
    ASSERT_FALSE(DeleteFile::Open(base::Buffer::FromString(damaged), "d").ok())
        << "byte " << i;
    ASSERT_FALSE(
        DeleteFile::Open(base::Buffer::FromString(bytes.substr(0, i)), "d")
            .ok())
        << "size " << i;
  }
}

TEST_P(DeleteFileOfKeys, DamageUnderRightChecksumsNeverReadsOutside) {
  Random random(4);
  const std::string bytes(Write(Make(random, GetParam(), 4)).view());
  const auto original = BlockFile::Open(base::Buffer::FromString(bytes), "d");
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = bytes.substr(0, (*original)->data_size());
    const std::size_t limit = Below(random, 2) == 0 ? 128 : damaged.size();
    damaged[Below(random, limit)] = static_cast<char>(random());
    MemoryUpload upload;
    BlockFileWriter writer(upload);
    ASSERT_TRUE(writer.Write(damaged).ok());
    ASSERT_TRUE(writer.Finish({}).ok());
    const auto file = DeleteFile::Open(std::move(upload).Take(), "d");
    if (!file.ok()) continue;
    for (std::size_t k = 0; k < file->count(); ++k) {
      file->key(k);
      file->tombstone(k);
    }
    file->Find("abc");
    file->Find(7);
  }
}

INSTANTIATE_TEST_SUITE_P(BothKinds, DeleteFileOfKeys,
                         testing::Values(DataType::kInt64, DataType::kVarChar),
                         [](const auto& tested) {
                           return std::string(types::NameOf(tested.param));
                         });

TEST(KeyFilterTest, KnowsEveryMemberAndFewStrangers) {
  constexpr std::int64_t kKeys = 100000;
  std::vector<KeyFilterBlock> numbers(KeyFilterBlocksFor(kKeys));
  std::vector<KeyFilterBlock> texts(KeyFilterBlocksFor(kKeys));
  for (std::int64_t i = 0; i < kKeys; ++i) {
    AddToFilter(HashOfKey(i), numbers);
    AddToFilter(HashOfKey("key " + std::to_string(i)), texts);
  }
  int strangers_numbers = 0;
  int strangers_texts = 0;
  for (std::int64_t i = 0; i < kKeys; ++i) {
    ASSERT_TRUE(MayContain(HashOfKey(i), numbers));
    ASSERT_TRUE(MayContain(HashOfKey("key " + std::to_string(i)), texts));
    strangers_numbers += MayContain(HashOfKey(i + kKeys), numbers) ? 1 : 0;
    strangers_texts +=
        MayContain(HashOfKey("key " + std::to_string(i + kKeys)), texts) ? 1
                                                                         : 0;
  }
  EXPECT_LT(strangers_numbers, kKeys / 100);
  EXPECT_LT(strangers_texts, kKeys / 100);
}

// The hash stands in files: other values would make their filters lie.
TEST(KeyFilterTest, HashesStayWhatTheyWere) {
  EXPECT_EQ(HashOfKey(0), 0xe220a8397b1dcdafULL);
  EXPECT_EQ(HashOfKey(-1), HashOfKey(static_cast<std::int64_t>(~0ULL)));
  EXPECT_NE(HashOfKey("a"), HashOfKey(std::string_view("a\0", 2)));
}

FoldedRows Folded(const std::vector<std::uint32_t>& rows,
                  const std::vector<std::uint64_t>& ats) {
  return {.segment_rows = 100, .rows = rows, .ats = ats};
}

TEST(FoldedDeletesTest, GiveBackRowsAndTimes) {
  const std::vector<std::uint32_t> rows = {0, 7, 99};
  const std::vector<std::uint64_t> ats = {30, 10, 20};
  MemoryUpload upload;
  ASSERT_TRUE(WriteFoldedDeletes(Folded(rows, ats), upload).ok());
  const auto file = FoldedDeletes::Open(std::move(upload).Take(), "f");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->segment_rows(), 100u);
  ASSERT_TRUE(std::ranges::equal(file->rows(), rows));
  for (std::size_t i = 0; i < ats.size(); ++i) {
    EXPECT_EQ(file->at(i).value, ats[i]);
  }
}

TEST(FoldedDeletesTest, RowsOutOfOrderOrOutsideAreRefused) {
  MemoryUpload upload;
  EXPECT_FALSE(WriteFoldedDeletes(Folded({7, 7}, {1, 1}), upload).ok());
  EXPECT_FALSE(WriteFoldedDeletes(Folded({100}, {1}), upload).ok());
  EXPECT_FALSE(WriteFoldedDeletes(Folded({1, 2}, {1}), upload).ok());
}

TEST(FoldedDeletesTest, EveryFlippedByteAndTruncationIsRefused) {
  MemoryUpload upload;
  ASSERT_TRUE(WriteFoldedDeletes(Folded({1, 2}, {3, 4}), upload).ok());
  const std::string bytes(std::move(upload).Take().view());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_FALSE(
        FoldedDeletes::Open(base::Buffer::FromString(damaged), "f").ok());
    EXPECT_FALSE(
        FoldedDeletes::Open(base::Buffer::FromString(bytes.substr(0, i)), "f")
            .ok());
  }
}

}  // namespace
}  // namespace elanus::segment
