#include "role/rpc_bytes.h"

#include <grpc/slice.h>
#include <grpcpp/support/slice.h>

#include <memory>

#include "base/log.h"

#ifdef __SANITIZE_THREAD__
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace elanus::role {

base::Buffer TakeBytes(grpc::ByteBuffer& bytes) {
  if (!bytes.Valid() || bytes.Length() == 0) return {};
  auto slice = std::make_shared<grpc::Slice>();
  if (!bytes.TrySingleSlice(slice.get()).ok()) {
    CHECK(bytes.DumpToSingleSlice(slice.get()).ok());
  }
  bytes.Clear();
  // A small slice holds its bytes inside itself: the span is taken of the
  // slice that stays.
  const std::span<const std::byte> span(
      reinterpret_cast<const std::byte*>(slice->begin()), slice->size());
  return base::Buffer(std::move(slice), span);
}

grpc::ByteBuffer WrapBytes(const base::Buffer& buffer) {
  auto* owner = new base::Buffer(buffer);
  const grpc::Slice slice(
      const_cast<std::byte*>(owner->bytes().data()), owner->size(),
      [](void* data) { delete static_cast<base::Buffer*>(data); }, owner);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer SerialiseBytes(const google::protobuf::MessageLite& message,
                                std::size_t size) {
  const grpc::Slice slice(grpc_slice_malloc(size), grpc::Slice::STEAL_REF);
  message.SerializeWithCachedSizesToArray(const_cast<std::uint8_t*>(
      static_cast<const std::uint8_t*>(slice.begin())));
  return grpc::ByteBuffer(&slice, 1);
}

#ifdef __SANITIZE_THREAD__
namespace {
char wire;  // only its address is used
}
void MarkSent() { __tsan_release(&wire); }
void MarkReceived() { __tsan_acquire(&wire); }
#else
void MarkSent() {}
void MarkReceived() {}
#endif

}  // namespace elanus::role

#ifdef __SANITIZE_THREAD__
// gRPC's own memory still looks raced for. This file is part of every program
// that uses gRPC.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libgrpc.so\n"
         "called_from_lib:libgrpc++.so\n"
         "called_from_lib:libgpr.so\n"
         "called_from_lib:libupb.so\n"
         "race:libgrpc\n"
         "race:libgpr\n"
         "race:libupb\n"
         "race:libabsl_\n"
         "race:^grpc::\n"
         "mutex:libabsl_\n";
}
#endif
