#include "index/quantization/byte_table.h"

#include <algorithm>

namespace elanus::index {

ByteTable MakeByteTable(const std::vector<float>& table, std::size_t parts,
                        std::size_t count, std::size_t room,
                        std::size_t group) {
  ByteTable bytes;
  bytes.entries.resize((parts + group - 1) / group * group * room);
  std::vector<float> lowest(parts);
  float range = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    const float* from = table.data() + part * count;
    float low = from[0];
    float high = from[0];
    for (std::size_t i = 1; i < count; ++i) {
      low = std::min(low, from[i]);
      high = std::max(high, from[i]);
    }
    lowest[part] = low;
    bytes.shift += low;
    range = std::max(range, high - low);
  }
  if (!(range > 0)) return bytes;
  bytes.delta = range / 255;
  const float scale = 255 / range;
  for (std::size_t part = 0; part < parts; ++part) {
    const float* from = table.data() + part * count;
    std::uint8_t* to = bytes.entries.data() + part * room;
    for (std::size_t i = 0; i < count; ++i) {
      const float value = (from[i] - lowest[part]) * scale + 0.5F;
      // A value that is no number becomes zero.
      to[i] = value > 0 ? static_cast<std::uint8_t>(std::min(value, 255.0F))
                        : std::uint8_t{0};
    }
  }
  return bytes;
}

}  // namespace elanus::index
