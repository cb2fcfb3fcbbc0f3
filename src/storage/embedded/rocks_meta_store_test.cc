#include "storage/embedded/rocks_meta_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "storage/errors.h"
#include "storage/meta_store_conformance_test.h"
#include "testing/fake_clock.h"
#include "testing/temp_folder.h"
#include "testing/tsan_suppressions.h"

namespace elanus::storage {
namespace {

class RocksBackend final : public MetaStoreBackend {
 public:
  RocksBackend() { Reopen(); }
  MetaStore& store() override { return *store_; }
  void Reopen() override {
    store_.reset();
    auto store = RocksMetaStore::Open(
        {.path = folder_.path() + "/meta", .clock = &clock_});
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void Pass(std::chrono::milliseconds time) override {
    clock_.Advance(time);
    // Leases are looked at when the store is used.
    EXPECT_TRUE(store_->Get("any").ok());
  }
  RocksMetaStore& rocks() { return *store_; }
  std::string path() const { return folder_.path() + "/meta"; }
  void Close() { store_.reset(); }

 private:
  const testing::TempFolder folder_;
  testing::FakeClock clock_;
  std::unique_ptr<RocksMetaStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Rocks, MetaStoreConformance, ::testing::Values([] {
                           return std::make_unique<RocksBackend>();
                         }));

absl::StatusOr<MetaTxnResult> Put(MetaStore& store, std::string key,
                                  LeaseId lease = kNoLease) {
  MetaTxn txn;
  txn.puts.push_back({.key = std::move(key), .value = "v", .lease = lease});
  return store.Txn(txn);
}

TEST(RocksMetaStoreTest, TransactionsThatWaitShareASync) {
  constexpr int kThreads = 16;
  constexpr int kTxns = 25;
  RocksBackend backend;
  const std::uint64_t before = backend.rocks().commits();

  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&backend, i] {
      for (int j = 0; j < kTxns; ++j) {
        ASSERT_TRUE(Put(backend.store(), fmt::format("{}/{}", i, j)).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_LT(backend.rocks().commits() - before, kThreads * kTxns);
  EXPECT_EQ(backend.store().Range("", {})->entries.size(),
            std::size_t{kThreads} * kTxns);
}

TEST(RocksMetaStoreTest, LeasesOfAFormerProcessHaveRunOut) {
  RocksBackend backend;
  const LeaseId lease = *backend.store().GrantLease(std::chrono::hours(1));
  ASSERT_TRUE(Put(backend.store(), "leased", lease).ok());
  const auto last = Put(backend.store(), "kept");
  ASSERT_TRUE(last.ok());

  backend.Reopen();

  EXPECT_EQ(*backend.store().Get("leased"), std::nullopt);
  EXPECT_NE(*backend.store().Get("kept"), std::nullopt);
  EXPECT_GT(backend.store().Range("", {})->revision, last->revision);
  EXPECT_TRUE(IsLeaseNotFound(backend.store().KeepAlive(lease)));
}

TEST(RocksMetaStoreTest, OldRevisionsAreGivenUpAfterManyReads) {
  RocksBackend backend;
  ASSERT_TRUE(Put(backend.store(), "k").ok());
  const std::uint64_t old = backend.store().Range("", {})->revision;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(Put(backend.store(), "k").ok());
    ASSERT_TRUE(backend.store().Range("", {}).ok());
  }

  const auto page = backend.store().Range("", {.revision = old});

  EXPECT_TRUE(IsRevisionGone(page.status())) << page.status();
  EXPECT_TRUE(base::IsRetriable(page.status()));
}

TEST(RocksMetaStoreTest, WatchFromBeforeTheProcessBeganIsRefused) {
  RocksBackend backend;
  const std::uint64_t old = Put(backend.store(), "k")->revision;
  ASSERT_TRUE(Put(backend.store(), "k").ok());
  backend.Reopen();

  const auto watch =
      backend.store().Watch("", old, [](std::span<const MetaEvent>) {});

  EXPECT_TRUE(IsRevisionGone(watch.status())) << watch.status();
}

TEST(RocksMetaStoreTest, DamageInTheMiddleOfTheLogIsRefused) {
  RocksBackend backend;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(Put(backend.store(), fmt::format("key-{}", i)).ok());
  }
  backend.Close();
  for (const auto& entry :
       std::filesystem::directory_iterator(backend.path())) {
    if (entry.path().extension() != ".log") continue;
    std::fstream file(entry.path(),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
    file.write("????????????????", 16);
  }

  const auto store = RocksMetaStore::Open({.path = backend.path()});

  EXPECT_EQ(base::CodeOf(store.status()), base::ErrorCode::kDataIntegrity)
      << store.status();
}

}  // namespace
}  // namespace elanus::storage
