// Column files: any bytes are refused, or safe to read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "block_frame.h"
#include "segment/file/column_file.h"
#include "segment/random_columns_test.h"

namespace {

using namespace elanus;  // NOLINT: a program of one page

void Read(base::Buffer buffer) {
  const auto file = segment::ColumnFile::Open(std::move(buffer), "fuzzed");
  if (!file.ok()) return;
  for (std::size_t i = 0; i < (*file)->chunk_count(); ++i) {
    const auto chunk = (*file)->Chunk(i);
    if (chunk.ok()) segment::Rows(chunk->values);
  }
  if (!types::IsVariableLength((*file)->type())) {
    const auto whole = (*file)->Whole();
    if (whole.ok()) segment::Rows(*whole);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  Read(base::Buffer::FromString(input));
  if (auto framed = fuzz::WithRightFrame(input)) Read(*std::move(framed));
  return 0;
}
