#include "access/time_blocks.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "role/refusing_roles_for_test.h"
#include "testing/fake_clock.h"

namespace elanus::access {
namespace {

constexpr std::uint64_t kFirst = 1000;

// Takes each block at once, as root coord does, and answers when told to.
class SlowRootCoord final : public role::RefusingRootCoord {
 public:
  void AllocTimestamp(const base::OpContext&,
                      const internal::AllocTimestampRequest& request,
                      internal::AllocTimestampReply* reply,
                      base::Done done) override {
    const std::uint64_t first = next_;
    next_ += request.count();
    answers.push_back(
        [first, &request, reply, done = std::move(done)]() mutable {
          reply->set_first(first);
          reply->set_count(request.count());
          std::move(done)(absl::OkStatus());
        });
  }

  std::vector<absl::AnyInvocable<void()>> answers;

 private:
  std::uint64_t next_ = kFirst;
};

class TimeBlocksTest : public ::testing::Test {
 protected:
  // Where the time goes when it comes.
  std::shared_ptr<std::optional<std::uint64_t>> Ask(std::uint32_t count = 1) {
    auto given = std::make_shared<std::optional<std::uint64_t>>();
    times_.Next(count, [given](absl::StatusOr<base::Timestamp> first) {
      if (first.ok()) *given = first->value;
    });
    return given;
  }

  SlowRootCoord root_;
  testing::FakeClock clock_;
  TimeBlocks times_{root_, clock_};
};

TEST_F(TimeBlocksTest, ABlockServesManyCallsAndNoTimeTwice) {
  const auto first = Ask(3);
  root_.answers[0]();
  EXPECT_EQ(*first, kFirst);
  EXPECT_EQ(*Ask(2), kFirst + 3);
  EXPECT_EQ(*Ask(), kFirst + 5);
  EXPECT_EQ(root_.answers.size(), 1);
}

TEST_F(TimeBlocksTest, TimesRiseThoughAnEarlierBlockComesBackLater) {
  const auto early = Ask();
  const auto late = Ask();
  root_.answers[1]();
  const std::uint64_t before = **late;
  root_.answers[0]();
  EXPECT_LT(**early, before);
  // Whoever was given `before` asks again.
  EXPECT_GT(**Ask(), before);
}

TEST_F(TimeBlocksTest, ABlockIsNotUsedForLong) {
  Ask();
  root_.answers[0]();
  clock_.Advance(std::chrono::milliseconds(60));
  EXPECT_FALSE(Ask()->has_value());
  EXPECT_EQ(root_.answers.size(), 2);
}

TEST_F(TimeBlocksTest, ATimeIsItsOwnIfAnyBlockHadIt) {
  Ask();
  Ask();
  const auto third = Ask(5000);
  for (const std::size_t i : {2, 0, 1}) root_.answers[i]();
  const std::uint64_t end = **third + 5000;
  for (const std::uint64_t time : {kFirst, kFirst + 5000, end - 1}) {
    EXPECT_TRUE(times_.IsOwn(base::Timestamp{time})) << time;
  }
  EXPECT_FALSE(times_.IsOwn(base::Timestamp{kFirst - 1}));
  EXPECT_FALSE(times_.IsOwn(base::Timestamp{end}));
}

}  // namespace
}  // namespace elanus::access
