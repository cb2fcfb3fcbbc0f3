#include "role/status_convert.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace elanus::role {
namespace {

namespace common = milvus::proto::common;

void ExpectSame(const absl::Status& want, const absl::Status& got) {
  EXPECT_EQ(base::CodeOf(got), base::CodeOf(want));
  EXPECT_EQ(base::FaultOf(got), base::FaultOf(want));
  EXPECT_EQ(base::IsRetriable(got), base::IsRetriable(want));
  EXPECT_EQ(base::MessageOf(got), base::MessageOf(want));
  EXPECT_EQ(got.code(), want.code());
}

TEST(StatusConvertTest, SuccessIsTheEmptyMessage) {
  EXPECT_EQ(ToProto(absl::OkStatus()).ByteSizeLong(), 0u);
  EXPECT_TRUE(FromProto(common::Status()).ok());
}

TEST(StatusConvertTest, CodeFaultRetriableAndTextSurviveTheWayThereAndBack) {
  using base::ErrorCode;
  const absl::Status statuses[] = {
      base::Error(ErrorCode::kCollectionNotFound, "collection not found"),
      base::InvalidInput(ErrorCode::kParameterInvalid, "dim 0"),
      base::Error(ErrorCode::kServiceUnavailable, "node 7 is away"),
      base::MakeRetriable(ErrorCode::kLogInternal, "outcome unknown"),
      base::DataLoss("block 3 of x"),
      base::Error(static_cast<ErrorCode>(2345), "no name for this one"),
      base::Error(ErrorCode::kCancelled, "cancelled"),
      absl::DeadlineExceededError("late"),
      absl::InternalError("plain"),
  };
  for (const absl::Status& status : statuses) {
    const common::Status wire = ToProto(status);
    common::Status arrived;
    ASSERT_TRUE(arrived.ParseFromString(wire.SerializeAsString()));
    absl::Status back = FromProto(arrived);
    if (status.code() == absl::StatusCode::kInternal) {
      // A status without a code is "unexpected", whose class is unknown.
      EXPECT_EQ(back.code(), absl::StatusCode::kUnknown);
      back = absl::InternalError(back.message());
    }
    ExpectSame(status, back);
  }
}

TEST(StatusConvertTest, TheOlderCodeFollowsTheTable) {
  const struct {
    int code;
    common::ErrorCode older;
  } rows[] = {
      {0, common::Success},
      {1, common::NotReadyServe},
      {2, common::UnexpectedError},
      {3, common::InsufficientMemoryToLoad},
      {7, common::DiskQuotaExhausted},
      {8, common::RateLimit},
      {9, common::ForceDeny},
      {11, common::TimeTickLongDelay},
      {100, common::CollectionNotExists},
      {109, common::SchemaMismatch},
      {200, common::MetaFailed},
      {400, common::MetaFailed},
      {501, common::MetaFailed},
      {401, common::NoReplicaAvailable},
      {503, common::NoReplicaAvailable},
      {905, common::NoReplicaAvailable},
      {600, common::SegmentNotFound},
      {700, common::IndexNotExist},
      {904, common::NodeIDNotMatch},
      {1100, common::IllegalArgument},
      {1101, common::UnexpectedError},
      {65535, common::UnexpectedError},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(LegacyCode(static_cast<base::ErrorCode>(row.code)), row.older)
        << row.code;
  }
}

TEST(StatusConvertTest, OnlyTheCallersFaultIsMarkedAsInputError) {
  using base::ErrorCode;
  const common::Status caller =
      ToProto(base::InvalidInput(ErrorCode::kParameterInvalid, "x"));
  EXPECT_EQ(caller.extra_info().at("is_input_error"), "true");
  const common::Status server =
      ToProto(base::Error(ErrorCode::kParameterInvalid, "x"));
  EXPECT_TRUE(server.extra_info().empty());
}

TEST(StatusConvertTest, AnOlderCodeAloneIsAFailure) {
  common::Status older;
  older.set_error_code(common::UnexpectedError);
  older.set_reason("from an old server");
  const absl::Status status = FromProto(older);
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kUnexpected);
  EXPECT_EQ(base::MessageOf(status), "from an old server");
}

TEST(StatusConvertTest, BytesThatAreNotUtf8LeaveTheReplyReadable) {
  EXPECT_EQ(ReadableText("na\xC3\xAFve \xF0\x9F\x98\x80"),
            "na\xC3\xAFve \xF0\x9F\x98\x80");
  EXPECT_EQ(ReadableText("\xFF"
                         "a\xC3"),
            "?a?");
  EXPECT_EQ(ReadableText("\xC0\x80"), "??");            // overlong
  EXPECT_EQ(ReadableText("\xED\xA0\x80"), "???");       // a surrogate
  EXPECT_EQ(ReadableText("\xF4\x90\x80\x80"), "????");  // too large

  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 40, '\0');
    for (char& c : text) c = static_cast<char>(random());
    const common::Status proto = ToProto(base::MakeStatus(
        base::ErrorCode::kIoFailed, base::Fault::kServer, text));
    common::Status parsed;
    // protobuf checks UTF-8 when it parses a string.
    ASSERT_TRUE(parsed.ParseFromString(proto.SerializeAsString()));
  }
}

}  // namespace
}  // namespace elanus::role
