#include "segment/framed_bytes.h"

#include <limits>
#include <utility>

#include "base/crc32c.h"
#include "base/log.h"

namespace elanus::segment {
namespace {

constexpr std::size_t kMagicSize = 4;
constexpr std::size_t kCrcSize = sizeof(std::uint32_t);

std::uint32_t CrcOf(std::string_view bytes) {
  return base::Crc32c(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

}  // namespace

std::string Frame(std::string_view magic, std::uint16_t version,
                  std::string_view body) {
  CHECK(magic.size() == kMagicSize);
  CHECK(body.size() <= std::numeric_limits<std::uint32_t>::max());
  base::ByteWriter out;
  out.Raw(magic);
  out.Fixed(version);
  out.Fixed(std::uint16_t{0});
  out.Text(body);
  out.Fixed(CrcOf(out.view()));
  return std::move(out).Take();
}

absl::StatusOr<FramedBody> Unframe(std::string_view bytes,
                                   std::string_view magic,
                                   std::uint16_t newest_version,
                                   std::string_view name) {
  base::ByteReader in(bytes, name);
  ASSIGN_OR_RETURN(const auto start, in.Raw(kMagicSize));
  if (bytes.substr(0, start.size()) != magic) {
    return base::DataLoss("{}: does not start with {}", name, magic);
  }
  FramedBody framed;
  ASSIGN_OR_RETURN(framed.version, in.Fixed<std::uint16_t>());
  ASSIGN_OR_RETURN(const auto reserved, in.Fixed<std::uint16_t>());
  ASSIGN_OR_RETURN(framed.body, in.Text());
  ASSIGN_OR_RETURN(const auto crc, in.Fixed<std::uint32_t>());
  if (in.remaining() != 0 || reserved != 0 ||
      crc != CrcOf(bytes.substr(0, bytes.size() - kCrcSize))) {
    return base::DataLoss("{}: checksum or size is wrong", name);
  }
  if (framed.version == 0 || framed.version > newest_version) {
    return base::DataLoss("{}: format version {}, the newest known is {}", name,
                          framed.version, newest_version);
  }
  return framed;
}

void WritePosition(const storage::Position& position, base::ByteWriter& out) {
  out.Fixed(static_cast<std::uint8_t>(position.bytes().size()));
  out.Raw(position.bytes());
}

absl::StatusOr<storage::Position> ReadPosition(base::ByteReader& in) {
  ASSIGN_OR_RETURN(const auto size, in.Fixed<std::uint8_t>());
  if (size > storage::Position::kMaxSize) {
    return base::DataLoss("{}: a log position of {} bytes", in.name(), size);
  }
  ASSIGN_OR_RETURN(const auto raw, in.Raw(size));
  return storage::Position::FromBytes(
      {reinterpret_cast<const char*>(raw.data()), raw.size()});
}

}  // namespace elanus::segment
