// The one error type of all layers: absl::Status with Milvus's error code as
// payload. An error is classified where it is made; adding context later
// never changes the class.
//
//   return base::InvalidInput(ErrorCode::kParameterInvalid,
//                             "dim {}, schema says {}", got, want);
//   RETURN_IF_ERROR(store.Put(name, bytes));
//   ASSIGN_OR_RETURN(const Schema schema, ParseSchema(bytes));
//   return base::Annotate(std::move(status), "load segment {}", id);
//
// Threads: all functions are pure.
// Errors:  a Status without a code payload counts as kUnexpected (65535),
//          cancelled as 10000, a passed deadline as 10001.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace elanus::base {

// Milvus's error codes, as clients see them.
enum class ErrorCode : std::int32_t {
  kSuccess = 0,
  kServiceNotReady = 1,
  kServiceUnavailable = 2,
  kMemoryLimitExceeded = 3,
  kTooManyRequests = 4,
  kServiceInternal = 5,
  kDiskLimitExceeded = 7,
  kRateLimit = 8,
  kQuotaExceeded = 9,
  kUnimplemented = 10,
  kResourceInsufficient = 12,
  kCollectionNotFound = 100,
  kCollectionNotLoaded = 101,
  kCollectionNumLimitExceeded = 102,
  kCollectionNotFullyLoaded = 103,
  kCollectionLoaded = 104,
  kCollectionIllegalSchema = 105,
  kCollectionOnRecovering = 106,
  kCollectionSchemaMismatch = 109,
  kPartitionNotFound = 200,
  kPartitionNotLoaded = 201,
  kPartitionNotFullyLoaded = 202,
  kGeneralCapacityExceeded = 250,
  kReplicaNotFound = 400,
  kReplicaNotAvailable = 401,
  kChannelNotFound = 500,
  kChannelNotAvailable = 503,
  kSegmentNotFound = 600,
  kSegmentNotLoaded = 601,
  kSegmentLoadFailed = 604,
  kIndexNotFound = 700,
  kIndexNotSupported = 701,
  kIndexDuplicate = 702,
  kDatabaseNotFound = 800,
  kDatabaseNumLimitExceeded = 801,
  kDatabaseInvalidName = 802,
  kNodeNotFound = 901,
  kNodeNotAvailable = 905,
  kIoKeyNotFound = 1000,
  kIoFailed = 1001,
  kIoUnexpectedEof = 1002,
  kDataIntegrity = 1009,
  kParameterInvalid = 1100,
  kParameterMissing = 1101,
  kParameterTooLarge = 1102,
  kMetricNotFound = 1200,
  kLogTopicNotFound = 1300,
  kLogInternal = 1302,
  kNotAuthenticated = 1400,
  kNotPermitted = 1401,
  kAliasNotFound = 1600,
  kAliasCollectionNameConflict = 1601,
  kAliasAlreadyExists = 1602,
  kFieldNotFound = 1700,
  kFieldInvalidName = 1701,
  kEngine = 2000,
  kEngineUnsupported = 2001,
  kInconsistentRequery = 2200,
  kOperationNotSupported = 3000,
  kCancelled = 10000,
  kDeadlineExceeded = 10001,
  kUnexpected = 65535,
};

// Who has to act: the flag `is_input_error` on the wire.
enum class Fault { kServer, kCaller };

// May the same request succeed later? True for the codes that Milvus marks so.
bool IsRetriable(ErrorCode code);

// The canonical code under which abseil's users see `code`.
absl::StatusCode CanonicalCode(ErrorCode code);

absl::Status MakeStatus(ErrorCode code, Fault fault, std::string message);

// As MakeStatus, with an explicit answer to "may the same request succeed
// later?" where the code's own answer is too coarse (an append of unknown
// outcome, a full disk).
absl::Status MakeRetriable(ErrorCode code, std::string message);

// Our fault, or nobody's.
template <typename... Args>
absl::Status Error(ErrorCode code, fmt::format_string<Args...> format,
                   Args&&... args) {
  return MakeStatus(code, Fault::kServer,
                    fmt::format(format, std::forward<Args>(args)...));
}

// The caller's fault.
template <typename... Args>
absl::Status InvalidInput(ErrorCode code, fmt::format_string<Args...> format,
                          Args&&... args) {
  return MakeStatus(code, Fault::kCaller,
                    fmt::format(format, std::forward<Args>(args)...));
}

// Bytes that we wrote came back changed: names file and block.
template <typename... Args>
absl::Status DataLoss(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(ErrorCode::kDataIntegrity, Fault::kServer,
                    fmt::format(format, std::forward<Args>(args)...));
}

ErrorCode CodeOf(const absl::Status& status);
Fault FaultOf(const absl::Status& status);
bool IsRetriable(const absl::Status& status);

// `words: inner`, with the class of `status`.
absl::Status AnnotateWith(absl::Status status, std::string_view words);

template <typename... Args>
absl::Status Annotate(absl::Status status, fmt::format_string<Args...> format,
                      Args&&... args) {
  if (status.ok()) return status;
  return AnnotateWith(std::move(status),
                      fmt::format(format, std::forward<Args>(args)...));
}

// Drops an error on purpose; `why` says why that is safe.
void LogIfError(const absl::Status& status, std::string_view why);

// The message as a std::string_view (absl's own is a type of its own on
// Debian 12).
inline std::string_view MessageOf(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace elanus::base

#define RETURN_IF_ERROR(expression)                                         \
  do {                                                                      \
    if (absl::Status elanus_status_ = (expression); !elanus_status_.ok()) { \
      return elanus_status_;                                                \
    }                                                                       \
  } while (false)

#define ELANUS_CONCAT_INNER(a, b) a##b
#define ELANUS_CONCAT(a, b) ELANUS_CONCAT_INNER(a, b)
#define ASSIGN_OR_RETURN(declaration, expression)                          \
  ASSIGN_OR_RETURN_INNER(ELANUS_CONCAT(elanus_or_, __LINE__), declaration, \
                         expression)
#define ASSIGN_OR_RETURN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                                   \
  if (!temporary.ok()) return std::move(temporary).status();       \
  declaration = *std::move(temporary)
