#include "storage/errors.h"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/strings/cord.h"

namespace elanus::storage {
namespace {

using base::ErrorCode;

constexpr absl::string_view kKindUrl = "elanus/storage";

absl::Status Mark(absl::Status status, absl::string_view kind) {
  status.SetPayload(kKindUrl, absl::Cord(kind));
  return status;
}

bool HasMark(const absl::Status& status, absl::string_view kind) {
  const auto payload = status.GetPayload(kKindUrl);
  return payload.has_value() && *payload == kind;
}

}  // namespace

absl::Status ObjectExists(std::string_view name) {
  return Mark(base::Error(ErrorCode::kIoFailed, "object {} exists", name),
              "exists");
}
bool IsObjectExists(const absl::Status& status) {
  return HasMark(status, "exists");
}

absl::Status ObjectNotFound(std::string_view name) {
  return base::Error(ErrorCode::kIoKeyNotFound, "no object {}", name);
}
bool IsObjectNotFound(const absl::Status& status) {
  return base::CodeOf(status) == ErrorCode::kIoKeyNotFound;
}

absl::Status Truncated(std::string message) {
  return Mark(base::Error(ErrorCode::kLogInternal, "{}", message), "truncated");
}
bool IsTruncated(const absl::Status& status) {
  return HasMark(status, "truncated");
}

absl::Status TopicNotFound(std::string_view topic) {
  return base::Error(ErrorCode::kLogTopicNotFound, "no log topic {}", topic);
}
bool IsTopicNotFound(const absl::Status& status) {
  return base::CodeOf(status) == ErrorCode::kLogTopicNotFound;
}

absl::Status RevisionGone(std::string message) {
  return Mark(
      base::MakeRetriable(ErrorCode::kInconsistentRequery, std::move(message)),
      "revision-gone");
}
bool IsRevisionGone(const absl::Status& status) {
  return HasMark(status, "revision-gone");
}

absl::Status LeaseNotFound(std::string message) {
  return Mark(base::Error(ErrorCode::kIoKeyNotFound, "{}", message), "lease");
}
bool IsLeaseNotFound(const absl::Status& status) {
  return HasMark(status, "lease");
}

absl::Status OutcomeUnknown(std::string message) {
  return Mark(base::MakeRetriable(ErrorCode::kServiceUnavailable,
                                  "outcome unknown: " + std::move(message)),
              "outcome-unknown");
}
bool IsOutcomeUnknown(const absl::Status& status) {
  return HasMark(status, "outcome-unknown");
}

absl::Status FromErrno(int error, std::string_view action,
                       std::string_view path) {
  const std::string reason = std::generic_category().message(error);
  if (error == ENOSPC || error == EDQUOT) {
    return base::MakeRetriable(ErrorCode::kDiskLimitExceeded,
                               fmt::format("cannot {} {}: {} (errno {})",
                                           action, path, reason, error));
  }
  return base::Error(ErrorCode::kIoFailed, "cannot {} {}: {} (errno {})",
                     action, path, reason, error);
}

}  // namespace elanus::storage
