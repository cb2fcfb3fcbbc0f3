// Lists of vectors with 8 bits a value: IVF_SQ8. Each dimension has its own
// range, cut into 255 steps.
//
// A scan also has the query in 8 bits, so that it is one integer product; what
// it finds is computed again by the query as it is.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/vector/ivf/list_codec.h"
#include "types/metric.h"

namespace elanus::index {

class ByteLists final : public RowCodec {
 public:
  static absl::StatusOr<std::unique_ptr<ByteLists>> Open(
      const IndexFileReader& file, const Lists& lists);

  std::unique_ptr<ListQuery> Bind(QueryRow query,
                                  const SearchParams& params) const override;
  std::unique_ptr<RowQuery> BindRows(QueryRow query) const override;

 private:
  friend class ByteQuery;

  explicit ByteLists(const Lists& lists) : lists_(lists) {}

  // The place of a position's row among the rows of all blocks.
  std::size_t SlotOf(std::uint32_t position) const;

  const Lists lists_;
  std::size_t dim_ = 0;
  bool is_l2_ = false;
  std::span<const float> lowest_;  // of each dimension
  std::span<const float> step_;
  std::span<const std::uint8_t> codes_;
  std::span<const float> squares_;  // L2: |row|^2, of each row of each block
};

class ByteEncoder final : public ListEncoder {
 public:
  // Ranges from the `rows` rows of the sample; what lies beyond is cut off.
  ByteEncoder(const std::vector<float>& sample, std::size_t rows,
              std::size_t dim, types::MetricType metric);

  std::vector<SectionSize> Sections(const Lists& lists) const override;
  void PutTables(IndexFileWriter& file) override;
  void PutBlock(const ListRef& list, std::size_t first, const float* rows,
                std::size_t count) override;

 private:
  const std::size_t dim_;
  const bool is_l2_;
  std::vector<float> ranges_;  // lowest of all dimensions, step of all
  std::uint8_t* codes_ = nullptr;
  float* squares_ = nullptr;
};

}  // namespace elanus::index
