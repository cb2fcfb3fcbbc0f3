#include "storage/embedded/embedded_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/embedded/posix_log_folder.h"
#include "storage/errors.h"
#include "storage/log_broker_conformance_test.h"
#include "testing/faulty_log_folder.h"
#include "testing/log_sinks.h"
#include "testing/temp_folder.h"
#include "testing/tsan_suppressions.h"

namespace elanus::storage {
namespace {

using testing::AppendAndWait;
using testing::FaultyDisk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Disk = std::shared_ptr<FaultyDisk>;

constexpr auto kFirstFile = "0000000000000000.log";

class PosixBackend final : public LogBrokerBackend {
 public:
  explicit PosixBackend(EmbeddedLogOptions options) : options_(options) {
    Reopen();
  }
  LogBroker& broker() override { return *log_; }
  void Reopen() override {
    log_.reset();
    auto folder = OpenPosixLogFolder(folder_.path() + "/log");
    EXPECT_TRUE(folder.ok()) << folder.status();
    auto log = EmbeddedLog::Open(*std::move(folder), options_);
    EXPECT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }

 private:
  const EmbeddedLogOptions options_;
  testing::TempFolder folder_;
  std::unique_ptr<EmbeddedLog> log_;
};

std::unique_ptr<LogBrokerBackend> MakeOrdinary() {
  return std::make_unique<PosixBackend>(EmbeddedLogOptions());
}

// Every record in a file of its own and read back from it.
std::unique_ptr<LogBrokerBackend> MakeTiny() {
  return std::make_unique<PosixBackend>(
      EmbeddedLogOptions{.writer = {.file_bytes = 100}, .recent_bytes = 0});
}

INSTANTIATE_TEST_SUITE_P(Embedded, LogBrokerConformance,
                         ::testing::Values(MakeOrdinary, MakeTiny));

std::unique_ptr<EmbeddedLog> OpenLog(const Disk& disk,
                                     EmbeddedLogOptions options = {}) {
  auto log = EmbeddedLog::Open(disk->OpenFolder(), options);
  EXPECT_TRUE(log.ok()) << log.status();
  return log.ok() ? *std::move(log) : nullptr;
}

absl::Status OpenError(const Disk& disk) {
  return EmbeddedLog::Open(disk->OpenFolder(), {}).status();
}

std::string MessageOf(const absl::Status& status) {
  return std::string(base::MessageOf(status));
}

// Appends and waits, so that each record is a batch of its own.
void Fill(EmbeddedLog& log, std::string_view topic, int count,
          std::size_t size = 10) {
  for (int i = 0; i < count; ++i) {
    const auto result = AppendAndWait(
        log, topic, std::string(size, static_cast<char>('a' + i)));
    ASSERT_TRUE(result.ok()) << result.status();
  }
}

std::vector<std::string> LogFilesOf(const Disk& disk) {
  std::vector<std::string> names = disk->List();
  std::erase(names, kLogTableName);
  return names;
}

class EmbeddedLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    disk_ = std::make_shared<FaultyDisk>();
    log_ = OpenLog(disk_);
    ASSERT_TRUE(log_->CreateTopic("a").ok());
    ASSERT_TRUE(log_->CreateTopic("b").ok());
  }
  void Reopen(EmbeddedLogOptions options = {}) {
    log_.reset();
    log_ = OpenLog(disk_, options);
  }

  Disk disk_;
  std::unique_ptr<EmbeddedLog> log_;
};

TEST_F(EmbeddedLogTest, TornTailIsCutAtEveryByteOfTheLastBatch) {
  Fill(*log_, "a", 3);
  const std::size_t whole = disk_->Read(kFirstFile).size();
  Fill(*log_, "a", 1, 21);
  log_.reset();
  const std::string bytes = disk_->Read(kFirstFile);

  for (std::size_t size = whole; size < bytes.size(); ++size) {
    SCOPED_TRACE(size);
    const Disk torn = disk_->Clone();
    torn->Write(kFirstFile, bytes.substr(0, size));
    const auto log = OpenLog(torn);
    ASSERT_NE(log, nullptr);
    EXPECT_EQ(testing::ReadAll(*log, "a")->size(), 3U);
    EXPECT_EQ(log->cut_bytes(), size - whole);
    ASSERT_TRUE(AppendAndWait(*log, "a", "again").ok());
    EXPECT_EQ(testing::ReadAll(*log, "a")->back(), "again");
  }
}

TEST_F(EmbeddedLogTest, AnyFlippedByteBelowTheDurableMarkIsRefusedByName) {
  Fill(*log_, "a", 4);
  log_.reset();
  const std::string bytes = disk_->Read(kFirstFile);
  const std::size_t last = bytes.size() - RecordSpace(10);

  // Padding is not covered by the checksum: 10 bytes leave 6 of it.
  for (std::size_t i = 0; i < last; ++i) {
    const bool is_padding =
        i >= kLogFileHeaderBytes &&
        (i - kLogFileHeaderBytes) % RecordSpace(10) >= kRecordHeaderBytes + 10;
    if (is_padding) continue;
    SCOPED_TRACE(i);
    const Disk damaged = disk_->Clone();
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    damaged->Write(kFirstFile, changed);
    const absl::Status status = OpenError(damaged);
    EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kDataIntegrity);
    EXPECT_THAT(MessageOf(status), ::testing::HasSubstr(kFirstFile));
    EXPECT_THAT(MessageOf(status), ::testing::HasSubstr("at offset"));
  }
}

TEST_F(EmbeddedLogTest, UnsyncedBatchWithAHoleIsATornTail) {
  Fill(*log_, "a", 1);
  const std::size_t whole = disk_->Read(kFirstFile).size();
  // Two records in one batch: the second one says nothing of the first.
  disk_->HoldSyncs(true);
  auto blocker = testing::StartAppend(*log_, "a", "first");
  std::vector<testing::AppendFuture> batch;
  while (disk_->Read(kFirstFile).size() == whole) std::this_thread::yield();
  batch.push_back(testing::StartAppend(*log_, "a", "second"));
  batch.push_back(testing::StartAppend(*log_, "a", "third"));
  disk_->HoldSyncs(false);
  ASSERT_TRUE(blocker.get().ok());
  for (auto& append : batch) ASSERT_TRUE(append.get().ok());
  log_.reset();
  std::string bytes = disk_->Read(kFirstFile);
  bytes[whole + RecordSpace(5) + kRecordHeaderBytes] = '!';  // in "second"
  disk_->Write(kFirstFile, bytes);

  Reopen();

  EXPECT_THAT(*testing::ReadAll(*log_, "a"),
              ::testing::ElementsAre("aaaaaaaaaa", "first"));
}

TEST_F(EmbeddedLogTest, MissingFilesAreRefusedByName) {
  Reopen({.writer = {.file_bytes = 200}});
  Fill(*log_, "a", 12);
  log_.reset();
  const std::vector<std::string> files = LogFilesOf(disk_);
  ASSERT_GT(files.size(), 2U);

  for (std::size_t i = 0; i + 1 < files.size(); ++i) {
    const Disk holed = disk_->Clone();
    holed->Remove(files[i]);
    const absl::Status status = OpenError(holed);
    EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kDataIntegrity);
    EXPECT_THAT(MessageOf(status), ::testing::HasSubstr(files[i]));
  }
  const Disk without_table = disk_->Clone();
  without_table->Remove(std::string(kLogTableName));
  EXPECT_EQ(base::CodeOf(OpenError(without_table)),
            base::ErrorCode::kDataIntegrity);
}

TEST_F(EmbeddedLogTest, DamagedTableIsRefused) {
  log_.reset();
  const std::string table = disk_->Read(std::string(kLogTableName));
  for (std::size_t i = 0; i < table.size(); ++i) {
    SCOPED_TRACE(i);
    const Disk damaged = disk_->Clone();
    std::string changed = table;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    damaged->Write(std::string(kLogTableName), changed);
    EXPECT_EQ(base::CodeOf(OpenError(damaged)),
              base::ErrorCode::kDataIntegrity);
  }
}

TEST_F(EmbeddedLogTest, AcknowledgedRecordsSurviveThePowerLossOthersMayNot) {
  Fill(*log_, "a", 3);
  disk_->FailNext(FaultyDisk::Op::kSync,
                  base::Error(base::ErrorCode::kIoFailed, "no power"));
  const auto lost = AppendAndWait(*log_, "a", "lost");
  log_.reset();
  disk_->LosePower(5);

  Reopen();

  EXPECT_TRUE(IsOutcomeUnknown(lost.status())) << lost.status();
  EXPECT_TRUE(base::IsRetriable(lost.status()));
  EXPECT_EQ(testing::ReadAll(*log_, "a")->size(), 3U);
  EXPECT_EQ(log_->cut_bytes(), 5U);
}

TEST_F(EmbeddedLogTest, FailedSyncRefusesAppendsUntilTheLogIsOpenedAgain) {
  disk_->FailNext(FaultyDisk::Op::kSync,
                  base::Error(base::ErrorCode::kIoFailed, "broken disk"));
  EXPECT_TRUE(IsOutcomeUnknown(AppendAndWait(*log_, "a", "one").status()));

  const auto refused = AppendAndWait(*log_, "b", "two");
  EXPECT_EQ(base::CodeOf(refused.status()),
            base::ErrorCode::kServiceUnavailable);
  EXPECT_FALSE(IsOutcomeUnknown(refused.status()));
  EXPECT_THAT(MessageOf(refused.status()), ::testing::HasSubstr("broken disk"));

  Reopen();
  EXPECT_TRUE(AppendAndWait(*log_, "b", "two").ok());
}

TEST_F(EmbeddedLogTest, FailedWriteIsNeverSeenByReaders) {
  disk_->FailNext(FaultyDisk::Op::kAppend,
                  base::Error(base::ErrorCode::kIoFailed, "broken disk"));
  EXPECT_TRUE(IsOutcomeUnknown(AppendAndWait(*log_, "a", "one").status()));

  EXPECT_THAT(*testing::ReadAll(*log_, "a"), ::testing::IsEmpty());
  EXPECT_EQ(*log_->EndNow("a"), Position());
}

TEST_F(EmbeddedLogTest, FullDiskRefusesWritesAndTheLogRecoversByItself) {
  Fill(*log_, "a", 1);
  disk_->FailNext(FaultyDisk::Op::kAppend,
                  FromErrno(ENOSPC, "write", "disk/x.log"));

  const auto refused = AppendAndWait(*log_, "a", "no space");
  const auto accepted = AppendAndWait(*log_, "a", "space again");
  Reopen();

  EXPECT_EQ(base::CodeOf(refused.status()),
            base::ErrorCode::kDiskLimitExceeded);
  EXPECT_TRUE(base::IsRetriable(refused.status()));
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_THAT(*testing::ReadAll(*log_, "a"),
              ::testing::ElementsAre("aaaaaaaaaa", "space again"));
}

TEST_F(EmbeddedLogTest, FullDiskAtANewFileRefusesAndRecovers) {
  Reopen({.writer = {.file_bytes = 150}});
  Fill(*log_, "a", 1);
  disk_->FailNext(FaultyDisk::Op::kCreate,
                  FromErrno(ENOSPC, "open", "disk/x.log"));

  const auto refused = AppendAndWait(*log_, "a", std::string(100, 'n'));
  const auto accepted = AppendAndWait(*log_, "a", std::string(100, 'y'));

  EXPECT_EQ(base::CodeOf(refused.status()),
            base::ErrorCode::kDiskLimitExceeded);
  EXPECT_TRUE(accepted.ok()) << accepted.status();
}

TEST_F(EmbeddedLogTest, NewFileWithTornHeaderIsNoDamage) {
  Reopen({.writer = {.file_bytes = 150}});
  Fill(*log_, "a", 2);
  log_.reset();
  const std::vector<std::string> files = LogFilesOf(disk_);
  const std::string last = disk_->Read(files.back());
  const std::uint64_t next = *ParseLogFileName(files.back()) + last.size();
  disk_->Write(LogFileName(next), "half a head");

  Reopen();

  ASSERT_NE(log_, nullptr);
  EXPECT_EQ(testing::ReadAll(*log_, "a")->size(), 2U);
  Fill(*log_, "a", 3, 100);
  EXPECT_EQ(testing::ReadAll(*log_, "a")->size(), 5U);
}

// The file before it had room for a smaller record, and a power cut brought
// back the new file that a start had taken away.
TEST_F(EmbeddedLogTest, NewFileWithoutHeaderMayLieInsideTheOneBefore) {
  for (const std::size_t size : {std::size_t{0}, kLogFileHeaderBytes}) {
    Fill(*log_, "a", 2);
    log_.reset();
    const std::size_t end = disk_->Read(kFirstFile).size();
    disk_->Write(LogFileName(end - RecordSpace(10)), std::string(size, '\0'));

    Reopen();

    ASSERT_NE(log_, nullptr);
    EXPECT_THAT(LogFilesOf(disk_), ::testing::ElementsAre(kFirstFile));
  }
  EXPECT_EQ(testing::ReadAll(*log_, "a")->size(), 4U);
}

TEST_F(EmbeddedLogTest, WritersThatWaitShareOneSync) {
  const std::uint64_t before = log_->stats().syncs;
  disk_->HoldSyncs(true);
  std::vector<testing::AppendFuture> appends;
  for (int i = 0; i < 200; ++i) {
    appends.push_back(
        testing::StartAppend(*log_, i % 2 == 0 ? "a" : "b", "record"));
  }
  disk_->HoldSyncs(false);
  for (auto& append : appends) ASSERT_TRUE(append.get().ok());

  // The first batch takes what was there when the writer woke up, the second
  // one all the rest; one more for the writer being slow to wake.
  EXPECT_LE(log_->stats().syncs - before, 3U);
  EXPECT_EQ(log_->stats().records, 200U);
}

TEST_F(EmbeddedLogTest, NothingIsAcknowledgedBeforeItIsSynced) {
  disk_->HoldSyncs(true);
  auto append = testing::StartAppend(*log_, "a", "record");
  while (disk_->Read(kFirstFile).size() == kLogFileHeaderBytes) {
    std::this_thread::yield();
  }

  EXPECT_EQ(append.wait_for(std::chrono::seconds(0)),
            std::future_status::timeout);
  EXPECT_EQ(*log_->EndNow("a"), Position());
  disk_->HoldSyncs(false);
  EXPECT_TRUE(append.get().ok());
}

TEST_F(EmbeddedLogTest, FileGoesWhenNoTopicNeedsIt) {
  Reopen({.writer = {.file_bytes = 200}});
  Fill(*log_, "b", 1);
  Fill(*log_, "a", 30);
  const std::size_t all = LogFilesOf(disk_).size();
  ASSERT_GT(all, 5U);

  const Position end = *log_->EndNow("a");
  ASSERT_TRUE(log_->TruncateBefore("a", end).ok());
  // The first file holds b's record, the last one is appended to.
  EXPECT_EQ(LogFilesOf(disk_).size(), 2U);
  EXPECT_EQ(testing::ReadAll(*log_, "b")->size(), 1U);

  Reopen({.writer = {.file_bytes = 200}});
  EXPECT_EQ(testing::ReadAll(*log_, "b")->size(), 1U);
  Fill(*log_, "a", 10);
  ASSERT_TRUE(log_->TruncateBefore("b", *log_->EndNow("b")).ok());
  EXPECT_EQ(disk_->Read(kFirstFile), "");
  Reopen({.writer = {.file_bytes = 200}});
  EXPECT_EQ(testing::ReadAll(*log_, "a", end)->size(), 10U);
}

TEST_F(EmbeddedLogTest, FileThatCouldNotBeRemovedGoesAtTheNextStart) {
  Reopen({.writer = {.file_bytes = 200}});
  Fill(*log_, "a", 30);
  disk_->FailNext(FaultyDisk::Op::kRemove,
                  base::Error(base::ErrorCode::kIoFailed, "busy"));
  ASSERT_TRUE(log_->TruncateBefore("a", *log_->EndNow("a")).ok());
  ASSERT_EQ(LogFilesOf(disk_).size(), 2U);

  Reopen();

  EXPECT_EQ(LogFilesOf(disk_).size(), 1U);
}

TEST_F(EmbeddedLogTest, FailedTruncationChangesNothing) {
  Fill(*log_, "a", 2);
  disk_->FailNext(FaultyDisk::Op::kReplace,
                  base::Error(base::ErrorCode::kIoFailed, "busy"));

  EXPECT_FALSE(log_->TruncateBefore("a", *log_->EndNow("a")).ok());

  EXPECT_EQ(testing::ReadAll(*log_, "a")->size(), 2U);
}

TEST_F(EmbeddedLogTest, FollowerThatKeepsUpGetsTheBufferThatWasAppended) {
  const base::Buffer record = base::Buffer::FromString(std::string(1000, 'x'));
  std::promise<void> appended;
  log_->Append("a", record, [&](auto) { appended.set_value(); });
  appended.get_future().get();
  testing::CollectingSink sink;
  const auto follower = log_->Follow("a", Position(), sink);
  ASSERT_TRUE(follower.ok());

  const auto records = sink.WaitForRecords(1);

  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].bytes.bytes().data(), record.bytes().data());
}

TEST_F(EmbeddedLogTest, RecordReadFromFileIsAlignedAndChecked) {
  Fill(*log_, "a", 3, 33);
  Reopen({.recent_bytes = 0});
  testing::CollectingSink sink;
  {
    const auto follower = log_->Follow("a", Position(), sink);
    for (const auto& record : sink.WaitForRecords(3)) {
      const auto address =
          reinterpret_cast<std::uintptr_t>(record.bytes.bytes().data());
      EXPECT_EQ(address % base::AlignedBytes::kAlignment, 0U);
    }
  }
  std::string bytes = disk_->Read(kFirstFile);
  bytes[kLogFileHeaderBytes + kRecordHeaderBytes] = '!';
  disk_->Write(kFirstFile, bytes);

  testing::CollectingSink second;
  const auto follower = log_->Follow("a", Position(), second);

  EXPECT_EQ(base::CodeOf(second.WaitForError()),
            base::ErrorCode::kDataIntegrity);
}

absl::Status ReadFails() {
  return base::Error(base::ErrorCode::kIoFailed, "the cable is loose");
}

TEST_F(EmbeddedLogTest, FollowerWithRetriesGoesOnAfterReadsThatFail) {
  Fill(*log_, "a", 5);
  base::Metrics metrics;
  Reopen({.recent_bytes = 0,
          .retries = {.enabled = true,
                      .failed_reads = &metrics.AddCounter("failed", "")}});
  disk_->FailNext(FaultyDisk::Op::kRead, ReadFails(), /*skipped=*/2,
                  /*times=*/3);
  testing::CollectingSink sink;
  const auto follower = log_->Follow("a", Position(), sink);
  ASSERT_TRUE(sink.WaitForEnd(*log_->EndNow("a")));
  const std::vector<std::string> all = sink.WaitForTexts(5);
  EXPECT_EQ(all, *testing::ReadAll(*log_, "a"));
  ASSERT_EQ(all.size(), 5U);
  EXPECT_THAT(metrics.Render(), HasSubstr("failed 3\n"));

  // And once more, when it had gone on.
  disk_->FailNext(FaultyDisk::Op::kRead, ReadFails());
  Fill(*log_, "a", 1);
  EXPECT_EQ(sink.WaitForRecords(6).size(), 6U);
  EXPECT_THAT(metrics.Render(), HasSubstr("failed 4\n"));
}

TEST_F(EmbeddedLogTest, FollowerThatWaitsForAnotherTryEndsAtOnce) {
  Fill(*log_, "a", 1);
  Reopen({.recent_bytes = 0, .retries = {.enabled = true}});
  disk_->FailNext(FaultyDisk::Op::kRead, ReadFails(), 0, /*times=*/1'000'000);
  testing::CollectingSink sink;
  auto follower = log_->Follow("a", Position(), sink);
  ASSERT_TRUE(follower.ok());
  follower->reset();
  EXPECT_THAT(sink.WaitForTexts(0), IsEmpty());
}

TEST_F(EmbeddedLogTest, FollowerWithoutRetriesEndsAtAReadThatFails) {
  Fill(*log_, "a", 1);
  Reopen({.recent_bytes = 0});
  disk_->FailNext(FaultyDisk::Op::kRead, ReadFails());
  testing::CollectingSink sink;
  const auto follower = log_->Follow("a", Position(), sink);
  EXPECT_EQ(MessageOf(sink.WaitForError()), "the cable is loose");
}

TEST_F(EmbeddedLogTest, FollowerOvertakenByTruncationIsTold) {
  Fill(*log_, "a", 1);
  testing::CollectingSink sink;
  sink.Hold(true);
  const auto follower = log_->Follow("a", Position(), sink);
  ASSERT_EQ(sink.WaitForRecords(1).size(), 1U);
  Fill(*log_, "a", 3);
  ASSERT_TRUE(log_->TruncateBefore("a", *log_->EndNow("a")).ok());

  sink.Hold(false);

  EXPECT_TRUE(IsTruncated(sink.WaitForError()));
}

// Random appends, truncations and power losses against lists in memory.
TEST(EmbeddedLogPropertyTest, HoldsWhatWasAcknowledgedThroughCrashes) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto pick = [&random](unsigned below) {
      return static_cast<unsigned>(random() % below);
    };
    const auto disk = std::make_shared<FaultyDisk>();
    const EmbeddedLogOptions options{.writer = {.file_bytes = 400},
                                     .recent_bytes = 300};
    auto log = OpenLog(disk, options);
    const std::vector<std::string> topics = {"a", "b", "c"};
    struct Expected {
      Position truncated;
      std::vector<std::pair<AppendResult, std::string>> records;
    };
    std::map<std::string, Expected> expected;
    for (const auto& topic : topics) ASSERT_TRUE(log->CreateTopic(topic).ok());

    for (int step = 0; step < 120; ++step) {
      const std::string& topic = topics[pick(3)];
      Expected& model = expected[topic];
      if (const unsigned choice = pick(20); choice < 14) {
        const std::string text(pick(120), static_cast<char>('a' + pick(26)));
        const auto result = AppendAndWait(*log, topic, text);
        ASSERT_TRUE(result.ok()) << result.status();
        model.records.emplace_back(*result, text);
      } else if (choice < 18 && !model.records.empty()) {
        const std::size_t keep_from =
            pick(static_cast<unsigned>(model.records.size()));
        model.truncated = model.records[keep_from].first.next;
        ASSERT_TRUE(log->TruncateBefore(topic, model.truncated).ok());
        model.records.erase(
            model.records.begin(),
            model.records.begin() + static_cast<std::ptrdiff_t>(keep_from) + 1);
      } else {
        disk->FailNext(FaultyDisk::Op::kSync,
                       base::Error(base::ErrorCode::kIoFailed, "power"));
        ASSERT_FALSE(AppendAndWait(*log, topic, std::string(60, '?')).ok());
        log.reset();
        disk->LosePower(pick(50));
        log = OpenLog(disk, options);
        ASSERT_NE(log, nullptr);
      }
    }
    for (const auto& topic : topics) {
      std::vector<std::string> texts;
      for (const auto& record : expected[topic].records) {
        texts.push_back(record.second);
      }
      EXPECT_EQ(*testing::ReadAll(*log, topic, expected[topic].truncated),
                texts);
    }
  }
}

}  // namespace
}  // namespace elanus::storage
