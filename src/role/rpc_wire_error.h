// How an error crosses from role to role: the gRPC status carries the whole
// Status message of status_convert.h in its details, so that code, fault,
// retriable and text arrive unchanged. For rpc_*.cc only: brings in gRPC's
// headers.
//
// Threads: pure functions.
#pragma once

#include <grpcpp/support/status.h>

#include "base/status.h"

namespace elanus::role {

// Room for an error's text (kErrorTextBytesMax, twice, in base64) and a token.
inline constexpr int kMetadataBytesMax = 64 << 10;
// Longer texts are cut: they travel as metadata, which is bounded.
inline constexpr std::size_t kErrorTextBytesMax = 12 << 10;

grpc::Status ToGrpc(const absl::Status& error);

// Errors that gRPC made itself are mapped: no connection is
// kServiceUnavailable (retriable), a passed deadline kDeadlineExceeded, ...
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace elanus::role
