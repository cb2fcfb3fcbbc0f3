// Collection files: any bytes are refused, or mean the same after writing them
// again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "coordinator/collection_file.h"
#include "segment/framed_bytes.h"

namespace {

using namespace elanus;  // NOLINT: a program of one page

void Read(const std::string& bytes) {
  const auto file = coordinator::ParseCollectionFile(bytes, "fuzzed");
  if (file.ok() && coordinator::SerializeCollectionFile(*file) != bytes) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  constexpr std::size_t kBodyAt = 12;
  constexpr std::size_t kCrcSize = 4;
  const std::string input(reinterpret_cast<const char*>(data), size);
  Read(input);
  if (size < kBodyAt + kCrcSize) return 0;
  Read(segment::Frame("ELCL", 1,
                      input.substr(kBodyAt, size - kBodyAt - kCrcSize)));
  return 0;
}
