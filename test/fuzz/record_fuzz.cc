// Log records: any bytes are refused, or safe to read and to replay.
#include <cstddef>
#include <cstdint>
#include <string>

#include "segment/random_columns_test.h"
#include "segment/record/record.h"
#include "segment/replay/replay.h"

namespace {

using namespace elanus;  // NOLINT: a program of one page

void Read(base::Buffer buffer) {
  const auto record = segment::ParseRecord(std::move(buffer));
  if (!record.ok()) return;
  for (const segment::RecordColumn& column : record->columns()) {
    segment::Rows(column.values);
  }
  segment::Replay replay(record->header().vchannel);
  replay.Apply(*record, {});
  if (!segment::Replay::Deserialize(replay.Serialize(), "state").ok()) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  Read(elanus::base::Buffer::FromString(input));
  // What lies behind the checksums, too.
  Read(elanus::segment::WithRightChecksums(input));
  return 0;
}
