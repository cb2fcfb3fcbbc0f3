// gRPC's byte buffers <-> ours, without copying where the bytes already lie in
// one piece. For rpc_*.cc only: brings in gRPC's headers.
//
// Threads: pure functions.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>

#include "base/buffer.h"

namespace elanus::role {

// The bytes in one piece; `bytes` is empty afterwards.
base::Buffer TakeBytes(grpc::ByteBuffer& bytes);

// Keeps `buffer`'s memory until gRPC has sent it.
grpc::ByteBuffer WrapBytes(const base::Buffer& buffer);

// Serialises into one slice. `size` is message.ByteSizeLong(), below 2 GiB.
grpc::ByteBuffer SerialiseBytes(const google::protobuf::MessageLite& message,
                                std::size_t size);

// What happens before something is given to gRPC happens before gRPC gives
// the consequence back. Told to the thread sanitizer, which cannot see it: the
// distribution's gRPC is not built for it. Nothing in other builds.
void MarkSent();
void MarkReceived();

}  // namespace elanus::role
