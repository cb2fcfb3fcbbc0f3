#include "storage/meta_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "storage/embedded/rocks_meta_store.h"
#include "storage/errors.h"
#include "storage/local/local_object_store.h"
#include "testing/faulty_object_store.h"
#include "testing/temp_folder.h"

namespace elanus::storage {
namespace {

using ::testing::SizeIs;

class MetaCopyTest : public ::testing::Test {
 protected:
  MetaCopyTest() {
    store_ = *RocksMetaStore::Open({.path = folder_.path() + "/meta"});
    real_ = *LocalObjectStore::Open({.root = folder_.path() + "/objects"});
  }

  void PutKey(const std::string& key, const std::string& value) {
    MetaTxn txn;
    txn.puts.push_back({.key = key, .value = value});
    ASSERT_TRUE(store_->Txn(txn).ok());
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const auto page = real_->List("meta/", "", 100);
    for (const auto& object : page->objects) {
      names.push_back(object.name);
    }
    return names;
  }
  void Damage(const std::string& name) {
    std::string bytes(real_->Get(name)->view());
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_TRUE(real_->Delete(name).ok());
    ASSERT_TRUE(real_->Put(name, bytes).ok());
  }

  testing::TempFolder folder_;
  std::unique_ptr<MetaStore> store_;
  std::unique_ptr<ObjectStore> real_;
};

TEST_F(MetaCopyTest, AStoreFilledFromTheCopyHoldsTheSame) {
  for (int i = 0; i < 3000; i += 50) {
    MetaTxn txn;
    for (int n = i; n < i + 50; ++n) {
      txn.puts.push_back({.key = "key/" + std::to_string(n),
                          .value = std::string(1 + n % 700, 'v')});
    }
    ASSERT_TRUE(store_->Txn(txn).ok());
  }
  MetaCopier copier(*store_, *real_);
  ASSERT_TRUE(copier.Save().ok());
  const auto copy = ReadNewestCopy(*real_);
  ASSERT_TRUE(copy.ok()) << copy.status();
  auto other = RocksMetaStore::Open({.path = folder_.path() + "/other"});
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(FillMetaStore(*copy, **other).ok());
  const auto before = store_->Range("", {.limit = 5000});
  const auto after = (*other)->Range("", {.limit = 5000});
  ASSERT_THAT(after->entries, SizeIs(3000));
  for (std::size_t i = 0; i < 3000; ++i) {
    EXPECT_EQ(before->entries[i].key, after->entries[i].key);
    EXPECT_EQ(before->entries[i].value, after->entries[i].value);
  }
}

TEST_F(MetaCopyTest, NothingIsWrittenWhereNothingChanged) {
  PutKey("a", "1");
  MetaCopier copier(*store_, *real_);
  ASSERT_TRUE(copier.Save().ok());
  ASSERT_TRUE(copier.Save().ok());
  EXPECT_THAT(Names(), SizeIs(1));
  PutKey("a", "2");
  ASSERT_TRUE(copier.Save().ok());
  EXPECT_THAT(Names(), SizeIs(2));
}

TEST_F(MetaCopyTest, TwoCopiesAreKeptAndANewRunCountsOn) {
  MetaCopier copier(*store_, *real_);
  for (int i = 0; i < 5; ++i) {
    PutKey("a", std::to_string(i));
    ASSERT_TRUE(copier.Save().ok());
  }
  EXPECT_THAT(Names(), SizeIs(2));
  const std::string newest = Names().back();
  MetaCopier next(*store_, *real_);
  ASSERT_TRUE(next.Save().ok());
  EXPECT_THAT(Names(), SizeIs(2));
  EXPECT_GT(Names().back(), newest);
}

TEST_F(MetaCopyTest, ADamagedCopyIsNamedAndTheOneBeforeItRead) {
  MetaCopier copier(*store_, *real_);
  PutKey("a", "1");
  ASSERT_TRUE(copier.Save().ok());
  PutKey("a", "2");
  ASSERT_TRUE(copier.Save().ok());
  const std::string newest = Names().back();
  Damage(newest);
  const auto copy = ReadNewestCopy(*real_);
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(copy->entries.at(0).value, "1");
  ASSERT_THAT(copy->damaged, SizeIs(1));
  EXPECT_THAT(copy->damaged[0], ::testing::HasSubstr(newest));
  Damage(Names().front());
  EXPECT_EQ(base::CodeOf(ReadNewestCopy(*real_).status()),
            base::CodeOf(base::DataLoss("x")));
}

TEST_F(MetaCopyTest, NoCopyAtAllIsNotFound) {
  EXPECT_TRUE(IsObjectNotFound(ReadNewestCopy(*real_).status()));
}

TEST_F(MetaCopyTest, EveryFlippedBitAndEveryCutIsNoticed) {
  MetaCopy copy{.name = "meta/1", .revision = 9};
  copy.entries = {{.key = "a", .value = "12"}, {.key = "bc", .value = ""}};
  const std::string bytes = EncodeMetaCopy(copy);
  ASSERT_TRUE(DecodeMetaCopy(bytes, "meta/1").ok());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(DecodeMetaCopy(flipped, "meta/1").ok()) << bit;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeMetaCopy(bytes.substr(0, size), "meta/1").ok()) << size;
  }
}

TEST_F(MetaCopyTest, AFailedSaveIsMadeUpForByTheNext) {
  testing::FaultyObjectStore objects(*real_);
  MetaCopier copier(*store_, objects);
  PutKey("a", "1");
  objects.script().Next("Put", testing::Fault::kFail);
  EXPECT_FALSE(copier.Save().ok());
  EXPECT_TRUE(copier.Save().ok());
  EXPECT_EQ(ReadNewestCopy(*real_)->entries.at(0).value, "1");
}

}  // namespace
}  // namespace elanus::storage
