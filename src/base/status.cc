#include "base/status.h"

#include "absl/strings/cord.h"
#include "base/log.h"

namespace elanus::base {
namespace {

constexpr absl::string_view kCodeUrl = "elanus/code";
constexpr absl::string_view kInputUrl = "elanus/input";
constexpr absl::string_view kRetriableUrl = "elanus/retriable";

}  // namespace

bool IsRetriable(ErrorCode code) {
  switch (code) {
    case ErrorCode::kServiceNotReady:
    case ErrorCode::kServiceUnavailable:
    case ErrorCode::kTooManyRequests:
    case ErrorCode::kRateLimit:
    case ErrorCode::kResourceInsufficient:
    case ErrorCode::kCollectionNotFullyLoaded:
    case ErrorCode::kCollectionOnRecovering:
    case ErrorCode::kPartitionNotFullyLoaded:
    case ErrorCode::kIoUnexpectedEof:
    case ErrorCode::kInconsistentRequery:
      return true;
    default:  // a list of the few, not a decision for each
      return false;
  }
}

absl::StatusCode CanonicalCode(ErrorCode code) {
  switch (code) {
    case ErrorCode::kSuccess:
      return absl::StatusCode::kOk;
    case ErrorCode::kServiceNotReady:
    case ErrorCode::kServiceUnavailable:
      return absl::StatusCode::kUnavailable;
    case ErrorCode::kMemoryLimitExceeded:
    case ErrorCode::kTooManyRequests:
    case ErrorCode::kDiskLimitExceeded:
    case ErrorCode::kRateLimit:
    case ErrorCode::kQuotaExceeded:
    case ErrorCode::kResourceInsufficient:
      return absl::StatusCode::kResourceExhausted;
    case ErrorCode::kUnimplemented:
    case ErrorCode::kOperationNotSupported:
      return absl::StatusCode::kUnimplemented;
    case ErrorCode::kCollectionNotFound:
    case ErrorCode::kPartitionNotFound:
    case ErrorCode::kIndexNotFound:
    case ErrorCode::kDatabaseNotFound:
    case ErrorCode::kAliasNotFound:
    case ErrorCode::kFieldNotFound:
    case ErrorCode::kSegmentNotFound:
    case ErrorCode::kChannelNotFound:
    case ErrorCode::kIoKeyNotFound:
    case ErrorCode::kLogTopicNotFound:
    case ErrorCode::kNodeNotFound:
      return absl::StatusCode::kNotFound;
    case ErrorCode::kDataIntegrity:
      return absl::StatusCode::kDataLoss;
    case ErrorCode::kParameterInvalid:
    case ErrorCode::kParameterMissing:
    case ErrorCode::kParameterTooLarge:
    case ErrorCode::kFieldInvalidName:
    case ErrorCode::kDatabaseInvalidName:
    case ErrorCode::kCollectionIllegalSchema:
      return absl::StatusCode::kInvalidArgument;
    case ErrorCode::kNotAuthenticated:
      return absl::StatusCode::kUnauthenticated;
    case ErrorCode::kNotPermitted:
      return absl::StatusCode::kPermissionDenied;
    case ErrorCode::kAliasAlreadyExists:
    case ErrorCode::kIndexDuplicate:
      return absl::StatusCode::kAlreadyExists;
    case ErrorCode::kCancelled:
      return absl::StatusCode::kCancelled;
    case ErrorCode::kDeadlineExceeded:
      return absl::StatusCode::kDeadlineExceeded;
    case ErrorCode::kCollectionNotLoaded:
    case ErrorCode::kCollectionNotFullyLoaded:
    case ErrorCode::kCollectionLoaded:
    case ErrorCode::kPartitionNotLoaded:
    case ErrorCode::kPartitionNotFullyLoaded:
      return absl::StatusCode::kFailedPrecondition;
    default:  // Milvus has no class for the rest
      return absl::StatusCode::kUnknown;
  }
}

absl::Status MakeStatus(ErrorCode code, Fault fault, std::string message) {
  absl::Status status(CanonicalCode(code), message);
  if (status.ok()) return status;
  status.SetPayload(kCodeUrl,
                    absl::Cord(std::to_string(static_cast<int>(code))));
  if (fault == Fault::kCaller) status.SetPayload(kInputUrl, absl::Cord("1"));
  return status;
}

absl::Status MakeRetriable(ErrorCode code, std::string message) {
  absl::Status status = MakeStatus(code, Fault::kServer, std::move(message));
  status.SetPayload(kRetriableUrl, absl::Cord("1"));
  return status;
}

ErrorCode CodeOf(const absl::Status& status) {
  if (status.ok()) return ErrorCode::kSuccess;
  if (const auto payload = status.GetPayload(kCodeUrl)) {
    return static_cast<ErrorCode>(std::stoi(std::string(*payload)));
  }
  if (absl::IsCancelled(status)) return ErrorCode::kCancelled;
  if (absl::IsDeadlineExceeded(status)) return ErrorCode::kDeadlineExceeded;
  return ErrorCode::kUnexpected;
}

Fault FaultOf(const absl::Status& status) {
  return status.GetPayload(kInputUrl) ? Fault::kCaller : Fault::kServer;
}

bool IsRetriable(const absl::Status& status) {
  return status.GetPayload(kRetriableUrl).has_value() ||
         IsRetriable(CodeOf(status));
}

absl::Status AnnotateWith(absl::Status status, std::string_view words) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(),
                         fmt::format("{}: {}", words, MessageOf(status)));
  status.ForEachPayload(
      [&annotated](absl::string_view url, const absl::Cord& payload) {
        annotated.SetPayload(url, payload);
      });
  return annotated;
}

void LogIfError(const absl::Status& status, std::string_view why) {
  if (!status.ok()) LOG_WARN("{} (ignored: {})", MessageOf(status), why);
}

}  // namespace elanus::base
