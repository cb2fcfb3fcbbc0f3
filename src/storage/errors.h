// The errors of storage that a caller has to tell apart. Each is an ordinary
// Status with its Milvus code; the mark that these functions look for survives
// base::Annotate.
//
//   if (storage::IsTruncated(status)) LoadAgainFromFiles();
//
// Threads: all functions are pure.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace elanus::storage {

// ObjectStore: the name is taken; what lies there was not touched.
absl::Status ObjectExists(std::string_view name);
bool IsObjectExists(const absl::Status& status);

// ObjectStore: there is no object of that name.
absl::Status ObjectNotFound(std::string_view name);
bool IsObjectNotFound(const absl::Status& status);

// LogBroker: the records asked for were truncated; read files instead.
absl::Status Truncated(std::string message);
bool IsTruncated(const absl::Status& status);

// LogBroker: there is no such topic (never made, or dropped).
absl::Status TopicNotFound(std::string_view topic);
bool IsTopicNotFound(const absl::Status& status);

// MetaStore: the revision asked for is no longer kept; read anew. Retriable.
absl::Status RevisionGone(std::string message);
bool IsRevisionGone(const absl::Status& status);

// MetaStore: the lease has run out or was revoked.
absl::Status LeaseNotFound(std::string message);
bool IsLeaseNotFound(const absl::Status& status);

// The write may or may not have happened, or happen later. Retriable, but the
// caller must be ready to find it done.
absl::Status OutcomeUnknown(std::string message);
bool IsOutcomeUnknown(const absl::Status& status);

// A failed system call on `path`: a full disk is retriable
// (kDiskLimitExceeded), everything else is kIoFailed. Names path and errno.
absl::Status FromErrno(int error, std::string_view action,
                       std::string_view path);

}  // namespace elanus::storage
