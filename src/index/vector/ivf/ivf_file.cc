#include "index/vector/ivf/ivf_file.h"

#include <cstring>

#include "index/vector/metric_kernels.h"

namespace elanus::index {

bool IsListedBits(types::MetricType metric) {
  return metric == types::MetricType::kHamming ||
         metric == types::MetricType::kJaccard;
}

absl::StatusOr<IvfHeader> IvfHeaderIn(const IndexFileReader& file) {
  constexpr std::uint32_t kMaxLists = 65536;
  constexpr std::uint32_t kMaxDim = 1U << 20;
  constexpr std::uint64_t kMaxRows = std::uint64_t{1} << 31;
  ASSIGN_OR_RETURN(const auto bytes,
                   file.Array<std::byte>(Section::kParams, sizeof(IvfHeader)));
  IvfHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const IndexFileInfo& info = file.info();
  const bool fits =
      info.type == IndexType::kBinIvfFlat
          ? IsListedBits(info.metric) && info.dim % 8 == 0 && header.refine == 0
          : CheckFloatMetric(info.metric).ok();
  if (!fits || info.dim == 0 || info.dim > kMaxDim || info.rows >= kMaxRows ||
      header.lists == 0 || header.lists > kMaxLists) {
    return base::DataLoss("{}: {} rows of {} dimensions, metric {}, {} lists",
                          file.name(), info.rows, info.dim,
                          static_cast<int>(info.metric), header.lists);
  }
  return header;
}

}  // namespace elanus::index
