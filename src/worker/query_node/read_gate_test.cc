#include "worker/query_node/read_gate.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "role/refusing_roles_for_test.h"
#include "segment/rows_maker_test.h"
#include "worker/tail_fixture_for_test.h"

namespace elanus::worker {
namespace {

// A log of which nothing but its end is asked.
class EndOnlyBroker final : public storage::LogBroker {
 public:
  absl::Status CreateTopics(std::span<const std::string>) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<std::string>> ListTopics() override {
    return Unexpected();
  }
  absl::Status DropTopic(std::string_view) override { return Unexpected(); }
  void Append(std::string_view, base::Buffer,
              storage::AppendDone done) override {
    done(Unexpected());
  }
  absl::StatusOr<std::unique_ptr<storage::LogFollower>> Follow(
      std::string_view, const storage::Position&, storage::LogSink&) override {
    return Unexpected();
  }
  void End(std::string_view, storage::EndDone done) override {
    ++asked;
    done(storage::Position());
  }
  absl::Status TruncateBefore(std::string_view,
                              const storage::Position&) override {
    return Unexpected();
  }

  int asked = 0;

 private:
  static absl::Status Unexpected() {
    return absl::UnimplementedError("not expected");
  }
};

// A shard of which nothing has been replayed yet: its clock stands at 0.
class ReadGateTest : public TailTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(TailTest::SetUp());
    shard_ =
        std::make_shared<Shard>(Shard::Dependencies{.data_coord = coord_,
                                                    .objects = *store_,
                                                    .budget = budget_,
                                                    .background = executor_,
                                                    .timer = timer_},
                                tail_, segment::TestSchema());
  }

  absl::Status Pass(const internal::ReadGuarantee& guarantee) {
    absl::Status passed = absl::UnknownError("still waits");
    gate_.Pass({}, guarantee, {shard_},
               [&passed](absl::Status status) { passed = std::move(status); });
    return passed;
  }

  role::RefusingDataCoord coord_;
  std::shared_ptr<Shard> shard_;
  EndOnlyBroker broker_;
  ReadGate gate_{broker_, base::SystemClock(), executor_};
};

TEST_F(ReadGateTest, APinnedReadAwaitsTheEndOfALogThatHasNotReachedItsTime) {
  internal::ReadGuarantee pinned;
  pinned.set_kind(internal::ReadGuarantee::PINNED);
  pinned.set_read_at(10);
  EXPECT_TRUE(Pass(pinned).ok());
  EXPECT_EQ(broker_.asked, 1);
}

TEST_F(ReadGateTest, APinnedReadOfWhatIsReplayedAsksNobody) {
  internal::ReadGuarantee pinned;
  pinned.set_kind(internal::ReadGuarantee::PINNED);
  pinned.set_read_at(0);
  EXPECT_TRUE(Pass(pinned).ok());
  EXPECT_EQ(broker_.asked, 0);
}

TEST_F(ReadGateTest, ASessionOfWhichNoPositionIsKnownAwaitsTheEndOfTheLog) {
  internal::ReadGuarantee session;
  session.set_kind(internal::ReadGuarantee::POSITION);
  EXPECT_TRUE(Pass(session).ok());
  EXPECT_EQ(broker_.asked, 1);
  (*session
        .mutable_positions())[static_cast<std::int32_t>(tail_->key().shard)] =
      storage::Position().Encode();
  EXPECT_TRUE(Pass(session).ok());
  EXPECT_EQ(broker_.asked, 1);
}

}  // namespace
}  // namespace elanus::worker
