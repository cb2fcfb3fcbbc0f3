#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "storage/embedded/embedded_log.h"
#include "storage/embedded/posix_log_folder.h"
#include "testing/log_sinks.h"
#include "testing/temp_folder.h"
#include "testing/tsan_suppressions.h"

namespace elanus::storage {
namespace {

constexpr int kTopics = 16;
constexpr int kWriters = 64;
constexpr int kRecordsPerWriter = 20;

std::string TopicName(int topic) { return fmt::format("pchannel-{}", topic); }

std::unique_ptr<EmbeddedLog> OpenLog(const std::string& path) {
  auto folder = OpenPosixLogFolder(path);
  EXPECT_TRUE(folder.ok()) << folder.status();
  auto log = EmbeddedLog::Open(
      *std::move(folder),
      {.writer = {.file_bytes = 16'384}, .recent_bytes = 4'096});
  EXPECT_TRUE(log.ok()) << log.status();
  return *std::move(log);
}

// One writer appends to every topic in turn and waits each time.
void Write(EmbeddedLog& log, int writer) {
  for (int i = 0; i < kRecordsPerWriter; ++i) {
    const auto result =
        testing::AppendAndWait(log, TopicName((writer + i) % kTopics),
                               fmt::format("{}:{}", writer, i));
    ASSERT_TRUE(result.ok()) << result.status();
  }
}

// Every writer's records stand in its order, each once.
void ExpectWhole(const std::vector<std::vector<std::string>>& topics) {
  std::size_t count = 0;
  for (int topic = 0; topic < kTopics; ++topic) {
    std::vector<int> last(kWriters, -1);
    for (const std::string& text : topics[static_cast<std::size_t>(topic)]) {
      const auto writer = static_cast<std::size_t>(std::stoi(text));
      const int number = std::stoi(text.substr(text.find(':') + 1));
      EXPECT_EQ((static_cast<int>(writer) + number) % kTopics, topic);
      EXPECT_GT(number, last[writer]);
      last[writer] = number;
      ++count;
    }
  }
  EXPECT_EQ(count, std::size_t{kWriters} * kRecordsPerWriter);
}

TEST(EmbeddedLogConcurrentTest, FollowersAndFilesHoldWhatManyWritersWrote) {
  const testing::TempFolder folder;
  const std::string path = folder.path() + "/log";
  auto log = OpenLog(path);
  std::vector<testing::CollectingSink> sinks(kTopics);
  std::vector<std::unique_ptr<LogFollower>> followers;
  for (int topic = 0; topic < kTopics; ++topic) {
    ASSERT_TRUE(log->CreateTopic(TopicName(topic)).ok());
    auto follower = log->Follow(TopicName(topic), Position(),
                                sinks[static_cast<std::size_t>(topic)]);
    ASSERT_TRUE(follower.ok());
    followers.push_back(*std::move(follower));
  }

  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&log, writer] { Write(*log, writer); });
  }
  for (std::thread& writer : writers) writer.join();

  std::vector<std::vector<std::string>> followed;
  for (int topic = 0; topic < kTopics; ++topic) {
    auto& sink = sinks[static_cast<std::size_t>(topic)];
    EXPECT_TRUE(sink.WaitForEnd(*log->EndNow(TopicName(topic))));
    followed.push_back(sink.WaitForTexts(0));
  }
  ExpectWhole(followed);

  followers.clear();
  log.reset();
  log = OpenLog(path);
  std::vector<std::vector<std::string>> stored;
  for (int topic = 0; topic < kTopics; ++topic) {
    stored.push_back(*testing::ReadAll(*log, TopicName(topic)));
  }
  EXPECT_EQ(stored, followed);
}

TEST(EmbeddedLogConcurrentTest, TopicsComeAndGoWhileOthersAreWritten) {
  const testing::TempFolder folder;
  auto log = OpenLog(folder.path() + "/log");
  for (int topic = 0; topic < kTopics; ++topic) {
    ASSERT_TRUE(log->CreateTopic(TopicName(topic)).ok());
  }

  std::vector<std::thread> threads;
  for (int writer = 0; writer < 8; ++writer) {
    threads.emplace_back([&log, writer] { Write(*log, writer); });
  }
  threads.emplace_back([&log] {
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(log->CreateTopic("passing").ok());
      auto append = testing::StartAppend(*log, "passing", "x");
      ASSERT_TRUE(log->DropTopic("passing").ok());
      const auto result = append.get();
      ASSERT_TRUE(result.ok() || base::CodeOf(result.status()) ==
                                     base::ErrorCode::kLogTopicNotFound);
    }
  });
  threads.emplace_back([&log] {
    for (int i = 0; i < 20; ++i) {
      const Position end = *log->EndNow(TopicName(i % kTopics));
      ASSERT_TRUE(log->TruncateBefore(TopicName(i % kTopics), end).ok());
    }
  });
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(log->ListTopics()->size(), std::size_t{kTopics});
}

}  // namespace
}  // namespace elanus::storage
