// Every system call that the three local storage services make fails once, by
// count, and from then on for good: no crash, no false success, nothing half
// visible, a retry works, nothing leaks. Covers R-R2 for the layers below the
// formats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/embedded/embedded_log.h"
#include "storage/embedded/posix_log_folder.h"
#include "storage/embedded/rocks_meta_store.h"
#include "storage/errors.h"
#include "storage/local/local_object_store.h"
#include "testing/for_each_fault.h"
#include "testing/log_sinks.h"
#include "testing/syscall_faults.h"
#include "testing/temp_folder.h"

namespace elanus::storage {
namespace {

using testing::AppendAndWait;
using ::testing::ElementsAre;
using testing::ForEachFault;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using testing::SyscallFaults;
using testing::TempFolder;

// The embedded log. -----------------------------------------------------------

absl::StatusOr<std::unique_ptr<EmbeddedLog>> OpenLog(const TempFolder& folder) {
  ASSIGN_OR_RETURN(auto files, OpenPosixLogFolder(folder.path() + "/log"));
  return EmbeddedLog::Open(std::move(files),
                           {.writer = {.file_bytes = 300}, .recent_bytes = 0});
}

// What the log has to hold: acknowledged records must be there, those of
// unknown outcome may.
struct Expected {
  std::vector<std::string> sure{"before"};
  std::vector<std::string> all{"before"};

  void Append(EmbeddedLog& log, const std::string& text) {
    const absl::Status status = AppendAndWait(log, "a", text).status();
    if (status.ok()) sure.push_back(text);
    if (status.ok() || IsOutcomeUnknown(status)) all.push_back(text);
  }
  void Check(const std::vector<std::string>& found) const {
    EXPECT_THAT(found, IsSupersetOf(sure));
    EXPECT_THAT(all, IsSupersetOf(found));
  }
};

std::unique_ptr<EmbeddedLog> PreparedLog(const TempFolder& folder) {
  auto log = OpenLog(folder);
  EXPECT_TRUE(log.ok()) << log.status();
  EXPECT_TRUE((*log)->CreateTopic("a").ok());
  EXPECT_TRUE(AppendAndWait(**log, "a", "before").ok());
  return *std::move(log);
}

TEST(FaultByCountTest, AppendsToTheLogAreDurableOrRefused) {
  const int rounds = ForEachFault([](const SyscallFaults::Plan& plan) {
    const TempFolder folder = TempFolder::InMemory();
    auto log = PreparedLog(folder);
    Expected expected;
    SyscallFaults::Arm(plan);
    for (int i = 0; i < 4; ++i) {
      expected.Append(*log, std::to_string(i) + std::string(100, '.'));
    }
    const bool struck = SyscallFaults::Disarm();
    // Readers see nothing but what is acknowledged.
    EXPECT_EQ(*testing::ReadAll(*log, "a"), expected.sure);

    log.reset();
    auto again = OpenLog(folder);
    if (!again.ok()) {
      ADD_FAILURE() << again.status();
      return false;
    }
    expected.Check(*testing::ReadAll(**again, "a"));
    EXPECT_TRUE(AppendAndWait(**again, "a", "retried").ok());
    EXPECT_EQ(testing::ReadAll(**again, "a")->back(), "retried");
    return struck;
  });
  EXPECT_GT(rounds, 20);  // appends and a file of its own every other time
}

// Who made the folder, or a file in it, may have died before the sync.
TEST(FaultByCountTest, FolderThatIsThereIsSyncedWithItsParentOrRefused) {
  const int rounds = ForEachFault([](const SyscallFaults::Plan& plan) {
    const TempFolder folder = TempFolder::InMemory();
    const std::string path = folder.path() + "/log";
    EXPECT_TRUE(OpenPosixLogFolder(path).ok());
    SyscallFaults::Arm(plan);
    const bool opened = OpenPosixLogFolder(path).ok();
    const bool struck = SyscallFaults::Disarm();
    EXPECT_NE(opened, struck);
    return struck;
  });
  EXPECT_GE(rounds, 4 * 6);  // mkdir, and to open and sync both folders
}

TEST(FaultByCountTest, TopicsOfTheLogAreMadeDroppedAndTruncatedOrNot) {
  const int rounds = ForEachFault([](const SyscallFaults::Plan& plan) {
    const TempFolder folder = TempFolder::InMemory();
    auto log = PreparedLog(folder);
    EXPECT_TRUE(log->CreateTopic("old").ok());
    for (int i = 0; i < 4; ++i) {
      EXPECT_TRUE(AppendAndWait(*log, "a", std::string(200, 'x')).ok());
    }
    const Position end = *log->EndNow("a");
    SyscallFaults::Arm(plan);
    const bool made = log->CreateTopic("new").ok();
    const bool dropped = log->DropTopic("old").ok();
    const bool truncated = log->TruncateBefore("a", end).ok();
    const bool struck = SyscallFaults::Disarm();
    EXPECT_EQ(AppendAndWait(*log, "new", "1").ok(), made);
    // A drop that failed may have reached the disk: the topic takes nothing
    // that a restart could lose, and can be made again.
    if (!dropped) {
      EXPECT_TRUE(IsTopicNotFound(AppendAndWait(*log, "old", "1").status()));
      EXPECT_TRUE(log->CreateTopic("old").ok());
      EXPECT_TRUE(AppendAndWait(*log, "old", "2").ok());
    }
    EXPECT_EQ(IsTruncated(testing::ReadAll(*log, "a").status()), truncated);
    EXPECT_TRUE(AppendAndWait(*log, "a", "after").ok());

    log.reset();
    auto again = OpenLog(folder);
    if (!again.ok()) {
      ADD_FAILURE() << again.status();
      return false;
    }
    EXPECT_EQ(testing::ReadAll(**again, "a", end)->back(), "after");
    if (made) {
      EXPECT_THAT(*testing::ReadAll(**again, "new"), ElementsAre("1"));
    }
    if (!dropped) {
      const auto found = testing::ReadAll(**again, "old");
      EXPECT_TRUE(found.ok()) << found.status();
      if (found.ok()) {
        EXPECT_THAT(*found, ElementsAre("2"));
      }
    }
    EXPECT_TRUE((*again)->CreateTopic("new").ok());
    EXPECT_TRUE((*again)->DropTopic("old").ok());
    EXPECT_TRUE((*again)->TruncateBefore("a", end).ok());
    EXPECT_THAT(*testing::ReadAll(**again, "a", end), ElementsAre("after"));
    return struck;
  });
  EXPECT_GT(rounds, 40);
}

TEST(FaultByCountTest, LogOpensWholeOrNotAtAll) {
  const int rounds = ForEachFault([](const SyscallFaults::Plan& plan) {
    const TempFolder folder = TempFolder::InMemory();
    std::vector<std::string> texts = {"before"};
    {
      const auto log = PreparedLog(folder);
      for (int i = 0; i < 4; ++i) {
        texts.push_back(std::to_string(i) + std::string(100, '.'));
        EXPECT_TRUE(AppendAndWait(*log, "a", texts.back()).ok());
      }
    }
    // A torn tail.
    std::string last;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder.path() + "/log")) {
      const std::string path = entry.path();
      if (path.ends_with(".log")) last = std::max(last, path);
    }
    std::filesystem::resize_file(last, std::filesystem::file_size(last) - 1);
    texts.pop_back();

    SyscallFaults::Arm(plan);
    auto log = OpenLog(folder);
    const bool struck = SyscallFaults::Disarm();
    if (log.ok()) {
      EXPECT_EQ(*testing::ReadAll(**log, "a"), texts);
      log->reset();
    }
    const auto again = OpenLog(folder);
    if (!again.ok()) {
      ADD_FAILURE() << again.status();
      return false;
    }
    EXPECT_EQ(*testing::ReadAll(**again, "a"), texts);
    return struck;
  });
  EXPECT_GT(rounds, 40);
}

// Reading back from the files, not from memory.
TEST(FaultByCountTest, FollowerOfTheLogGetsWholeRecordsOrAnError) {
  const TempFolder folder = TempFolder::InMemory();
  const auto log = PreparedLog(folder);
  ForEachFault([&](const SyscallFaults::Plan& plan) {
    testing::CollectingSink sink;
    SyscallFaults::Arm(plan);
    const auto follower = log->Follow("a", Position(), sink);
    EXPECT_TRUE(follower.ok());
    // Comes either way.
    while (!sink.IsAtEndOrFailed()) std::this_thread::yield();
    const bool struck = SyscallFaults::Disarm();
    if (struck) {
      EXPECT_FALSE(sink.WaitForError().ok());
      EXPECT_THAT(sink.WaitForTexts(0), IsEmpty());
    }
    EXPECT_THAT(*testing::ReadAll(*log, "a"), ElementsAre("before"));
    return struck;
  });
}

// The local object store. -----------------------------------------------------

constexpr std::string_view kObject = "segment/1/2/column";

std::unique_ptr<LocalObjectStore> OpenStore(const TempFolder& folder) {
  auto store = LocalObjectStore::Open({.root = folder.path() + "/objects"});
  EXPECT_TRUE(store.ok()) << store.status();
  return *std::move(store);
}

std::vector<std::string> NamesOf(ObjectStore& store) {
  std::vector<std::string> names;
  const auto page = store.List("", "", 100);
  for (const ObjectInfo& object : page->objects) {
    names.push_back(object.name);
  }
  return names;
}

TEST(FaultByCountTest, ObjectIsThereWholeOrNotAtAll) {
  const std::string bytes(100'000, 'x');
  const int rounds = ForEachFault([&](const SyscallFaults::Plan& plan) {
    const TempFolder folder = TempFolder::InMemory();
    const auto store = OpenStore(folder);
    SyscallFaults::Arm(plan);
    const absl::Status put = store->Put(kObject, bytes);
    const bool struck = SyscallFaults::Disarm();

    const auto got = store->Get(kObject);
    if (put.ok()) {
      EXPECT_TRUE(got.ok()) << got.status();
    }
    if (!put.ok() && !IsOutcomeUnknown(put)) {
      EXPECT_TRUE(IsObjectNotFound(got.status())) << put << got.status();
    }
    if (got.ok()) {
      EXPECT_EQ(got->view(), bytes);
    }
    const absl::Status retried = store->Put(kObject, bytes);
    EXPECT_EQ(got.ok(), IsObjectExists(retried)) << retried;
    EXPECT_EQ(store->Get(kObject)->view(), bytes);
    return struck;
  });
  EXPECT_GT(rounds, 30);
}

TEST(FaultByCountTest, ObjectIsReadRightOrNotAtAll) {
  const TempFolder folder = TempFolder::InMemory();
  const auto store = OpenStore(folder);
  ASSERT_TRUE(store->Put(kObject, "some bytes").ok());
  ForEachFault([&](const SyscallFaults::Plan& plan) {
    SyscallFaults::Arm(plan);
    const auto whole = store->Get(kObject);
    const auto part = store->Get(kObject, 5, 5);
    const auto mapped = store->Map(kObject);
    const auto size = store->Head(kObject);
    const auto page = store->List("segment/", "", 10);
    const bool struck = SyscallFaults::Disarm();
    if (whole.ok()) {
      EXPECT_EQ(whole->view(), "some bytes");
    }
    if (part.ok()) {
      EXPECT_EQ(part->view(), "bytes");
    }
    if (mapped.ok()) {
      EXPECT_EQ(mapped->view(), "some bytes");
    }
    if (size.ok()) {
      EXPECT_EQ(*size, 10u);
    }
    if (page.ok()) {
      EXPECT_THAT(page->objects,
                  ElementsAre(ObjectInfo{std::string(kObject), 10}));
    }
    const bool all =
        whole.ok() && part.ok() && mapped.ok() && size.ok() && page.ok();
    EXPECT_NE(struck, all);
    // The object is not gone because it could not be read.
    for (const absl::Status& status :
         {whole.status(), part.status(), mapped.status(), size.status()}) {
      EXPECT_FALSE(IsObjectNotFound(status)) << status;
    }
    return struck;
  });
}

TEST(FaultByCountTest, ObjectIsDeletedOrWhole) {
  ForEachFault([&](const SyscallFaults::Plan& plan) {
    const TempFolder folder = TempFolder::InMemory();
    const auto store = OpenStore(folder);
    EXPECT_TRUE(store->Put(kObject, "bytes").ok());
    EXPECT_TRUE(store->Put("segment/1/other", "bytes").ok());
    SyscallFaults::Arm(plan);
    const absl::Status deleted = store->Delete(kObject);
    const bool struck = SyscallFaults::Disarm();
    EXPECT_EQ(store->Get(kObject).ok(), !deleted.ok());
    EXPECT_TRUE(store->Delete(kObject).ok());
    EXPECT_THAT(NamesOf(*store), ElementsAre("segment/1/other"));
    EXPECT_TRUE(store->Put(kObject, "again").ok());
    EXPECT_EQ(store->Get(kObject)->view(), "again");
    return struck;
  });
}

TEST(FaultByCountTest, ObjectStoreOpensAndForgetsWhatWasUnfinished) {
  ForEachFault([&](const SyscallFaults::Plan& plan) {
    const TempFolder folder = TempFolder::InMemory();
    {
      const auto store = OpenStore(folder);
      EXPECT_TRUE(store->Put(kObject, "bytes").ok());
    }
    const std::string stray = folder.path() + "/objects/.elanus-tmp/7";
    EXPECT_TRUE(std::ofstream(stray).good());
    SyscallFaults::Arm(plan);
    const bool opened =
        LocalObjectStore::Open({.root = folder.path() + "/objects"}).ok();
    const bool struck = SyscallFaults::Disarm();
    if (!struck) {
      EXPECT_TRUE(opened);
    }
    const auto store = OpenStore(folder);
    EXPECT_EQ(store->Get(kObject)->view(), "bytes");
    EXPECT_FALSE(std::filesystem::exists(stray));
    return struck;
  });
}

// The meta store. -------------------------------------------------------------

absl::StatusOr<std::unique_ptr<RocksMetaStore>> OpenMeta(
    const TempFolder& folder) {
  return RocksMetaStore::Open({.path = folder.path() + "/meta"});
}

MetaTxn TwoKeys(const std::string& value) {
  MetaTxn txn;
  txn.puts.push_back({.key = "a", .value = value});
  txn.puts.push_back({.key = "b", .value = value});
  return txn;
}

std::string ValueOf(MetaStore& store, const std::string& key) {
  const auto value = store.Get(key);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() && value->has_value() ? (*value)->value : "";
}

TEST(FaultByCountTest, TransactionsAreWholeDurableOrRefused) {
  const int rounds = ForEachFault([](const SyscallFaults::Plan& plan) {
    const TempFolder folder = TempFolder::InMemory();
    auto store = OpenMeta(folder);
    EXPECT_TRUE((*store)->Txn(TwoKeys("0")).ok());
    // What the two keys may hold, newest last.
    std::vector<std::string> allowed = {"0"};
    SyscallFaults::Arm(plan);
    for (const std::string value : {"1", "2"}) {
      const absl::Status status = (*store)->Txn(TwoKeys(value)).status();
      if (status.ok()) allowed.clear();
      if (status.ok() || IsOutcomeUnknown(status)) allowed.push_back(value);
    }
    const bool struck = SyscallFaults::Disarm();
    // Once a full disk has space again the store goes on by itself; after any
    // other error it takes no writes until it is opened again.
    absl::Status retried;
    for (int i = 0; i < 200; ++i) {
      retried = (*store)->Txn(TwoKeys("3")).status();
      if (retried.ok() || plan.error != ENOSPC) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_TRUE(retried.ok() || (struck && plan.error == EIO)) << retried;
    if (retried.ok()) allowed = {"3"};

    store->reset();
    store = OpenMeta(folder);
    if (!store.ok()) {
      ADD_FAILURE() << store.status();
      return false;
    }
    EXPECT_THAT(allowed, ::testing::Contains(ValueOf(**store, "a")));
    EXPECT_EQ(ValueOf(**store, "a"), ValueOf(**store, "b"));
    return struck;
  });
  EXPECT_GT(rounds, 8);
}

// A full disk may stay full for long. Whoever tries to go on meanwhile must
// leave the store able to go on once there is space.
TEST(FaultByCountTest, MetaStoreGoesOnAfterADiskThatWasFullForSeconds) {
  const TempFolder folder = TempFolder::InMemory();
  const auto store = OpenMeta(folder);
  ASSERT_TRUE((*store)->Txn(TwoKeys("0")).ok());
  SyscallFaults::Arm(
      {.after = 0, .error = ENOSPC, .kind = SyscallFaults::Kind::kForGood});
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE((*store)->Txn(TwoKeys("1")).ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_TRUE(SyscallFaults::Disarm());
  const absl::Status status = (*store)->Txn(TwoKeys("2")).status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(ValueOf(**store, "b"), "2");
}

TEST(FaultByCountTest, MetaStoreOpensWholeOrNotAtAll) {
  const TempFolder prepared = TempFolder::InMemory();
  {
    auto store = OpenMeta(prepared);
    ASSERT_TRUE((*store)->Txn(TwoKeys("0")).ok());
  }
  const int rounds = ForEachFault([&](const SyscallFaults::Plan& plan) {
    const TempFolder folder = TempFolder::InMemory();
    std::filesystem::copy(prepared.path() + "/meta", folder.path() + "/meta");
    SyscallFaults::Arm(plan);
    auto store = OpenMeta(folder);
    const bool struck = SyscallFaults::Disarm();
    if (store.ok()) {
      EXPECT_EQ(ValueOf(**store, "a"), "0");
      store->reset();
    }
    store = OpenMeta(folder);
    if (!store.ok()) {
      ADD_FAILURE() << store.status();
      return false;
    }
    EXPECT_EQ(ValueOf(**store, "b"), "0");
    return struck;
  });
  EXPECT_GT(rounds, 40);
}

// Transfers in pieces. --------------------------------------------------------

TEST(FaultByCountTest, TransfersThatStopHalfWayAreContinued) {
  for (int after = 0;; ++after) {
    SCOPED_TRACE(after);
    const TempFolder folder = TempFolder::InMemory();
    auto log = PreparedLog(folder);
    const auto store = OpenStore(folder);
    const std::string text(1000, 'x');
    SyscallFaults::Arm(
        {.after = after, .kind = SyscallFaults::Kind::kTransfer});
    EXPECT_TRUE(AppendAndWait(*log, "a", text).ok());
    EXPECT_EQ(testing::ReadAll(*log, "a")->back(), text);
    EXPECT_TRUE(store->Put(kObject, text).ok());
    EXPECT_EQ(store->Get(kObject)->view(), text);
    const bool struck = SyscallFaults::Disarm();
    log.reset();
    EXPECT_EQ(testing::ReadAll(**OpenLog(folder), "a")->back(), text);
    if (!struck || HasFailure()) break;
  }
}

}  // namespace
}  // namespace elanus::storage
