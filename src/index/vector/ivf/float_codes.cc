#include "index/vector/ivf/float_codes.h"

#include <algorithm>
#include <cstring>

#include "index/vector/flat/codes.h"

namespace elanus::index {
namespace {

constexpr std::size_t kGroup = simd::kCodeGroup;
// A list begins a block, and so a group.
static_assert(kBlockRows % kGroup == 0);

std::size_t CodedRows(const Lists& lists) {
  return lists.blocks() * kBlockRows;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FloatCodes>> FloatCodes::Open(
    const IndexFileReader& file, const Lists& lists) {
  const std::size_t dim = file.info().dim;
  ASSIGN_OR_RETURN(const simd::CodeTable table,
                   OpenCodes(file, CodedRows(lists)));
  if (table.width == 0) return std::unique_ptr<FloatCodes>();
  return std::unique_ptr<FloatCodes>(
      new FloatCodes(table, dim, file.info().metric == types::MetricType::kL2));
}

FloatCodeScan::FloatCodeScan(const FloatCodes& codes, const Lists& lists,
                             const float* query, RowQuery& rows,
                             types::BitsetView excluded)
    : lists_(lists),
      rows_(rows),
      excluded_(excluded),
      table_(codes.table()),
      kernel_(codes.is_l2() ? simd::CodeScan()->l2 : simd::CodeScan()->dot),
      coded_(query, codes.dim(), codes.is_l2()) {}

void FloatCodeScan::Scan(const ListRef& list, TopK& best) {
  coded_.SetBound(best.bound());
  const std::size_t first_row = list.first_block * kBlockRows;
  std::array<std::uint16_t, kGroups> included{};
  for (std::size_t at = 0; at < list.rows; at += groups_ * kGroup) {
    if (at != 0) groups_ = std::min(2 * groups_, kGroups);
    const std::size_t count = std::min(list.rows - at, groups_ * kGroup);
    const std::size_t groups = CodeGroups(count);
    std::fill_n(included.begin(), groups, std::uint16_t{0xFFFF});
    if (count % kGroup != 0) {
      included[groups - 1] =
          static_cast<std::uint16_t>((1U << count % kGroup) - 1);
    }
    const std::size_t near =
        kernel_(table_, (first_row + at) / kGroup, groups, coded_.view(),
                included.data(), positions_.data());
    std::size_t found = 0;
    for (std::size_t i = 0; i < near; ++i) {
      const std::size_t position = list.begin + positions_[i] - first_row;
      positions_[found] = static_cast<std::uint32_t>(position);
      found += excluded_.Test(lists_.ids[position]) ? 0 : 1;
    }
    if (found != 0) Compute(found, best);
  }
}

void FloatCodeScan::Compute(std::size_t found, TopK& best) {
  const float before = best.bound();
  rows_.DistancesOf(std::span(positions_).first(found), distances_.data());
  for (std::size_t i = 0; i < found; ++i) {
    if (distances_[i] > best.bound()) continue;
    best.Offer({distances_[i], lists_.ids[positions_[i]]});
  }
  if (best.bound() != before) coded_.SetBound(best.bound());
}

std::vector<SectionSize> FloatCodeEncoder::Sections(const Lists& lists) const {
  return CodeSections(CodedRows(lists), dim_);
}

void FloatCodeEncoder::PutTables(IndexFileWriter& file) {
  room_ = CodeRoomIn(file, dim_);
}

void FloatCodeEncoder::PutBlock(const ListRef& list, std::size_t first,
                                const float* rows, std::size_t count) {
  const std::size_t row = list.first_block * kBlockRows + first;
  for (std::size_t i = 0; i < count; ++i) {
    EncodeRow(rows + i * dim_, 1, dim_, is_l2_, row + i, room_);
  }
}

}  // namespace elanus::index
