#include "base/status.h"

#include <gtest/gtest.h>

namespace elanus::base {
namespace {

TEST(StatusTest, CarriesCodeFaultAndMessage) {
  const absl::Status status = InvalidInput(ErrorCode::kParameterInvalid,
                                           "dim {}, schema says {}", 4, 8);
  EXPECT_EQ(CodeOf(status), ErrorCode::kParameterInvalid);
  EXPECT_EQ(FaultOf(status), Fault::kCaller);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(status), "dim 4, schema says 8");
}

TEST(StatusTest, AnnotatingAddsWordsAndKeepsTheClass) {
  const absl::Status inner =
      InvalidInput(ErrorCode::kCollectionNotFound, "collection not found");
  const absl::Status outer = Annotate(inner, "load {}", 7);
  EXPECT_EQ(MessageOf(outer), "load 7: collection not found");
  EXPECT_EQ(CodeOf(outer), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(FaultOf(outer), Fault::kCaller);
  EXPECT_EQ(outer.code(), inner.code());
  EXPECT_TRUE(Annotate(absl::OkStatus(), "load {}", 7).ok());
}

TEST(StatusTest, AForeignStatusCountsAsUnexpectedButCancelAndDeadlineDoNot) {
  EXPECT_EQ(CodeOf(absl::InternalError("x")), ErrorCode::kUnexpected);
  EXPECT_EQ(CodeOf(absl::CancelledError("x")), ErrorCode::kCancelled);
  EXPECT_EQ(CodeOf(absl::DeadlineExceededError("x")),
            ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(absl::OkStatus()), ErrorCode::kSuccess);
}

TEST(StatusTest, RetriableFollowsTheCodeUnlessSaidOtherwise) {
  EXPECT_TRUE(IsRetriable(Error(ErrorCode::kServiceNotReady, "starting")));
  EXPECT_FALSE(IsRetriable(Error(ErrorCode::kIoFailed, "disk")));
  const absl::Status full = MakeRetriable(ErrorCode::kIoFailed, "disk full");
  EXPECT_TRUE(IsRetriable(full));
  EXPECT_TRUE(IsRetriable(Annotate(full, "append")));
  EXPECT_EQ(FaultOf(full), Fault::kServer);
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0)
    return InvalidInput(ErrorCode::kParameterInvalid, "odd {}", n);
  return n / 2;
}

absl::StatusOr<int> Quarter(int n) {
  ASSIGN_OR_RETURN(const int half, Half(n));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

TEST(StatusTest, AssignOrReturnGivesTheValueOrTheError) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(MessageOf(Quarter(6).status()), "odd 3");
  EXPECT_EQ(CodeOf(Quarter(6).status()), ErrorCode::kParameterInvalid);
}

}  // namespace
}  // namespace elanus::base
