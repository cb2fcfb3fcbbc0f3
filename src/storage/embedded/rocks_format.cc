#include "storage/embedded/rocks_format.h"

#include "base/byte_io.h"

namespace elanus::storage {

std::string EncodeStored(const StoredValue& stored) {
  base::ByteWriter out;
  out.Fixed(stored.revision);
  out.Fixed(static_cast<std::int64_t>(stored.lease));
  out.Raw(stored.value);
  return std::move(out).Take();
}

absl::StatusOr<StoredValue> DecodeStored(std::string_view bytes,
                                         std::string_view key) {
  base::ByteReader in(bytes, key);
  StoredValue stored;
  ASSIGN_OR_RETURN(stored.revision, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const std::int64_t lease, in.Fixed<std::int64_t>());
  stored.lease = LeaseId{lease};
  stored.value = bytes.substr(in.offset());
  return stored;
}

std::string EncodeRevision(std::uint64_t revision) {
  base::ByteWriter out;
  out.Fixed(revision);
  return std::move(out).Take();
}

absl::StatusOr<std::uint64_t> DecodeRevision(std::string_view bytes) {
  return base::ByteReader(bytes, "meta store's revision")
      .Fixed<std::uint64_t>();
}

}  // namespace elanus::storage
