// Delete files and folded deletes: any bytes are refused, or safe to read.
#include <cstddef>
#include <cstdint>
#include <string>

#include "block_frame.h"
#include "segment/file/delete_file.h"
#include "segment/file/folded_deletes.h"

namespace {

using namespace elanus;  // NOLINT: a program of one page

void Read(const base::Buffer& buffer) {
  const auto file = segment::DeleteFile::Open(buffer, "fuzzed");
  if (file.ok()) {
    for (std::size_t i = 0; i < file->count(); ++i) {
      file->key(i);
      file->tombstone(i);
    }
    file->Find("key");
    file->Find(7);
  }
  const auto folded = segment::FoldedDeletes::Open(buffer, "fuzzed");
  if (!folded.ok()) return;
  for (std::size_t i = 0; i < folded->rows().size(); ++i) {
    if (folded->rows()[i] >= folded->segment_rows()) __builtin_trap();
    folded->at(i);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  Read(base::Buffer::FromString(input));
  if (const auto framed = fuzz::WithRightFrame(input)) Read(*framed);
  return 0;
}
