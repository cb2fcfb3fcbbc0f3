#include "index/vector/ivf/bit_lists.h"

#include "index/vector/bit_distance.h"

namespace elanus::index {
namespace {

class BitQuery final : public RowQuery {
 public:
  BitQuery(const std::uint8_t* rows, std::size_t width,
           types::MetricType metric, const std::uint8_t* query)
      : rows_(rows), width_(width), metric_(metric), query_(query) {}

  void Distances(const ListRef& list, std::size_t first, std::size_t count,
                 float* out) override {
    BitDistances(metric_, query_, rows_ + (list.begin + first) * width_, width_,
                 count, out);
  }

  void DistancesOf(std::span<const std::uint32_t> positions,
                   float* out) override {
    for (const std::uint32_t position : positions) {
      BitDistances(metric_, query_, rows_ + position * width_, width_, 1,
                   out++);
    }
  }

 private:
  const std::uint8_t* const rows_;
  const std::size_t width_;
  const types::MetricType metric_;
  const std::uint8_t* const query_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BitLists>> BitLists::Open(
    const IndexFileReader& file) {
  const IndexFileInfo& info = file.info();
  const std::size_t width = info.dim / 8;
  ASSIGN_OR_RETURN(const auto rows, file.Array<std::uint8_t>(
                                        Section::kVectors, info.rows * width));
  return std::unique_ptr<BitLists>(new BitLists(rows, width, info.metric));
}

std::unique_ptr<ListQuery> BitLists::Bind(QueryRow query,
                                          const SearchParams&) const {
  return BindRows(query);
}

std::unique_ptr<RowQuery> BitLists::BindRows(QueryRow query) const {
  return std::make_unique<BitQuery>(rows_.data(), width_, metric_, query.bits);
}

}  // namespace elanus::index
