#include "server/log_drops.h"

#include <future>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/meta_records.h"
#include "proto/internal/meta.pb.h"
#include "segment/record/record_builder.h"
#include "storage/errors.h"
#include "testing/local_storage.h"

namespace elanus::server {
namespace {

namespace keys = coordinator::keys;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr base::CollectionId kBooks{7};
constexpr base::CollectionId kFilms{8};

class LogDropsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Put("root/name/1/books", "7");
    Put("root/name/1/films", "8");
    PutCollection(kBooks);
    PutCollection(kFilms);
    internal::AliasMeta alias;
    alias.set_alias("library");
    alias.set_collection_id(base::ToInt(kBooks));
    Put("root/alias/1/library", alias.SerializeAsString());
  }

  void Put(std::string key, std::string value) {
    entries_.push_back({.key = std::move(key), .value = std::move(value)});
  }
  void PutCollection(base::CollectionId id) {
    internal::CollectionMeta meta;
    meta.set_id(base::ToInt(id));
    meta.add_partitions()->set_id(1);
    meta.add_partitions()->set_id(2);
    Put(keys::Collection(id), meta.SerializeAsString());
  }
  void PutChannel(base::CollectionId id, const storage::Position& checkpoint) {
    internal::ChannelMeta channel;
    channel.set_topic("t");
    channel.set_checkpoint(checkpoint.Encode());
    Put(keys::Channel(id, 0), channel.SerializeAsString());
  }

  segment::RecordHeader Header(base::CollectionId collection) {
    return {.vchannel = {.collection = collection, .shard = 0},
            .writer = base::WriterId{1},
            .sequence = ++sequence_};
  }
  storage::AppendResult Append(absl::StatusOr<base::Buffer> record) {
    std::promise<storage::AppendResult> appended;
    log_->Append("t", *std::move(record),
                 [&](auto result) { appended.set_value(*result); });
    return appended.get_future().get();
  }

  internal::CollectionMeta CollectionNow(base::CollectionId id) const {
    internal::CollectionMeta meta;
    for (const storage::MetaEntry& entry : entries_) {
      if (entry.key == keys::Collection(id)) meta.ParseFromString(entry.value);
    }
    return meta;
  }
  bool Has(const std::string& key) const {
    return std::ranges::any_of(
        entries_, [&](const auto& entry) { return entry.key == key; });
  }

  testing::TempFolder folder_;
  std::unique_ptr<storage::EmbeddedLog> log_ = testing::OpenLog(folder_);
  std::uint64_t sequence_ = 0;
  std::vector<storage::MetaEntry> entries_;
};

TEST_F(LogDropsTest, ALogWithoutDropsChangesNothing) {
  PutChannel(kBooks, {});
  Append(segment::BuildTick(Header(kBooks)));
  const auto drops = FindDrops(*log_, entries_);
  ASSERT_TRUE(drops.ok()) << drops.status();
  EXPECT_THAT(drops->collections, IsEmpty());
  EXPECT_THAT(drops->partitions, IsEmpty());
  ASSERT_TRUE(ApplyDrops(*drops, entries_).ok());
  EXPECT_TRUE(Has("root/name/1/books"));
  EXPECT_EQ(CollectionNow(kBooks).state(), internal::CREATED);
}

TEST_F(LogDropsTest, ADropBehindTheCheckpointIsGoneOnWith) {
  const auto before = Append(segment::BuildTick(Header(kBooks)));
  PutChannel(kBooks, before.next);
  PutChannel(kFilms, before.next);
  Append(
      segment::BuildDropPartition(Header(kFilms), base::PartitionId{2}, "p"));
  Append(segment::BuildDropCollection(Header(kBooks)));
  const auto drops = FindDrops(*log_, entries_);
  ASSERT_TRUE(drops.ok()) << drops.status();
  EXPECT_THAT(drops->collections, ElementsAre(kBooks));
  EXPECT_THAT(drops->partitions,
              ElementsAre(Pair(kFilms, base::PartitionId{2})));
  ASSERT_TRUE(ApplyDrops(*drops, entries_).ok());
  EXPECT_EQ(CollectionNow(kBooks).state(), internal::DROPPING);
  EXPECT_FALSE(Has("root/name/1/books"));
  EXPECT_FALSE(Has("root/alias/1/library"));
  EXPECT_TRUE(Has("root/name/1/films"));
  EXPECT_EQ(CollectionNow(kFilms).state(), internal::CREATED);
  EXPECT_EQ(CollectionNow(kFilms).partitions(0).state(), internal::CREATED);
  EXPECT_EQ(CollectionNow(kFilms).partitions(1).state(), internal::DROPPING);
}

TEST_F(LogDropsTest, ALogThatBeginsBehindTheCheckpointIsNoLogOfThisCopy) {
  const auto old = Append(segment::BuildTick(Header(kBooks)));
  PutChannel(kBooks, old.position);
  const auto end = Append(segment::BuildTick(Header(kBooks)));
  ASSERT_TRUE(log_->TruncateBefore("t", end.next).ok());
  const auto drops = FindDrops(*log_, entries_);
  EXPECT_TRUE(storage::IsTruncated(drops.status())) << drops.status();
}

}  // namespace
}  // namespace elanus::server
