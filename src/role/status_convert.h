// absl::Status <-> the Status message of the public protocol: the one place
// where an error takes the form that clients and other roles see.
//
//   *reply->mutable_status() = role::ToProto(status);
//   absl::Status status = role::FromProto(reply.status());
//
// Code, fault, retriable and text survive the way there and back.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "proto/milvus/common.pb.h"

namespace elanus::role {

// The number in the older enum that early clients read.
milvus::proto::common::ErrorCode LegacyCode(base::ErrorCode code);

// `text` with '?' for each byte that is not UTF-8. An error may quote bytes of
// a request or a file, but a protobuf string that is not UTF-8 makes the whole
// reply unreadable.
std::string ReadableText(std::string_view text);

// OK gives the empty message.
milvus::proto::common::Status ToProto(const absl::Status& status);

// A message with only an older code set counts as kUnexpected.
absl::Status FromProto(const milvus::proto::common::Status& status);

}  // namespace elanus::role
