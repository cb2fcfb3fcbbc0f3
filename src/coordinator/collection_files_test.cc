// Collection files: their bytes, and that each collection has the right one.
//
// A new format version gets a golden file beside the old one, made by running
// this test with ELANUS_WRITE_GOLDEN=<folder>.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "coordinator/collection_file.h"
#include "coordinator/collection_saver.h"
#include "coordinator/data/fakes_for_test.h"
#include "coordinator/meta_records.h"

namespace elanus::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr base::CollectionId kBooks{7};
constexpr base::CollectionId kOthers{70};

CollectionFile Books() {
  CollectionFile file{.collection = kBooks,
                      .revision = 12,
                      .id_bound = 5000,
                      .time_bound = std::uint64_t{1} << 60};
  file.records = {{.key = "data/channel/7/0", .value = "channel"},
                  {.key = "root/collection/7", .value = std::string(3, '\0')}};
  file.segments = {{.id = base::SegmentId{20},
                    .state = internal::SEGMENT_REPLACED,
                    .partition = base::PartitionId{3},
                    .shard = 1,
                    .synced_to = storage::Position::FromBytes("\x01\x02")},
                   {.id = base::SegmentId{21},
                    .partition = base::PartitionId{3},
                    .attempt = base::AttemptId{31},
                    .synced_to = storage::Position::FromBytes("\x01\x03"),
                    .manifest = "segment/7/3/21/31/manifest",
                    .manifest_size = 400,
                    .manifest_crc = 0xabcdef01}};
  return file;
}

TEST(CollectionFileTest, TheGoldenFileIsReadAndWritten) {
  const std::string written = SerializeCollectionFile(Books());
  const std::string name = "/collection_v1.collection";
  if (const char* folder = std::getenv("ELANUS_WRITE_GOLDEN")) {
    std::ofstream(folder + name, std::ios::binary) << written;
  }
  std::ifstream in(ELANUS_COORDINATOR_TESTDATA + name, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  EXPECT_EQ(bytes.str(), written);
  const auto read = ParseCollectionFile(bytes.str(), name);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, Books());
}

TEST(CollectionFileTest, AnyChangeOfABitAndAnyCutIsRefused) {
  const std::string whole = SerializeCollectionFile(Books());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] ^= 1;
    EXPECT_FALSE(ParseCollectionFile(damaged, "damaged").ok()) << at;
    EXPECT_FALSE(ParseCollectionFile(whole.substr(0, at), "cut").ok()) << at;
  }
}

class CollectionSaverTest : public ::testing::Test {
 protected:
  CollectionSaverTest() {
    PutText(keys::kIdBound, "5000");
    PutText(keys::kTimeBound, "900");
    PutText(keys::kPchannels, "16");
    AddCollection(kBooks, "books");
    AddCollection(kOthers, "others");
    internal::AliasMeta alias;
    alias.set_collection_id(base::ToInt(kBooks));
    Put(keys::Alias(base::DatabaseId{1}, "library"), alias);
    internal::SegmentMeta segment;
    segment.set_id(21);
    segment.set_attempt_id(31);
    segment.set_shard(1);
    segment.mutable_manifest()->set_name("manifest");
    Put(keys::Segment(kBooks, base::SegmentId{21}), segment);
    Put(keys::Attempt(base::AttemptId{31}), internal::AttemptMeta());
  }

  void PutText(std::string_view key, std::string value) {
    entries_[std::string(key)] = {.key = std::string(key),
                                  .value = std::move(value),
                                  .revision = ++revision_};
  }
  void Put(const std::string& key,
           const google::protobuf::MessageLite& message) {
    PutText(key, message.SerializeAsString());
  }
  void AddCollection(base::CollectionId id, const std::string& name) {
    internal::CollectionMeta collection;
    collection.set_id(base::ToInt(id));
    Put(keys::Collection(id), collection);
    PutText(keys::Name(base::DatabaseId{1}, name),
            std::to_string(base::ToInt(id)));
  }

  absl::Status Save(CollectionSaver& saver) {
    storage::MetaCopy all{.revision = revision_};
    for (const auto& [key, entry] : entries_) all.entries.push_back(entry);
    return saver.Save(all);
  }
  CollectionFile FileOf(base::CollectionId id) {
    const auto names = ListCollectionFiles(objects_);
    EXPECT_TRUE(names.ok() && names->contains(id));
    const std::string& name = names->at(id);
    const auto file = ParseCollectionFile(objects_.objects.at(name), name);
    EXPECT_TRUE(file.ok()) << file.status();
    return *file;
  }
  static std::vector<std::string> KeysOf(const CollectionFile& file) {
    std::vector<std::string> keys;
    for (const MetaText& record : file.records) keys.push_back(record.key);
    return keys;
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : objects_.objects) names.push_back(name);
    return names;
  }

  MemoryObjects objects_;
  CollectionSaver saver_{objects_};
  std::map<std::string, storage::MetaEntry> entries_;
  std::uint64_t revision_ = 0;
};

TEST_F(CollectionSaverTest, AFileHoldsWhatBelongsToItsCollectionAndNoMore) {
  ASSERT_TRUE(Save(saver_).ok());
  const CollectionFile books = FileOf(kBooks);
  EXPECT_THAT(KeysOf(books),
              ElementsAre("root/alias/1/library", "root/collection/7",
                          "root/name/1/books"));
  ASSERT_THAT(books.segments, SizeIs(1));
  EXPECT_EQ(books.segments[0].id, base::SegmentId{21});
  EXPECT_EQ(books.segments[0].attempt, base::AttemptId{31});
  EXPECT_EQ(books.segments[0].shard, 1);
  EXPECT_EQ(books.segments[0].manifest, "manifest");
  EXPECT_EQ(books.id_bound, 5000);
  EXPECT_EQ(books.time_bound, 900);
  EXPECT_EQ(books.revision, revision_);
  EXPECT_THAT(KeysOf(FileOf(kOthers)),
              ElementsAre("root/collection/70", "root/name/1/others"));
  EXPECT_THAT(KeysOf(FileOf(kNoCollection)), ElementsAre("root/pchannels"));
}

TEST_F(CollectionSaverTest, OnlyTheFileOfWhatChangedIsWrittenAnew) {
  ASSERT_TRUE(Save(saver_).ok());
  const std::vector<std::string> before = Names();
  PutText(keys::kIdBound, "6000");
  ASSERT_TRUE(Save(saver_).ok());
  EXPECT_EQ(Names(), before);
  entries_.erase(keys::Segment(kBooks, base::SegmentId{21}));
  ASSERT_TRUE(Save(saver_).ok());
  EXPECT_THAT(FileOf(kBooks).segments, IsEmpty());
  const std::vector<std::string> after = Names();
  ASSERT_THAT(after, SizeIs(3));
  EXPECT_EQ(after[0], before[0]);
  EXPECT_NE(after[1], before[1]);
  EXPECT_EQ(after[2], before[2]);
}

TEST_F(CollectionSaverTest, ACollectionThatIsGoneHasNoFileAfterARestartToo) {
  ASSERT_TRUE(Save(saver_).ok());
  entries_.erase(keys::Collection(kOthers));
  entries_.erase(keys::Name(base::DatabaseId{1}, "others"));
  CollectionSaver next_run(objects_);
  ASSERT_TRUE(Save(next_run).ok());
  const auto names = ListCollectionFiles(objects_);
  ASSERT_TRUE(names.ok());
  EXPECT_THAT(*names, SizeIs(2));
  EXPECT_FALSE(names->contains(kOthers));
}

TEST_F(CollectionSaverTest, AFileThatCouldNotBeWrittenIsWrittenByTheNextSave) {
  ASSERT_TRUE(Save(saver_).ok());
  PutText(keys::Name(base::DatabaseId{1}, "more"), "7");
  objects_.fails = true;
  EXPECT_FALSE(Save(saver_).ok());
  EXPECT_THAT(KeysOf(FileOf(kBooks)), SizeIs(3));
  objects_.fails = false;
  ASSERT_TRUE(Save(saver_).ok());
  EXPECT_THAT(KeysOf(FileOf(kBooks)), SizeIs(4));
  EXPECT_THAT(Names(), SizeIs(3));
}

TEST_F(CollectionSaverTest, ARecordThatCannotBeReadIsAnErrorAndNoLoss) {
  ASSERT_TRUE(Save(saver_).ok());
  PutText(keys::Segment(kBooks, base::SegmentId{22}), "\xff\xff");
  EXPECT_FALSE(Save(saver_).ok());
  EXPECT_THAT(FileOf(kBooks).segments, SizeIs(1));
}

}  // namespace
}  // namespace elanus::coordinator
