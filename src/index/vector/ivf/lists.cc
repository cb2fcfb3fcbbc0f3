#include "index/vector/ivf/lists.h"

#include "types/bitset.h"

namespace elanus::index {

Lists MakeLists(std::span<const std::uint32_t> offsets,
                std::span<const std::uint32_t> ids) {
  Lists lists{.offsets = offsets, .ids = ids};
  std::size_t blocks = 0;
  for (std::size_t list = 0; list + 1 < offsets.size(); ++list) {
    lists.first_block.push_back(static_cast<std::uint32_t>(blocks));
    blocks += BlocksFor(offsets[list + 1] - offsets[list]);
  }
  lists.first_block.push_back(static_cast<std::uint32_t>(blocks));
  return lists;
}

absl::StatusOr<Lists> ListsIn(const IndexFileReader& file, std::size_t count) {
  const std::uint64_t rows = file.info().rows;
  ASSIGN_OR_RETURN(const auto offsets,
                   file.Array<std::uint32_t>(Section::kListOffsets, count + 1));
  ASSIGN_OR_RETURN(const auto ids,
                   file.Array<std::uint32_t>(Section::kListRows, rows));
  for (std::size_t list = 0; list < count; ++list) {
    if (offsets[list] > offsets[list + 1]) {
      return base::DataLoss("{}: list {} starts at {} and ends at {}",
                            file.name(), list, offsets[list],
                            offsets[list + 1]);
    }
  }
  if (offsets.front() != 0 || offsets.back() != rows) {
    return base::DataLoss("{}: lists from {} to {} for {} rows", file.name(),
                          offsets.front(), offsets.back(), rows);
  }
  types::Bitset seen(ids.size());
  for (const std::uint32_t id : ids) {
    if (id >= rows || seen.Test(id)) {
      return base::DataLoss("{}: row {} of {} is listed twice or not there",
                            file.name(), id, rows);
    }
    seen.Set(id);
  }
  return MakeLists(offsets, ids);
}

}  // namespace elanus::index
