#include "worker/query_node/scan_gathering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "testing/held_executor.h"

namespace elanus::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Count final : public base::Counter {
 public:
  void Add(double value) override { sum_ += value; }
  double sum() const { return sum_; }

 private:
  std::atomic<double> sum_{0};
};

// Searches are told apart by their top_k. A scan notes for which it was, and
// lets the test do something while it is under way.
class ScanGatheringTest : public ::testing::Test {
 protected:
  struct Call {
    internal::SearchShardsRequest request;
    internal::SearchShardsReply reply;
    base::OpContext ctx;
    absl::Status outcome = absl::UnknownError("still waits");
    int finished = 0;
  };

  Call& Search(const std::string& key, std::int64_t top_k = 10,
               std::int64_t nq = 1) {
    auto owned = std::make_shared<Call>();
    Call& call = *owned;
    calls_.push_back(owned);
    call.request.set_nq(nq);
    call.request.set_top_k(top_k);
    scans_.Run(key, {.ctx = call.ctx,
                     .request = &call.request,
                     .reply = &call.reply,
                     .done = [&call](absl::Status status) {
                       call.outcome = std::move(status);
                       ++call.finished;
                     }});
    return call;
  }
  void SearchMany(const std::string& key, int count) {
    for (int i = 0; i < count; ++i) Search(key);
  }
  // What the next scan meets before its end.
  void During(std::function<void()> action) {
    during_.push_back(std::move(action));
  }

  void Scan(std::span<PassedSearch> searches) {
    std::vector<std::int64_t> top_ks;
    for (PassedSearch& search : searches) {
      top_ks.push_back(search.request->top_k());
      search.reply->add_top_ks(search.request->top_k());
      search.outcome = outcome_;
    }
    scanned_.push_back(top_ks);
    sizes_.push_back(searches.size());
    if (during_.empty()) return;
    const auto action = std::move(during_.front());
    during_.pop_front();
    action();
  }

  testing::HeldExecutor executor_{2};
  Count searches_;
  Count scan_count_;
  absl::Status outcome_;
  std::vector<std::shared_ptr<Call>> calls_;
  std::deque<std::function<void()>> during_;
  std::vector<std::vector<std::int64_t>> scanned_;
  std::vector<std::size_t> sizes_;
  ScanGathering scans_{executor_,
                       {.searches = searches_, .scans = scan_count_},
                       [this](std::span<PassedSearch> s) { Scan(s); }};
};

TEST_F(ScanGatheringTest, ASearchThatIsAloneNeedsNoOtherThread) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Search("a").finished, 1);
  EXPECT_THAT(executor_.tasks, IsEmpty());
  EXPECT_THAT(sizes_, ElementsAre(1, 1, 1));
}

TEST_F(ScanGatheringTest, SearchesThatComeDuringAScanShareTheNext) {
  During([this] {
    for (const std::int64_t top_k : {1, 2, 3}) Search("a", top_k);
    EXPECT_THAT(executor_.tasks, SizeIs(1));
  });
  Search("a", 9);
  executor_.RunAll();
  EXPECT_THAT(scanned_, ElementsAre(ElementsAre(9), ElementsAre(1, 2, 3)));
  for (const auto& call : calls_) {
    EXPECT_TRUE(call->outcome.ok()) << call->outcome;
    EXPECT_EQ(call->finished, 1);
    EXPECT_EQ(call->reply.top_ks(0), call->request.top_k());
  }
  EXPECT_EQ(searches_.sum(), 4);
  EXPECT_EQ(scan_count_.sum(), 2);
}

TEST_F(ScanGatheringTest, SearchesOfDifferentKeysAreNotScannedForTogether) {
  During([this] {
    EXPECT_EQ(Search("b", 1).finished, 1) << "it is alone";
    Search("a", 2);
  });
  Search("a", 3);
  executor_.RunAll();
  EXPECT_THAT(scanned_,
              ElementsAre(ElementsAre(3), ElementsAre(1), ElementsAre(2)));
}

TEST_F(ScanGatheringTest, ManyAreDividedAmongTheThreads) {
  During([this] { SearchMany("a", 15); });
  During([this] {
    // The other thread.
    base::Task next = std::move(executor_.tasks.back());
    executor_.tasks.pop_back();
    next();
  });
  Search("a");
  executor_.RunAll();
  EXPECT_THAT(sizes_, ElementsAre(1, 8, 7));
}

TEST_F(ScanGatheringTest, AShareIsAtLeastWhatTheKernelsTake) {
  executor_.threads = 16;
  During([this] { SearchMany("a", 5); });
  Search("a");
  executor_.RunAll();
  EXPECT_THAT(sizes_, ElementsAre(1, ScanGathering::kShareMin, 1));
}

TEST_F(ScanGatheringTest, LessThanAShareWaitsForTheScanUnderWay) {
  During([this] { SearchMany("a", 4); });
  During([this] {
    SearchMany("a", 2);
    EXPECT_THAT(executor_.tasks, IsEmpty());
    Search("a");
    EXPECT_THAT(executor_.tasks, SizeIs(1)) << "three of seven are a share";
  });
  Search("a");
  executor_.RunAll();
  EXPECT_THAT(sizes_, ElementsAre(1, 4, 3));
}

TEST_F(ScanGatheringTest, WhatWaitsIsScannedForWhenNothingElseIs) {
  executor_.threads = 1;
  During([this] {
    Search("a");
    EXPECT_THAT(executor_.tasks, IsEmpty());
  });
  Search("a");
  EXPECT_THAT(executor_.tasks, SizeIs(1));
  executor_.RunAll();
  EXPECT_THAT(sizes_, ElementsAre(1, 1));
}

TEST_F(ScanGatheringTest, AScanHasNoMoreQueriesThanItsBound) {
  executor_.threads = 1;
  During([this] {
    for (int i = 0; i < 20; ++i) Search("a", 10, 16);
  });
  Search("a");
  executor_.RunAll();
  EXPECT_THAT(sizes_, ElementsAre(1, ScanGathering::kQueriesMax / 16, 4));
}

TEST_F(ScanGatheringTest, AScanHasNoMoreHitsThanItsBound) {
  executor_.threads = 1;
  During([this] {
    for (int i = 0; i < 70; ++i) Search("a", i == 30 ? 1024 : 600);
  });
  Search("a");
  executor_.RunAll();
  EXPECT_THAT(sizes_, ElementsAre(1, ScanGathering::kHitsMax / 1024, 6));
}

TEST_F(ScanGatheringTest, ASearchThatIsCancelledWhileItWaitsIsNotScannedFor) {
  During([this] {
    Search("a", 1);
    Search("a", 2).ctx.Cancel();
    Search("a", 3);
  });
  Search("a");
  executor_.RunAll();
  EXPECT_THAT(scanned_.back(), ElementsAre(1, 3));
  for (const auto& call : calls_) {
    EXPECT_EQ(call->finished, 1);
    EXPECT_EQ(call->outcome.ok(), call->request.top_k() != 2);
  }
  EXPECT_EQ(base::CodeOf(calls_[2]->outcome), base::ErrorCode::kCancelled);
}

TEST_F(ScanGatheringTest, WithNobodyLeftNothingIsScanned) {
  During([this] { Search("a").ctx.Cancel(); });
  Search("a");
  executor_.RunAll();
  EXPECT_THAT(sizes_, ElementsAre(1));
  EXPECT_EQ(calls_.back()->finished, 1);
}

TEST_F(ScanGatheringTest, AFailedScanFailsItsSearchesAndNoLaterOnes) {
  During([this] { SearchMany("a", 2); });
  During([this] { outcome_ = absl::OkStatus(); });
  outcome_ = absl::DataLossError("damaged");
  Search("a");
  executor_.RunAll();
  for (const auto& call : calls_) EXPECT_EQ(call->outcome.message(), "damaged");
  EXPECT_TRUE(Search("a").outcome.ok());
}

// From the answer of one, as a client does.
TEST_F(ScanGatheringTest, WhoComesBackAtOnceFindsNoScanUnderWay) {
  internal::SearchShardsRequest request;
  request.set_nq(1);
  internal::SearchShardsReply reply;
  scans_.Run("a", {.request = &request,
                   .reply = &reply,
                   .done = [this](const absl::Status&) {
                     EXPECT_EQ(Search("a").finished, 1);
                   }});
  EXPECT_THAT(executor_.tasks, IsEmpty());
}

TEST(ScanGatheringThreadsTest, EachSearchIsAnsweredOnceAndByAScanOfItsKey) {
  constexpr int kThreads = 4;
  constexpr int kSearches = 400;
  Count searches;
  Count scans;
  base::ThreadPool pool({.name = "reads", .threads = 3});
  ScanGathering gathering(pool, {.searches = searches, .scans = scans},
                          [](std::span<PassedSearch> found) {
                            const std::int64_t key =
                                found.front().request->field_id();
                            for (PassedSearch& search : found) {
                              EXPECT_EQ(search.request->field_id(), key);
                              search.reply->add_top_ks(search.request->top_k());
                            }
                          });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&gathering, t] {
      std::vector<internal::SearchShardsRequest> requests(kSearches);
      std::vector<internal::SearchShardsReply> replies(kSearches);
      std::vector<std::promise<absl::Status>> outcomes(kSearches);
      for (int i = 0; i < kSearches; ++i) {
        const auto at = static_cast<std::size_t>(i);
        requests[at].set_nq(1);
        requests[at].set_field_id(i % 2);
        requests[at].set_top_k(t * kSearches + i + 1);
        gathering.Run(i % 2 == 0 ? "even" : "odd",
                      {.request = &requests[at],
                       .reply = &replies[at],
                       .done = [&outcome = outcomes[at]](absl::Status status) {
                         outcome.set_value(std::move(status));
                       }});
      }
      for (std::size_t at = 0; at < outcomes.size(); ++at) {
        EXPECT_TRUE(outcomes[at].get_future().get().ok());
        ASSERT_EQ(replies[at].top_ks_size(), 1);
        EXPECT_EQ(replies[at].top_ks(0), requests[at].top_k());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(searches.sum(), kThreads * kSearches);
  EXPECT_LE(scans.sum(), searches.sum());
  pool.Stop();
}

}  // namespace
}  // namespace elanus::worker
