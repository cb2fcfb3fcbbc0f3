#include "storage/embedded/rocks_log_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "storage/embedded/rocks_meta_store.h"
#include "testing/temp_folder.h"

namespace elanus::storage {
namespace {

// A store with two transactions in its log, of which the second may be torn.
class RocksLogTailTest : public ::testing::Test {
 protected:
  // The value of the second one has so many bytes.
  void Prepare(std::size_t size) {
    auto store = RocksMetaStore::Open({.path = folder_.path()});
    ASSERT_TRUE(store.ok()) << store.status();
    Put(**store, "first", std::string(100, '1'));
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().extension() == ".log") log_ = entry.path();
    }
    begin_ = std::filesystem::file_size(log_);
    Put(**store, "second", std::string(size, '2'));
    store->reset();
    bytes_ = Contents(log_);
    ASSERT_GT(bytes_.size(), begin_ + size);
  }

  static void Put(MetaStore& store, const std::string& key,
                  const std::string& value) {
    MetaTxn txn;
    txn.puts.push_back({.key = key, .value = value});
    ASSERT_TRUE(store.Txn(txn).ok());
  }

  // A store that finds `log` in place of its own.
  absl::StatusOr<std::unique_ptr<RocksMetaStore>> OpenWith(
      const std::string& log, const testing::TempFolder& folder,
      bool read_only = false) {
    const std::filesystem::path path = folder.path() + "/meta";
    std::filesystem::copy(folder_.path(), path);
    std::ofstream(path / log_.filename(), std::ios::binary) << log;
    return RocksMetaStore::Open({.path = path, .read_only = read_only});
  }

  void ExpectOnlyTheFirst(const std::string& log) {
    for (const bool read_only : {false, true}) {
      SCOPED_TRACE(read_only);
      const testing::TempFolder folder;
      const auto store = OpenWith(log, folder, read_only);
      ASSERT_TRUE(store.ok()) << store.status();
      EXPECT_TRUE((*store)->Get("first")->has_value());
      EXPECT_FALSE((*store)->Get("second")->has_value());
      if (!read_only) continue;
      EXPECT_EQ(Contents(std::filesystem::path(folder.path()) / "meta" /
                         log_.filename()),
                log)
          << "who only reads changes nothing";
    }
  }

  static std::string Contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // The sector around `offset` was not written.
  std::string WithHole(std::size_t offset) const {
    std::string log = bytes_;
    const std::size_t sector = offset - offset % 512;
    for (std::size_t i = std::max(sector, begin_);
         i < std::min(sector + 512, log.size()); ++i) {
      log[i] = '\0';
    }
    return log;
  }

  std::optional<std::size_t> Torn(const std::string& log) const {
    return FindTornTail(std::as_bytes(std::span(log.data(), log.size())));
  }

  const testing::TempFolder folder_;
  std::filesystem::path log_;
  std::size_t begin_ = 0;  // of the second transaction in the log
  std::string bytes_;      // of the log
};

TEST_F(RocksLogTailTest, LastRecordWithAHoleWasNeverThere) {
  Prepare(3000);
  for (std::size_t offset = begin_; offset < bytes_.size(); offset += 512) {
    SCOPED_TRACE(offset);
    EXPECT_EQ(Torn(WithHole(offset)), begin_);
    ExpectOnlyTheFirst(WithHole(offset));
  }
}

TEST_F(RocksLogTailTest, RecordOfManyFragmentsIsTornAsAWhole) {
  Prepare(100'000);
  for (std::size_t offset = begin_; offset < bytes_.size(); offset += 512) {
    ASSERT_EQ(Torn(WithHole(offset)), begin_) << offset;
  }
  ExpectOnlyTheFirst(WithHole(begin_ + 50'000));
}

TEST_F(RocksLogTailTest, LogThatEndsAnywhereIsTornOrWhole) {
  Prepare(1000);
  EXPECT_EQ(Torn(bytes_), std::nullopt);
  EXPECT_EQ(Torn(bytes_.substr(0, begin_)), std::nullopt);
  EXPECT_EQ(Torn(""), std::nullopt);
  for (std::size_t size = begin_ + 1; size < bytes_.size(); ++size) {
    ASSERT_EQ(Torn(bytes_.substr(0, size)), begin_) << size;
  }
}

TEST_F(RocksLogTailTest, StoreOpensWhereverItsLogEndsInTheLastRecord) {
  Prepare(40'000);
  for (std::size_t size = begin_; size < bytes_.size(); size += 7919) {
    SCOPED_TRACE(size);
    ExpectOnlyTheFirst(bytes_.substr(0, size));
  }
}

TEST_F(RocksLogTailTest, DamageBeforeTheLastRecordIsRefused) {
  Prepare(1000);
  std::string log = bytes_;
  log[begin_ - 50] = '?';
  EXPECT_EQ(Torn(log), std::nullopt);
  const testing::TempFolder folder;
  EXPECT_EQ(base::CodeOf(OpenWith(log, folder).status()),
            base::ErrorCode::kDataIntegrity);
  const testing::TempFolder another;
  EXPECT_EQ(base::CodeOf(OpenWith(log, another, true).status()),
            base::ErrorCode::kDataIntegrity);
}

}  // namespace
}  // namespace elanus::storage
