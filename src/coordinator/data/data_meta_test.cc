#include "coordinator/data/data_meta.h"

#include <gtest/gtest.h>

#include "coordinator/fakes_for_test.h"
#include "testing/faulty_meta_store.h"

namespace elanus::coordinator {
namespace {

using testing::Fault;

class DataMetaTest : public ::testing::Test {
 protected:
  static MetaChange PutAttempt(std::int64_t id) {
    internal::AttemptMeta attempt;
    attempt.set_id(id);
    MetaChange change;
    change.Put(Key(id), std::move(attempt));
    return change;
  }
  static std::string Key(std::int64_t id) {
    return keys::Attempt(base::AttemptId{id});
  }
  bool IsInMirror(std::int64_t id) const {
    return meta_.Find<internal::AttemptMeta>(Key(id)) != nullptr;
  }

  Script never_dies_;
  MemoryMetaStore memory_{never_dies_};
  testing::FaultyMetaStore store_{memory_};
  DataMeta meta_{store_};
};

TEST_F(DataMetaTest, AChangeWhoseAnswerIsLostIsFoundDone) {
  store_.script().Next("Txn", Fault::kLoseAnswer);

  const auto done = meta_.Commit(PutAttempt(7));

  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_TRUE(*done);
  EXPECT_TRUE(IsInMirror(7));
}

TEST_F(DataMetaTest, AChangeThatDidNotHappenStaysAnError) {
  store_.script().Next("Txn", Fault::kDrop);

  EXPECT_FALSE(meta_.Commit(PutAttempt(7)).ok());
  EXPECT_FALSE(IsInMirror(7));
}

TEST_F(DataMetaTest, WhatCannotBeAskedAtOnceIsAskedBeforeTheNextChange) {
  store_.script().Next("Txn", Fault::kLoseAnswer);
  store_.script().Next("Get", Fault::kFail);
  EXPECT_FALSE(meta_.Commit(PutAttempt(7)).ok());
  EXPECT_FALSE(IsInMirror(7));

  EXPECT_TRUE(meta_.Commit(PutAttempt(8)).ok());

  EXPECT_TRUE(IsInMirror(7));
  EXPECT_TRUE(IsInMirror(8));
}

TEST_F(DataMetaTest, NothingIsChangedWhileADoubtIsLeft) {
  store_.script().Next("Txn", Fault::kLoseAnswer);
  store_.script().Next("Get", Fault::kFail);
  store_.script().Next("Get", Fault::kFail, 1);
  EXPECT_FALSE(meta_.Commit(PutAttempt(7)).ok());

  EXPECT_FALSE(meta_.Commit(PutAttempt(8)).ok());
  EXPECT_FALSE(memory_.map.contains(Key(8)));

  EXPECT_TRUE(meta_.Refresh().ok());
  EXPECT_TRUE(IsInMirror(7));
}

TEST_F(DataMetaTest, ADeleteWhoseAnswerIsLostLeavesTheMirrorToo) {
  ASSERT_TRUE(meta_.Commit(PutAttempt(7)).ok());
  store_.script().Next("Txn", Fault::kLoseAnswer);
  MetaChange change;
  change.Delete<internal::AttemptMeta>(Key(7));

  EXPECT_TRUE(meta_.Commit(std::move(change)).ok());

  EXPECT_FALSE(IsInMirror(7));
}

TEST_F(DataMetaTest, AChangeThatWasSentTwiceIsFoundDone) {
  store_.script().Next("Txn", Fault::kDuplicate);
  MetaChange change = PutAttempt(7);
  change.ExpectAbsent(Key(7));

  const auto done = meta_.Commit(std::move(change));

  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_TRUE(*done);
  EXPECT_TRUE(IsInMirror(7));
}

TEST_F(DataMetaTest, AFailedCompareShowsTheMirrorWhatIsThere) {
  DataMeta other(store_);
  ASSERT_TRUE(other.Commit(PutAttempt(7)).ok());
  internal::AttemptMeta attempt;
  attempt.set_id(8);
  MetaChange change;
  change.ExpectAbsent(Key(7));
  change.Put(Key(7), std::move(attempt));

  const auto done = meta_.Commit(std::move(change));

  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_FALSE(*done);
  ASSERT_TRUE(IsInMirror(7));
  EXPECT_EQ(meta_.Find<internal::AttemptMeta>(Key(7))->message.id(), 7);
}

TEST_F(DataMetaTest, AFailedCompareThatCannotBeReadAgainIsAnError) {
  store_.script().Next("Txn", Fault::kDuplicate);
  store_.script().Next("Get", Fault::kFail);
  MetaChange change = PutAttempt(7);
  change.ExpectAbsent(Key(7));

  EXPECT_FALSE(meta_.Commit(std::move(change)).ok());

  EXPECT_TRUE(meta_.Refresh().ok());
  EXPECT_TRUE(IsInMirror(7));
}

}  // namespace
}  // namespace elanus::coordinator
