#include "coordinator/root/block_allocator.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

#include "base/hybrid_time.h"
#include "coordinator/fakes_for_test.h"
#include "coordinator/meta_records.h"
#include "testing/fake_clock.h"
#include "testing/held_executor.h"

namespace elanus::coordinator {
namespace {

// Processes that follow each other on one meta store.
class BlockAllocatorTest : public ::testing::Test {
 protected:
  std::shared_ptr<BlockAllocator> Oracle() {
    return std::make_shared<BlockAllocator>(
        store_, executor_,
        BlockAllocatorOptions{
            .key = keys::kTimeBound,
            .step = base::Timestamp::FromMs(3000).value,
            .floor = [this] {
              return base::Timestamp::FromMs(clock_.wall_ms).value;
            }});
  }
  std::shared_ptr<BlockAllocator> Ids() {
    return std::make_shared<BlockAllocator>(
        store_, executor_,
        BlockAllocatorOptions{.key = keys::kIdBound, .step = 10, .first = 7});
  }
  absl::StatusOr<std::uint64_t> Take(BlockAllocator& allocator,
                                     std::uint64_t count) {
    absl::StatusOr<std::uint64_t> taken = absl::UnknownError("no answer");
    allocator.Allocate(count, [&taken](absl::StatusOr<std::uint64_t> first) {
      taken = std::move(first);
    });
    executor_.RunAll();
    return taken;
  }

  Script script_;
  MemoryMetaStore store_{script_};
  testing::HeldExecutor executor_;
  testing::FakeClock clock_;
};

TEST_F(BlockAllocatorTest, TimeStartsAtTheClock) {
  auto oracle = Oracle();
  const auto first = Take(*oracle, 1);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(*first, base::Timestamp::FromMs(clock_.wall_ms).value);
}

TEST_F(BlockAllocatorTest, TimeNeverRunsBackOverRestartsAndClocksRunningBack) {
  std::uint64_t last = 0;
  for (int process = 0; process < 20; ++process) {
    auto oracle = Oracle();
    for (int i = 0; i < 5; ++i) {
      const auto first = Take(*oracle, 100);
      ASSERT_TRUE(first.ok()) << first.status();
      EXPECT_GT(*first, last) << process << "." << i;
      last = *first + 99;
      clock_.wall_ms += i * 700;
    }
    clock_.wall_ms -= 3'600'000;
  }
}

TEST_F(BlockAllocatorTest, NothingIsHandedOutAboveTheDurableBound) {
  auto oracle = Oracle();
  for (int i = 0; i < 50; ++i) {
    const auto first = Take(*oracle, 1000);
    ASSERT_TRUE(first.ok());
    EXPECT_LE(*first + 1000,
              std::stoull(store_.map.at(std::string(keys::kTimeBound)).value));
    clock_.wall_ms += 500;
  }
}

TEST_F(BlockAllocatorTest, ABurstWithinTheBlockWritesNothing) {
  auto oracle = Oracle();
  ASSERT_TRUE(Take(*oracle, 1).ok());
  const std::uint64_t revision = store_.revision;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(Take(*oracle, 10).ok());
  EXPECT_EQ(store_.revision, revision);
}

TEST_F(BlockAllocatorTest, IdsBeginAtTheFirstAndGoOnBehindTheBoundAfterACrash) {
  auto ids = Ids();
  EXPECT_EQ(*Take(*ids, 1), 7U);
  EXPECT_EQ(*Take(*ids, 2), 8U);
  const std::uint64_t bound =
      std::stoull(store_.map.at(std::string(keys::kIdBound)).value);
  auto next_process = Ids();
  EXPECT_EQ(*Take(*next_process, 1), bound);
}

TEST_F(BlockAllocatorTest, ACountAboveTheStepIsServedWhole) {
  auto ids = Ids();
  const auto first = Take(*ids, 1000);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*Take(*ids, 1), *first + 1000);
}

TEST_F(BlockAllocatorTest, AFailingStoreFailsTheWaitersAndTheNextOneIsServed) {
  auto ids = Ids();
  script_.dies_at = script_.steps;
  EXPECT_FALSE(Take(*ids, 1).ok());
  script_.dies_at = Script::kNever;
  EXPECT_TRUE(Take(*ids, 1).ok());
}

TEST_F(BlockAllocatorTest, ALostAnswerOfTheStoreGivesNoNumberTwice) {
  auto ids = Ids();
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 200; ++i) {
    script_.dies_at = i % 3 == 0 ? script_.steps : Script::kNever;
    script_.last_is_done = true;
    const auto first = Take(*ids, 4);
    for (std::uint64_t n = 0; first.ok() && n < 4; ++n) {
      EXPECT_TRUE(seen.insert(*first + n).second) << *first + n;
    }
  }
  EXPECT_GT(seen.size(), 100U);
}

TEST_F(BlockAllocatorTest, TwoProcessesOnOneStoreNeverGiveTheSameNumber) {
  auto a = Ids();
  auto b = Ids();
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 300; ++i) {
    const auto first = Take(i % 3 == 0 ? *a : *b, 3);
    ASSERT_TRUE(first.ok()) << first.status();
    for (std::uint64_t n = 0; n < 3; ++n) {
      EXPECT_TRUE(seen.insert(*first + n).second);
    }
  }
}

TEST(BlockAllocatorThreadsTest, ManyThreadsGetDisjointNumbers) {
  Script script;
  MemoryMetaStore store(script);
  base::ThreadPool pool({.name = "store", .threads = 1});
  auto ids = std::make_shared<BlockAllocator>(
      store, pool, BlockAllocatorOptions{.key = keys::kIdBound, .step = 100});
  std::mutex mutex;
  std::multiset<std::uint64_t> seen;
  std::atomic<int> left{4 * 500};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        ids->Allocate(2, [&](absl::StatusOr<std::uint64_t> first) {
          {
            std::lock_guard<std::mutex> lock(mutex);
            if (first.ok()) seen.insert({*first, *first + 1});
          }
          --left;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (left > 0) std::this_thread::yield();
  pool.Stop();
  EXPECT_EQ(seen.size(), 4000U);
  EXPECT_EQ(std::set<std::uint64_t>(seen.begin(), seen.end()).size(), 4000U);
}

}  // namespace
}  // namespace elanus::coordinator
