// Files of the IVF family: any bytes are refused, or can be searched without
// leaving the file, even where no checksum is looked at.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/op_context.h"
#include "index/vector/registry.h"

namespace {

using namespace elanus;  // NOLINT: a program of one page

void Ask(const index::VectorIndex& index) {
  // A damaged header may ask for more than a fuzzer should wait for.
  if (index.dim() > 64 || index.size() > 4096) return;
  const std::vector<float> floats(index.dim(), 0.5F);
  const std::vector<std::byte> bits(index.dim() / 8, std::byte{0x35});
  index::Queries query = floats;
  if (index.type() == index::IndexType::kBinIvfFlat) {
    query = index::Queries::Bits(bits);
  }
  std::vector<float> distances(8);
  std::vector<std::uint32_t> rows(8);
  const base::OpContext ctx;
  if (!index
           .Search(ctx, {.queries = query, .nq = 1, .k = 8},
                   {.distances = distances, .rows = rows})
           .ok()) {
    __builtin_trap();
  }
  for (const std::uint32_t row : rows) {
    if (row != index::kNoRow && row >= index.size()) __builtin_trap();
  }
  const auto iterator = index.Iterate({.query = query});
  if (!iterator.ok() || !(*iterator)->Next(ctx, 8).ok()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  for (const bool verify : {true, false}) {
    std::vector<index::IndexFile> files;
    files.push_back(
        {"fuzzed", base::Buffer::FromString(std::string(
                       reinterpret_cast<const char*>(data), size))});
    const auto loaded = index::LoadIndex(std::move(files), {.verify = verify});
    if (loaded.ok()) Ask(**loaded);
  }
  return 0;
}
