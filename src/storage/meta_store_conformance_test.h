// What every MetaStore does. A backend's test instantiates it:
//
//   INSTANTIATE_TEST_SUITE_P(Rocks, MetaStoreConformance,
//                            testing::Values(MakeBackend));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "storage/errors.h"
#include "storage/meta_store.h"

namespace elanus::storage {

// A store with empty storage of its own.
class MetaStoreBackend {
 public:
  virtual ~MetaStoreBackend() = default;
  virtual MetaStore& store() = 0;
  // Connects anew, as after a restart of the process.
  virtual void Reopen() = 0;
  // Lets the time pass that leases count.
  virtual void Pass(std::chrono::milliseconds time) = 0;
};

// Remembers what a watch told; one string a change, "put k=v" or "delete k".
class EventLog {
 public:
  WatchCallback Callback() {
    return [this](std::span<const MetaEvent> events) {
      base::MutexLock lock(mutex_);
      for (const MetaEvent& event : events) {
        EXPECT_EQ(event.revision, events.front().revision);
        EXPECT_GE(event.revision, last_revision_);
        last_revision_ = event.revision;
        lines_.push_back(event.kind == MetaEvent::Kind::kPut
                             ? "put " + event.key + "=" + event.value
                             : "delete " + event.key);
      }
      changed_.NotifyAll();
    };
  }
  // The lines once there are `count`, or what there is after a long time.
  std::vector<std::string> Wait(std::size_t count) {
    const auto give_up =
        std::chrono::steady_clock::now() + std::chrono::seconds(20);
    base::MutexLock lock(mutex_);
    while (lines_.size() < count &&
           std::chrono::steady_clock::now() < give_up) {
      changed_.WaitFor(mutex_, give_up - std::chrono::steady_clock::now());
    }
    return lines_;
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t last_revision_ ABSL_GUARDED_BY(mutex_) = 0;
};

class MetaStoreConformance
    : public ::testing::TestWithParam<
          std::function<std::unique_ptr<MetaStoreBackend>()>> {
 protected:
  void SetUp() override { backend_ = GetParam()(); }

  MetaStore& store() { return backend_->store(); }

  std::uint64_t Put(std::string key, std::string value,
                    LeaseId lease = kNoLease) {
    MetaTxn txn;
    txn.puts.push_back({std::move(key), std::move(value), lease});
    return Run(txn).revision;
  }
  std::uint64_t Delete(std::string key) {
    return Run({.deletes = {std::move(key)}}).revision;
  }
  MetaTxnResult Run(const MetaTxn& txn) {
    const auto result = store().Txn(txn);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : MetaTxnResult();
  }
  // Would a transaction with this compare go through?
  bool Holds(MetaCompare compare) {
    MetaTxn txn;
    txn.compares.push_back(std::move(compare));
    txn.puts.push_back({.key = "witness", .value = "x"});
    return Run(txn).succeeded;
  }
  std::optional<MetaValue> Get(std::string_view key) {
    const auto value = store().Get(key);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? *value : std::nullopt;
  }
  std::string ValueOf(std::string_view key) {
    const auto value = Get(key);
    return value.has_value() ? value->value : "(none)";
  }
  MetaPage Range(std::string_view prefix, const RangeOptions& options = {}) {
    auto page = store().Range(prefix, options);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *std::move(page) : MetaPage();
  }
  static std::vector<std::string> KeysOf(const MetaPage& page) {
    std::vector<std::string> keys;
    for (const MetaEntry& entry : page.entries) keys.push_back(entry.key);
    return keys;
  }

  std::unique_ptr<MetaStoreBackend> backend_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MetaStoreConformance);

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(MetaStoreConformance, GetGivesWhatWasPutWithItsRevision) {
  const std::uint64_t revision = Put("k", std::string("a\0b", 3));

  ASSERT_TRUE(Get("k").has_value());
  EXPECT_EQ(Get("k")->value, std::string("a\0b", 3));
  EXPECT_EQ(Get("k")->revision, revision);
  EXPECT_EQ(Get("kk"), std::nullopt);
}

TEST_P(MetaStoreConformance, EmptyValueIsAValue) {
  Put("k", "");
  EXPECT_EQ(ValueOf("k"), "");
}

TEST_P(MetaStoreConformance, RevisionsRiseWithEveryChange) {
  const std::uint64_t one = Put("a", "1");
  const std::uint64_t two = Put("a", "1");
  const std::uint64_t three = Delete("a");

  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_EQ(Delete("a"), three) << "nothing changed";
}

TEST_P(MetaStoreConformance, ComparesJudgeTheKeyAsItIs) {
  const std::uint64_t old = Put("k", "old");
  const std::uint64_t now = Put("k", "now");

  EXPECT_TRUE(Holds(MetaCompare::Exists("k")));
  EXPECT_FALSE(Holds(MetaCompare::Absent("k")));
  EXPECT_TRUE(Holds(MetaCompare::ValueIs("k", "now")));
  EXPECT_FALSE(Holds(MetaCompare::ValueIs("k", "old")));
  EXPECT_TRUE(Holds(MetaCompare::RevisionIs("k", now)));
  EXPECT_FALSE(Holds(MetaCompare::RevisionIs("k", old)));

  EXPECT_FALSE(Holds(MetaCompare::Exists("none")));
  EXPECT_TRUE(Holds(MetaCompare::Absent("none")));
  EXPECT_FALSE(Holds(MetaCompare::ValueIs("none", "")));
}

TEST_P(MetaStoreConformance, FailedCompareChangesNothing) {
  const std::uint64_t before = Put("a", "1");
  MetaTxn txn;
  txn.compares = {MetaCompare::Exists("a"), MetaCompare::Exists("none")};
  txn.puts.push_back({.key = "b", .value = "2"});
  txn.deletes = {"a"};

  const MetaTxnResult result = Run(txn);

  EXPECT_FALSE(result.succeeded);
  EXPECT_GE(result.revision, before);
  EXPECT_EQ(ValueOf("a"), "1");
  EXPECT_EQ(Get("b"), std::nullopt);
}

TEST_P(MetaStoreConformance, TransactionChangesAllItsKeysAtOneRevision) {
  Put("gone", "1");
  MetaTxn txn;
  txn.puts.push_back({.key = "a", .value = "1"});
  txn.puts.push_back({.key = "b", .value = "2"});
  txn.deletes = {"gone"};

  const MetaTxnResult result = Run(txn);

  EXPECT_TRUE(result.succeeded);
  EXPECT_EQ(Get("a")->revision, result.revision);
  EXPECT_EQ(Get("b")->revision, result.revision);
  EXPECT_EQ(Get("gone"), std::nullopt);
}

TEST_P(MetaStoreConformance, LimitsOfATransactionHoldExactly) {
  MetaTxn keys;
  for (std::size_t i = 0; i < kMaxTxnKeys; ++i) {
    keys.puts.push_back({.key = "k" + std::to_string(i), .value = "v"});
    keys.compares.push_back(MetaCompare::Absent(keys.puts.back().key));
  }
  EXPECT_TRUE(Run(keys).succeeded);
  keys.compares = {MetaCompare::Absent("one more")};
  EXPECT_EQ(base::CodeOf(store().Txn(keys).status()),
            base::ErrorCode::kParameterTooLarge);

  MetaTxn bytes;
  bytes.puts.push_back(
      {.key = "k", .value = std::string(kMaxTxnBytes - 1, 'x')});
  EXPECT_TRUE(Run(bytes).succeeded);
  bytes.puts[0].value += 'x';
  EXPECT_EQ(base::CodeOf(store().Txn(bytes).status()),
            base::ErrorCode::kParameterTooLarge);
}

TEST_P(MetaStoreConformance, MalformedTransactionsAreRefused) {
  MetaTxn twice;
  twice.puts.push_back({.key = "k", .value = "1"});
  twice.deletes = {"k"};
  EXPECT_EQ(base::CodeOf(store().Txn(twice).status()),
            base::ErrorCode::kParameterInvalid);
  MetaTxn empty;
  empty.puts.push_back({.key = "", .value = "1"});
  EXPECT_EQ(base::CodeOf(store().Txn(empty).status()),
            base::ErrorCode::kParameterInvalid);
  EXPECT_EQ(Get("k"), std::nullopt);
}

TEST_P(MetaStoreConformance, RangeGivesTheKeysOfAPrefixInByteOrder) {
  for (const std::string key : {"a/2", "a/10", "a", "b", "a/\xff", "a0", "A"}) {
    Put(key, "v");
  }

  EXPECT_THAT(KeysOf(Range("a/")), ElementsAre("a/10", "a/2", "a/\xff"));
  EXPECT_THAT(KeysOf(Range("")),
              ElementsAre("A", "a", "a/10", "a/2", "a/\xff", "a0", "b"));
  EXPECT_THAT(KeysOf(Range("c")), IsEmpty());
}

TEST_P(MetaStoreConformance, PagesShowOneRevisionWhateverIsWrittenBetween) {
  for (const std::string key : {"p/1", "p/2", "p/3", "p/4", "q/1"}) {
    Put(key, "old");
  }
  const MetaPage first = Range("p/", {.limit = 2});
  Put("p/25", "new");
  Put("p/3", "new");
  Delete("p/4");
  Put("q/1", "new");

  const MetaPage second = Range(
      "p/", {.start_after = "p/2", .limit = 2, .revision = first.revision});
  const MetaPage other = Range("q/", {.revision = first.revision});

  EXPECT_TRUE(first.more);
  EXPECT_THAT(KeysOf(first), ElementsAre("p/1", "p/2"));
  EXPECT_FALSE(second.more);
  EXPECT_THAT(KeysOf(second), ElementsAre("p/3", "p/4"));
  EXPECT_EQ(second.entries[0].value, "old");
  EXPECT_EQ(second.revision, first.revision);
  EXPECT_EQ(other.entries[0].value, "old");
  EXPECT_THAT(KeysOf(Range("p/")), ElementsAre("p/1", "p/2", "p/25", "p/3"));
}

TEST_P(MetaStoreConformance, RevisionThatNeverWasIsGone) {
  const std::uint64_t now = Put("k", "v");
  const auto page = store().Range("", {.revision = now + 1000});
  EXPECT_TRUE(IsRevisionGone(page.status())) << page.status();
}

TEST_P(MetaStoreConformance, KeysAndRevisionsSurviveReopening) {
  Put("a", "1");
  Put("b", "2");
  const std::uint64_t revision = Delete("b");
  const auto before = Get("a");

  backend_->Reopen();

  EXPECT_EQ(Get("a"), before);
  EXPECT_EQ(Get("b"), std::nullopt);
  EXPECT_GT(Put("c", "3"), revision);
}

TEST_P(MetaStoreConformance, WatchTellsTheChangesUnderItsPrefixInOrder) {
  const std::uint64_t before = Put("w/a", "0");
  EventLog log;
  const auto watch = store().Watch("w/", before, log.Callback());
  ASSERT_TRUE(watch.ok()) << watch.status();

  Put("w/a", "1");
  Put("other", "x");
  MetaTxn txn;
  txn.puts.push_back({.key = "w/b", .value = "2"});
  txn.deletes = {"w/a"};
  Run(txn);

  EXPECT_THAT(log.Wait(3), ElementsAre("put w/a=1", "put w/b=2", "delete w/a"));
}

TEST_P(MetaStoreConformance, WatchStartsBehindTheRevisionThatWasRead) {
  Put("w/a", "1");
  const MetaPage read = Range("w/");
  Put("w/a", "2");
  Put("w/a", "3");
  EventLog log;

  const auto watch = store().Watch("w/", read.revision, log.Callback());
  ASSERT_TRUE(watch.ok()) << watch.status();
  Put("w/a", "4");

  EXPECT_THAT(log.Wait(3), ElementsAre("put w/a=2", "put w/a=3", "put w/a=4"));
}

TEST_P(MetaStoreConformance, EndedWatchTellsNothing) {
  const std::uint64_t before = Put("k", "0");
  EventLog ended;
  EventLog lasting;
  auto first = store().Watch("", before, ended.Callback());
  const auto second = store().Watch("", before, lasting.Callback());
  ASSERT_TRUE(first.ok() && second.ok());

  first->reset();
  Put("k", "1");

  EXPECT_EQ(lasting.Wait(1).size(), 1U);
  EXPECT_THAT(ended.Wait(0), IsEmpty());
}

TEST_P(MetaStoreConformance, WatchCallbackMayUseTheStore) {
  const std::uint64_t before = Put("k", "0");
  std::promise<std::string> seen;
  const auto watch =
      store().Watch("k", before, [&](std::span<const MetaEvent>) {
        Put("from-callback", "1");
        seen.set_value(ValueOf("k"));
      });
  ASSERT_TRUE(watch.ok());

  Put("k", "1");

  EXPECT_EQ(seen.get_future().get(), "1");
}

TEST_P(MetaStoreConformance, KeysVanishWithTheirLease) {
  const auto lease = store().GrantLease(std::chrono::seconds(2));
  ASSERT_TRUE(lease.ok());
  Put("kept", "1");
  const std::uint64_t before = Put("leased", "1", *lease);
  EventLog log;
  const auto watch = store().Watch("leased", before, log.Callback());
  EXPECT_EQ(ValueOf("leased"), "1");

  backend_->Pass(std::chrono::seconds(5));

  EXPECT_THAT(log.Wait(1), ElementsAre("delete leased"));
  EXPECT_EQ(Get("leased"), std::nullopt);
  EXPECT_EQ(ValueOf("kept"), "1");
  EXPECT_TRUE(IsLeaseNotFound(store().KeepAlive(*lease)));
}

TEST_P(MetaStoreConformance, LeaseThatIsKeptAliveLasts) {
  const auto lease = store().GrantLease(std::chrono::seconds(3));
  ASSERT_TRUE(lease.ok());
  Put("leased", "1", *lease);

  for (int i = 0; i < 3; ++i) {
    backend_->Pass(std::chrono::seconds(2));
    EXPECT_TRUE(store().KeepAlive(*lease).ok());
  }

  EXPECT_EQ(ValueOf("leased"), "1");
}

TEST_P(MetaStoreConformance, RevokedLeaseTakesItsKeysAtOnce) {
  const auto lease = store().GrantLease(std::chrono::hours(1));
  ASSERT_TRUE(lease.ok());
  Put("leased", "1", *lease);
  Put("freed", "1", *lease);
  Put("freed", "2");

  ASSERT_TRUE(store().RevokeLease(*lease).ok());
  ASSERT_TRUE(store().RevokeLease(*lease).ok());

  EXPECT_EQ(Get("leased"), std::nullopt);
  EXPECT_EQ(ValueOf("freed"), "2") << "put again without the lease";
}

TEST_P(MetaStoreConformance, PutUnderAGoneLeaseIsRefused) {
  const auto lease = store().GrantLease(std::chrono::hours(1));
  ASSERT_TRUE(lease.ok());
  ASSERT_TRUE(store().RevokeLease(*lease).ok());
  MetaTxn txn;
  txn.puts.push_back({.key = "k", .value = "v", .lease = *lease});

  EXPECT_TRUE(IsLeaseNotFound(store().Txn(txn).status()));
  EXPECT_EQ(Get("k"), std::nullopt);
}

TEST_P(MetaStoreConformance, ConcurrentCompareAndSetLosesNoUpdate) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 20;
  Put("counter", "0");

  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] {
      for (int done = 0; done < kRounds;) {
        const auto old = Get("counter");
        MetaTxn txn;
        txn.compares = {MetaCompare::RevisionIs("counter", old->revision)};
        txn.puts.push_back(
            {.key = "counter",
             .value = std::to_string(std::stoi(old->value) + 1)});
        if (Run(txn).succeeded) ++done;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(ValueOf("counter"), std::to_string(kThreads * kRounds));
}

TEST_P(MetaStoreConformance, RandomTransactionsMatchAMap) {
  std::mt19937 random(7);
  const auto pick = [&](unsigned below) {
    return static_cast<unsigned>(random() % below);
  };
  std::map<std::string, MetaValue> model;
  for (int step = 0; step < 150; ++step) {
    MetaTxn txn;
    bool holds = true;
    for (unsigned i = pick(3); i > 0; --i) {
      const std::string key = "k" + std::to_string(pick(6));
      const auto found = model.find(key);
      const bool wants_it = pick(2) == 0;
      txn.compares.push_back(wants_it ? MetaCompare::Exists(key)
                                      : MetaCompare::Absent(key));
      holds = holds && wants_it == (found != model.end());
    }
    for (unsigned key = 0; key < 6; ++key) {
      const std::string name = "k" + std::to_string(key);
      if (const unsigned choice = pick(4); choice == 0) {
        txn.puts.push_back({.key = name, .value = std::to_string(step)});
      } else if (choice == 1) {
        txn.deletes.push_back(name);
      }
    }

    const MetaTxnResult result = Run(txn);

    ASSERT_EQ(result.succeeded, holds) << "step " << step;
    if (holds) {
      for (const MetaPut& put : txn.puts) {
        model[put.key] = {.value = put.value, .revision = result.revision};
      }
      for (const std::string& key : txn.deletes) model.erase(key);
    }
    if (step % 50 == 49) backend_->Reopen();
    std::map<std::string, MetaValue> stored;
    for (const MetaEntry& entry : Range("k").entries) {
      stored[entry.key] = {.value = entry.value, .revision = entry.revision};
    }
    ASSERT_EQ(stored, model) << "step " << step;
  }
}

}  // namespace elanus::storage
