// Manifests and stored replay states: any bytes are refused, or mean the same
// after writing them again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "segment/file/manifest.h"
#include "segment/framed_bytes.h"
#include "segment/replay/replay.h"

namespace {

using namespace elanus;  // NOLINT: a program of one page

void Read(const std::string& bytes) {
  const auto manifest = segment::ParseManifest(bytes, "fuzzed");
  if (manifest.ok() && segment::SerializeManifest(*manifest) != bytes) {
    __builtin_trap();
  }
  const auto replay = segment::Replay::Deserialize(bytes, "fuzzed");
  if (replay.ok() && replay->Serialize() != bytes) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  constexpr std::size_t kBodyAt = 12;
  constexpr std::size_t kCrcSize = 4;
  const std::string input(reinterpret_cast<const char*>(data), size);
  Read(input);
  if (size < kBodyAt + kCrcSize) return 0;
  const std::string body = input.substr(kBodyAt, size - kBodyAt - kCrcSize);
  Read(segment::Frame("ELMF", 1, body));
  Read(segment::Frame("ELRS", 1, body));
  return 0;
}
