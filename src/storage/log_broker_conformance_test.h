// What every LogBroker does. A backend's test instantiates it:
//
//   INSTANTIATE_TEST_SUITE_P(Embedded, LogBrokerConformance,
//                            testing::Values(MakeBackend));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/errors.h"
#include "storage/log_broker.h"
#include "testing/log_sinks.h"

namespace elanus::storage {

// A broker with empty storage of its own.
class LogBrokerBackend {
 public:
  virtual ~LogBrokerBackend() = default;
  virtual LogBroker& broker() = 0;
  // Connects anew, as after a restart of the process.
  virtual void Reopen() = 0;
};

class LogBrokerConformance
    : public ::testing::TestWithParam<
          std::function<std::unique_ptr<LogBrokerBackend>()>> {
 protected:
  void SetUp() override {
    backend_ = GetParam()();
    ASSERT_TRUE(broker().CreateTopic("a").ok());
    ASSERT_TRUE(broker().CreateTopic("b").ok());
  }

  LogBroker& broker() { return backend_->broker(); }

  AppendResult Append(std::string_view topic, std::string text) {
    auto result = testing::AppendAndWait(broker(), topic, std::move(text));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : AppendResult();
  }
  Position End(std::string_view topic) {
    const auto end = testing::EndOf(broker(), topic);
    EXPECT_TRUE(end.ok()) << end.status();
    return end.ok() ? *end : Position();
  }
  std::vector<std::string> ReadAll(std::string_view topic,
                                   const Position& from = {}) {
    const auto texts = testing::ReadAll(broker(), topic, from);
    EXPECT_TRUE(texts.ok()) << texts.status();
    return texts.ok() ? *texts : std::vector<std::string>();
  }

  std::unique_ptr<LogBrokerBackend> backend_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LogBrokerConformance);

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(LogBrokerConformance, FollowerGetsTheRecordsOfItsTopicInOrder) {
  Append("a", "one");
  Append("b", "other");
  Append("a", "two");

  EXPECT_THAT(ReadAll("a"), ElementsAre("one", "two"));
  EXPECT_THAT(ReadAll("b"), ElementsAre("other"));
}

TEST_P(LogBrokerConformance, FollowerGetsRecordsThatAreAppendedLater) {
  testing::CollectingSink sink;
  const auto follower = broker().Follow("a", Position(), sink);
  ASSERT_TRUE(follower.ok());
  ASSERT_TRUE(sink.WaitForEnd(Position()));

  Append("a", "late");

  EXPECT_THAT(sink.WaitForTexts(1), ElementsAre("late"));
  EXPECT_TRUE(sink.WaitForEnd(End("a")));
}

TEST_P(LogBrokerConformance, PositionsRiseAndNextLeadsToTheFollowingRecord) {
  const AppendResult one = Append("a", "one");
  Append("b", "between");
  const AppendResult two = Append("a", "two");

  EXPECT_LT(one.position, one.next);
  EXPECT_LE(one.next, two.position);
  EXPECT_LT(two.position, two.next);
  EXPECT_THAT(ReadAll("a", one.next), ElementsAre("two"));
  EXPECT_THAT(ReadAll("a", two.position), ElementsAre("two"));
  EXPECT_THAT(ReadAll("a", two.next), IsEmpty());
}

TEST_P(LogBrokerConformance, SinkIsToldThePositionsThatAppendAnswered) {
  const AppendResult one = Append("a", "one");
  testing::CollectingSink sink;
  const auto follower = broker().Follow("a", Position(), sink);
  ASSERT_TRUE(follower.ok());

  const auto records = sink.WaitForRecords(1);

  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].position, one.position);
  EXPECT_EQ(records[0].next, one.next);
}

TEST_P(LogBrokerConformance, EndIsBehindEveryAcknowledgedRecord) {
  const AppendResult one = Append("a", "one");
  const Position end = End("a");

  EXPECT_GT(end, one.position);
  EXPECT_LE(end, Append("a", "two").position);
}

TEST_P(LogBrokerConformance, EndDoesNotMoveWhenAnotherTopicIsWritten) {
  Append("a", "one");
  const Position end = End("a");

  Append("b", "other");

  EXPECT_EQ(End("a"), end);
}

TEST_P(LogBrokerConformance, EmptyRecordsAndBigOnesArriveWhole) {
  std::string big(9'000'001, 'x');
  big[4'500'000] = 'y';

  Append("a", "");
  Append("a", big);

  EXPECT_THAT(ReadAll("a"), ElementsAre("", big));
}

TEST_P(LogBrokerConformance, RecordBeyondTheLimitIsRefused) {
  const auto result = testing::AppendAndWait(
      broker(), "a", std::string(kMaxRecordBytes + 1, 'x'));

  EXPECT_EQ(base::CodeOf(result.status()), base::ErrorCode::kParameterTooLarge);
  EXPECT_THAT(ReadAll("a"), IsEmpty());
}

TEST_P(LogBrokerConformance, RecordsSurviveReopening) {
  Append("a", "one");
  Append("b", "other");
  const AppendResult two = Append("a", "two");

  backend_->Reopen();

  EXPECT_THAT(ReadAll("a"), ElementsAre("one", "two"));
  EXPECT_THAT(ReadAll("b"), ElementsAre("other"));
  EXPECT_EQ(End("a"), two.next);
  EXPECT_GE(Append("a", "three").position, two.next);
}

TEST_P(LogBrokerConformance, TruncationGivesUpTheRecordsBeforeThePosition) {
  const AppendResult one = Append("a", "one");
  Append("a", "two");
  Append("b", "other");

  ASSERT_TRUE(broker().TruncateBefore("a", one.next).ok());

  EXPECT_THAT(ReadAll("a", one.next), ElementsAre("two"));
  EXPECT_THAT(ReadAll("b"), ElementsAre("other"));
  testing::CollectingSink sink;
  const auto follower = broker().Follow("a", Position(), sink);
  const absl::Status status =
      follower.ok() ? sink.WaitForError() : follower.status();
  EXPECT_TRUE(IsTruncated(status)) << status;
}

TEST_P(LogBrokerConformance, TruncationSurvivesReopening) {
  const AppendResult one = Append("a", "one");
  ASSERT_TRUE(broker().TruncateBefore("a", one.next).ok());

  backend_->Reopen();

  EXPECT_EQ(End("a"), one.next);
  EXPECT_THAT(ReadAll("a", one.next), IsEmpty());
  EXPECT_GE(Append("a", "two").position, one.next);
}

TEST_P(LogBrokerConformance, TruncationGoesNeitherBackNorBeyondTheEnd) {
  const AppendResult one = Append("a", "one");
  const AppendResult two = Append("a", "two");
  ASSERT_TRUE(broker().TruncateBefore("a", two.position).ok());

  EXPECT_TRUE(broker().TruncateBefore("a", one.position).ok());
  Append("b", "further on");
  const absl::Status beyond = broker().TruncateBefore(
      "a", Position::FromBytes(std::string(two.next.bytes().size(), '\xff')));

  EXPECT_FALSE(beyond.ok());
  EXPECT_THAT(ReadAll("a", two.position), ElementsAre("two"));
}

TEST_P(LogBrokerConformance, FollowingFromBehindTheEndIsDataLoss) {
  const AppendResult one = Append("a", "one");
  testing::CollectingSink sink;

  const auto follower = broker().Follow(
      "a", Position::FromBytes(std::string(one.next.bytes().size(), '\x7f')),
      sink);

  EXPECT_EQ(base::CodeOf(follower.status()), base::ErrorCode::kDataIntegrity);
}

TEST_P(LogBrokerConformance, UnknownTopicIsAnErrorOfItsOwn) {
  testing::CollectingSink sink;
  EXPECT_TRUE(
      IsTopicNotFound(testing::AppendAndWait(broker(), "none", "x").status()));
  EXPECT_TRUE(
      IsTopicNotFound(broker().Follow("none", Position(), sink).status()));
  EXPECT_TRUE(IsTopicNotFound(testing::EndOf(broker(), "none").status()));
  EXPECT_TRUE(IsTopicNotFound(broker().TruncateBefore("none", Position())));
}

TEST_P(LogBrokerConformance, CreatingATopicAgainKeepsItsRecords) {
  Append("a", "one");

  ASSERT_TRUE(broker().CreateTopic("a").ok());

  EXPECT_THAT(ReadAll("a"), ElementsAre("one"));
}

TEST_P(LogBrokerConformance, TopicsAreMadeTogetherAndThoseThatExistKept) {
  Append("a", "one");

  ASSERT_TRUE(
      broker().CreateTopics(std::vector<std::string>{"c", "a", "d", "c"}).ok());
  Append("c", "two");
  backend_->Reopen();

  EXPECT_THAT(*broker().ListTopics(), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(ReadAll("a"), ElementsAre("one"));
  EXPECT_THAT(ReadAll("c"), ElementsAre("two"));
}

TEST_P(LogBrokerConformance, OneBadNameMakesNoneOfTheTopics) {
  EXPECT_FALSE(
      broker().CreateTopics(std::vector<std::string>{"c", "a/b"}).ok());
  EXPECT_THAT(*broker().ListTopics(), ElementsAre("a", "b"));
}

TEST_P(LogBrokerConformance, TopicMadeAgainAfterDropIsEmpty) {
  Append("a", "old");

  ASSERT_TRUE(broker().DropTopic("a").ok());
  ASSERT_TRUE(broker().DropTopic("a").ok());
  ASSERT_TRUE(broker().CreateTopic("a").ok());
  Append("a", "new");
  backend_->Reopen();

  EXPECT_THAT(ReadAll("a"), ElementsAre("new"));
}

TEST_P(LogBrokerConformance, FollowerOfADroppedTopicIsTold) {
  testing::CollectingSink sink;
  const auto follower = broker().Follow("a", Position(), sink);
  ASSERT_TRUE(follower.ok());

  ASSERT_TRUE(broker().DropTopic("a").ok());

  EXPECT_TRUE(IsTopicNotFound(sink.WaitForError()));
}

TEST_P(LogBrokerConformance, TopicsAreListedInOrder) {
  ASSERT_TRUE(broker().CreateTopic("A.1_x-y").ok());

  const auto topics = broker().ListTopics();

  ASSERT_TRUE(topics.ok());
  EXPECT_THAT(*topics, ElementsAre("A.1_x-y", "a", "b"));
}

TEST_P(LogBrokerConformance, TopicNamesOutsideTheRuleAreRefused) {
  for (const std::string name : {"", "a/b", "a b", "\xc3\xa4"}) {
    EXPECT_EQ(base::CodeOf(broker().CreateTopic(name)),
              base::ErrorCode::kParameterInvalid)
        << name;
  }
}

TEST_P(LogBrokerConformance, BlockedSinkHoldsNoOtherFollowerBack) {
  testing::CollectingSink blocked;
  testing::CollectingSink free;
  const auto follower = broker().Follow("a", Position(), blocked);
  const auto other = broker().Follow("a", Position(), free);
  ASSERT_TRUE(follower.ok() && other.ok());
  blocked.Hold(true);

  Append("a", "one");
  Append("a", "two");

  EXPECT_THAT(free.WaitForTexts(2), ElementsAre("one", "two"));
  EXPECT_THAT(blocked.WaitForTexts(1), ElementsAre("one"));
  blocked.Hold(false);
  EXPECT_THAT(blocked.WaitForTexts(2), ElementsAre("one", "two"));
}

TEST_P(LogBrokerConformance, AppendsOfOneThreadKeepTheirOrder) {
  constexpr int kRecords = 200;
  std::vector<testing::AppendFuture> appends;
  std::vector<std::string> expected;

  for (int i = 0; i < kRecords; ++i) {
    expected.push_back(std::to_string(i));
    appends.push_back(testing::StartAppend(broker(), "a", expected.back()));
  }
  for (auto& append : appends) ASSERT_TRUE(append.get().ok());

  EXPECT_EQ(ReadAll("a"), expected);
}

}  // namespace elanus::storage
