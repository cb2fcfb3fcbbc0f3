// Tables of floats as bytes, for the kernels that look up many at a time.
//
//   const ByteTable bytes = MakeByteTable(table, parts, 16, 16, 4);
//   sum of floats ~ bytes.shift + bytes.delta * sum of bytes
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace elanus::index {

struct ByteTable {
  std::vector<std::uint8_t> entries;
  float delta = 1;
  float shift = 0;
};

// `table`: `parts` times `count` floats. Each part gets `room` bytes, the
// number of parts is rounded up to a multiple of `group`; what is added is
// zero. The error of a sum is below parts * delta / 2.
ByteTable MakeByteTable(const std::vector<float>& table, std::size_t parts,
                        std::size_t count, std::size_t room, std::size_t group);

}  // namespace elanus::index
