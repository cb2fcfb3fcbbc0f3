// The meta store's values and copies: any bytes are refused, or mean the same
// after they were written again.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <google/protobuf/stubs/logging.h>

#include "base/crc32c.h"
#include "coordinator/meta_records.h"
#include "proto/internal/meta.pb.h"
#include "role/schema_convert.h"
#include "storage/embedded/rocks_format.h"
#include "storage/meta_copy.h"

namespace {

using namespace elanus;  // NOLINT: a program of one page

template <typename Message>
bool Read(std::string_view bytes, Message& message) {
  if (!coordinator::ParseRecord("fuzzed", bytes, message).ok()) return false;
  Message again;
  const storage::MetaPut put = coordinator::PutRecord("again", message);
  if (!coordinator::ParseRecord("again", put.value, again).ok() ||
      coordinator::PutRecord("again", again).value != put.value) {
    __builtin_trap();
  }
  return true;
}

template <typename Message>
void ReadAs(std::string_view bytes) {
  Message message;
  Read(bytes, message);
}

void ReadStored(std::string_view bytes) {
  const auto stored = storage::DecodeStored(bytes, "fuzzed");
  if (stored.ok() && storage::EncodeStored(*stored) != bytes) {
    __builtin_trap();
  }
  (void)storage::DecodeRevision(bytes).ok();
}

void ReadCopy(std::string bytes) {
  constexpr std::size_t kCrcBytes = 4;
  if (bytes.size() < kCrcBytes) return;
  const std::uint32_t crc = base::Crc32c(
      std::as_bytes(std::span(bytes)).first(bytes.size() - kCrcBytes));
  std::memcpy(bytes.data() + bytes.size() - kCrcBytes, &crc, sizeof(crc));
  const auto copy = storage::DecodeMetaCopy(bytes, "fuzzed");
  if (!copy.ok()) return;
  const auto again =
      storage::DecodeMetaCopy(storage::EncodeMetaCopy(*copy), "again");
  if (!again.ok() || again->revision != copy->revision ||
      again->entries != copy->entries) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  // It complains about each text that is not UTF-8.
  static const google::protobuf::LogSilencer quiet;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  internal::CollectionMeta collection;
  if (Read(input, collection)) {
    (void)role::SchemaFromProto(collection.schema()).ok();
  }
  ReadAs<internal::AliasMeta>(input);
  ReadAs<internal::DatabaseMeta>(input);
  ReadAs<internal::ChannelMeta>(input);
  ReadAs<internal::SegmentMeta>(input);
  ReadAs<internal::AttemptMeta>(input);
  ReadAs<internal::IndexMeta>(input);
  ReadAs<internal::SegmentIndexMeta>(input);
  ReadAs<internal::LoadMeta>(input);
  ReadStored(input);
  ReadCopy(std::string(input));
  return 0;
}
