#include "index/vector/interim/row_list.h"

#include <algorithm>
#include <cstring>

namespace elanus::index {
namespace {

constexpr std::size_t kGroup = simd::kCodeGroup;

}  // namespace

RowList::Block::Block(std::size_t width)
    : bytes(kBlockRows * width),
      codes(reinterpret_cast<std::uint8_t*>(bytes.data())) {
  std::memset(codes, simd::kCodeZero, bytes.size());
}

simd::CodeTable RowList::Block::table(std::size_t width) const {
  return {.codes = codes,
          .width = width,
          .scales = scales.data(),
          .errors = errors.data(),
          .sizes = sizes.data()};
}

void RowList::Add(const ListRow& row) {
  const std::size_t count = rows_.load(std::memory_order_relaxed);
  const std::size_t place = count % kBlockRows;
  if (place == 0) {
    auto block = std::make_unique<Block>(with_codes_ ? CodeWidth(dim_) : 0);
    (blocks_.empty() ? first_ : blocks_.back()->next) = block.get();
    blocks_.push_back(std::move(block));
  }
  Block& block = *blocks_.back();
  block.rows[place] = row;
  // Readers go over whole groups: none is touched once it can be read.
  if (with_codes_ && (place + 1) % kGroup == 0) Encode(block, place / kGroup);
  rows_.store(count + 1, std::memory_order_release);
}

void RowList::Encode(Block& block, std::size_t group) const {
  const CodeRoom room = {.codes = block.codes,
                         .width = CodeWidth(dim_),
                         .scales = block.scales.data(),
                         .errors = block.errors.data(),
                         .sizes = block.sizes.data()};
  for (std::size_t i = group * kGroup; i < (group + 1) * kGroup; ++i) {
    const ListRow& row = block.rows[i];
    EncodeRow(row.vector, row.inverse_norm, dim_, is_l2_, i, room);
  }
}

std::size_t RowList::memory_bytes() const {
  const std::size_t codes = with_codes_ ? kBlockRows * CodeWidth(dim_) : 0;
  return sizeof(*this) +
         blocks_.size() * (sizeof(Block) + sizeof(void*) + codes);
}

ListScan::ListScan(const float* query, std::size_t dim,
                   types::MetricType metric, const Rows& rows, bool with_codes)
    : query_(query),
      dim_(dim),
      is_l2_(metric == types::MetricType::kL2),
      is_cosine_(metric == types::MetricType::kCosine),
      rows_(rows),
      distance_(KernelsOf(metric).rows),
      coded_(query, dim, is_l2_),
      with_codes_(with_codes && coded_.is_usable()) {}

void ListScan::Scan(const RowList& list, TopK& best) {
  coded_.SetBound(best.bound());
  const RowList::Block* block = nullptr;
  for (std::size_t left = list.rows(); left > 0;) {
    // What leads to a block may be read once its rows are published.
    block = block == nullptr ? list.first() : block->next;
    const std::size_t rows = std::min(left, RowList::kBlockRows);
    const std::size_t groups = with_codes_ ? rows / kGroup : 0;
    if (groups > 0) ScanGroups(*block, groups, best);
    for (std::size_t i = groups * kGroup; i < rows; ++i) {
      if (IsIn(block->rows[i].row)) Offer(block->rows[i], best);
    }
    left -= rows;
  }
}

void ListScan::ScanGroups(const RowList::Block& block, std::size_t groups,
                          TopK& best) {
  std::array<std::uint16_t, RowList::kBlockGroups> included{};
  // Rows ascend: if the first and the last are in range, all are.
  const bool all_in = rows_.excluded.word_count() == 0 &&
                      block.rows[0].row >= rows_.begin &&
                      block.rows[groups * kGroup - 1].row < rows_.end;
  bool any = all_in;
  if (all_in) {
    included.fill(0xFFFF);
  } else {
    for (std::size_t i = 0; i < groups * kGroup; ++i) {
      if (!IsIn(block.rows[i].row)) continue;
      included[i / kGroup] =
          static_cast<std::uint16_t>(included[i / kGroup] | (1U << i % kGroup));
      any = true;
    }
  }
  if (!any) return;
  const simd::CodeScanKernels& kernels = *simd::CodeScan();
  const std::size_t found = (is_l2_ ? kernels.l2 : kernels.dot)(
      block.table(CodeWidth(dim_)), 0, groups, coded_.view(), included.data(),
      candidates_.data());
  if (found == 0) return;
  for (std::size_t i = 0; i < found; ++i) {
    Offer(block.rows[candidates_[i]], best);
  }
  coded_.SetBound(best.bound());
}

void ListScan::Offer(const ListRow& row, TopK& best) {
  constexpr std::uint32_t kFirst = 0;
  float distance = 0;
  distance_(query_, {row.vector, dim_}, &kFirst, 1, dim_, &distance);
  if (is_cosine_) distance *= row.inverse_norm;
  if (!(distance > best.bound())) best.Offer({distance, row.row});
}

}  // namespace elanus::index
