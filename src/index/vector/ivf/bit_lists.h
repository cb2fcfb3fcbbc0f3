// Lists of the rows of bits themselves: BIN_IVF_FLAT.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "index/vector/ivf/list_codec.h"
#include "types/metric.h"

namespace elanus::index {

class BitLists final : public RowCodec {
 public:
  static absl::StatusOr<std::unique_ptr<BitLists>> Open(
      const IndexFileReader& file);

  std::unique_ptr<ListQuery> Bind(QueryRow query,
                                  const SearchParams& params) const override;
  std::unique_ptr<RowQuery> BindRows(QueryRow query) const override;

 private:
  BitLists(std::span<const std::uint8_t> rows, std::size_t width,
           types::MetricType metric)
      : rows_(rows), width_(width), metric_(metric) {}

  const std::span<const std::uint8_t> rows_;  // by position
  const std::size_t width_;                   // bytes of a row
  const types::MetricType metric_;
};

}  // namespace elanus::index
