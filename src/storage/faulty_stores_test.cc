// The wrappers that tests of other layers rely on do what they say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "storage/embedded/embedded_log.h"
#include "storage/embedded/rocks_meta_store.h"
#include "storage/errors.h"
#include "storage/local/local_object_store.h"
#include "testing/faulty_log_broker.h"
#include "testing/faulty_log_folder.h"
#include "testing/faulty_meta_store.h"
#include "testing/faulty_object_store.h"
#include "testing/log_sinks.h"
#include "testing/temp_folder.h"

namespace elanus::storage {
namespace {

using ::testing::ElementsAre;
using testing::Fault;

MetaTxn PutOf(std::string value) {
  MetaTxn txn;
  txn.puts.push_back({.key = "k", .value = std::move(value)});
  return txn;
}

TEST(FaultyMetaStoreTest, TransactionsFailGetLostOrLoseTheirAnswer) {
  const testing::TempFolder folder;
  const auto real = RocksMetaStore::Open({.path = folder.path() + "/meta"});
  ASSERT_TRUE(real.ok());
  testing::FaultyMetaStore store(**real);
  store.script().Next("Txn", Fault::kFail);
  store.script().Next("Txn", Fault::kDrop, 1);
  store.script().Next("Txn", Fault::kLoseAnswer, 2);

  const auto failed = store.Txn(PutOf("failed")).status();
  const auto dropped = store.Txn(PutOf("dropped")).status();
  EXPECT_EQ(*store.Get("k"), std::nullopt);
  const auto lost = store.Txn(PutOf("lost")).status();

  EXPECT_TRUE(!IsOutcomeUnknown(failed) && base::IsRetriable(failed));
  EXPECT_TRUE(IsOutcomeUnknown(dropped));
  EXPECT_TRUE(IsOutcomeUnknown(lost));
  EXPECT_EQ((*store.Get("k"))->value, "lost");
  EXPECT_TRUE(store.Txn(PutOf("fine")).ok());
}

TEST(FaultyMetaStoreTest, DuplicatedCompareAndSetFailsTheSecondTime) {
  const testing::TempFolder folder;
  const auto real = RocksMetaStore::Open({.path = folder.path() + "/meta"});
  ASSERT_TRUE(real.ok());
  testing::FaultyMetaStore store(**real);
  store.script().Next("Txn", Fault::kDuplicate);
  MetaTxn txn = PutOf("once");
  txn.compares = {MetaCompare::Absent("k")};

  EXPECT_FALSE(store.Txn(txn)->succeeded);
  EXPECT_EQ((*store.Get("k"))->value, "once");
}

TEST(FaultyObjectStoreTest, PutsGetLostAndReadsComeBackDamaged) {
  const testing::TempFolder folder;
  const auto real = LocalObjectStore::Open({.root = folder.path() + "/o"});
  ASSERT_TRUE(real.ok());
  testing::FaultyObjectStore store(**real);
  store.script().Next("Put", Fault::kDrop);
  store.script().Next("Put", Fault::kLoseAnswer, 1);
  store.script().Next("Get", Fault::kTear);

  EXPECT_TRUE(IsOutcomeUnknown(store.Put("a", "bytes")));
  EXPECT_TRUE(IsObjectNotFound(store.Head("a").status()));
  EXPECT_TRUE(IsOutcomeUnknown(store.Put("a", "bytes")));

  EXPECT_EQ(store.Get("a")->view(), "byues");
  EXPECT_EQ(store.Get("a")->view(), "bytes");
}

TEST(FaultyLogBrokerTest, AppendsFailGetLostAndComeTwice) {
  const auto disk = std::make_shared<testing::FaultyDisk>();
  const auto real = EmbeddedLog::Open(disk->OpenFolder(), {});
  ASSERT_TRUE(real.ok());
  testing::FaultyLogBroker broker(**real);
  ASSERT_TRUE(broker.CreateTopic("t").ok());
  const std::vector<Fault> faults = {Fault::kFail, Fault::kDrop,
                                     Fault::kLoseAnswer, Fault::kDuplicate};
  std::vector<absl::Status> answers;

  for (std::size_t i = 0; i < faults.size(); ++i) {
    broker.script().Next("Append", faults[i]);
    answers.push_back(
        testing::AppendAndWait(broker, "t", std::to_string(i)).status());
  }

  EXPECT_FALSE(IsOutcomeUnknown(answers[0]));
  EXPECT_FALSE(answers[0].ok());
  EXPECT_TRUE(IsOutcomeUnknown(answers[1]));
  EXPECT_TRUE(IsOutcomeUnknown(answers[2]));
  EXPECT_TRUE(answers[3].ok());
  EXPECT_THAT(*testing::ReadAll(broker, "t"), ElementsAre("2", "3", "3"));
}

TEST(FaultyLogBrokerTest, KeptAppendsGoOnInOrder) {
  const auto disk = std::make_shared<testing::FaultyDisk>();
  const auto real = EmbeddedLog::Open(disk->OpenFolder(), {});
  ASSERT_TRUE(real.ok());
  testing::FaultyLogBroker broker(**real);
  ASSERT_TRUE(broker.CreateTopic("t").ok());
  broker.KeepAppends(true);
  auto one = testing::StartAppend(broker, "t", "one");
  auto two = testing::StartAppend(broker, "t", "two");
  EXPECT_EQ(broker.kept_appends(), 2U);
  EXPECT_EQ(*testing::EndOf(broker, "t"), Position());

  broker.KeepAppends(false);

  ASSERT_TRUE(one.get().ok() && two.get().ok());
  EXPECT_THAT(*testing::ReadAll(broker, "t"), ElementsAre("one", "two"));
}

TEST(FaultScriptTest, SameSeedGivesTheSameFaults) {
  const auto run = [](unsigned seed) {
    testing::FaultScript script;
    script.Randomly(seed, 0.3, {Fault::kFail, Fault::kDrop});
    std::vector<Fault> faults;
    for (int i = 0; i < 50; ++i) faults.push_back(script.Take("Txn"));
    return faults;
  };

  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
  EXPECT_THAT(run(1), ::testing::Contains(Fault::kFail));
}

}  // namespace
}  // namespace elanus::storage
