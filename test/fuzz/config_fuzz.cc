// Configuration files: any bytes are refused with a reason, or give values
// within their ranges.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "base/config.h"
#include "testing/temp_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace elanus;  // NOLINT: a program of one page
  static const testing::TempFolder folder = testing::TempFolder::InMemory();
  static const std::string path = folder.path() + "/elanus.yaml";
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::ofstream(path, std::ios::binary) << text;
  const auto loaded = base::LoadConfig(path, {});
  if (loaded.ok() && (loaded->config.port < 0 || loaded->config.port > 65535 ||
                      loaded->config.pchannels < 1)) {
    __builtin_trap();
  }
  const auto bytes = base::ParseByteSize(text);
  if (bytes.ok() && *bytes < 0) __builtin_trap();
  return 0;
}
