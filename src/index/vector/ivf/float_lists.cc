#include "index/vector/ivf/float_lists.h"

#include <cstring>

namespace elanus::index {
namespace {

class FloatQuery final : public RowQuery {
 public:
  FloatQuery(const FloatLists& lists, const float* query)
      : lists_(lists), query_(query) {}

  void Distances(const ListRef& list, std::size_t first, std::size_t count,
                 float* out) override {
    const simd::RowTable vectors = lists_.vectors();
    const simd::RowTable rows = {
        vectors.data + (list.begin + first) * vectors.stride, vectors.stride};
    lists_.kernels().block({query_, vectors.stride}, 1, rows, count,
                           vectors.stride, out);
  }

  void DistancesOf(std::span<const std::uint32_t> positions,
                   float* out) override {
    const simd::RowTable vectors = lists_.vectors();
    lists_.kernels().rows(query_, vectors, positions.data(), positions.size(),
                          vectors.stride, out);
  }

 private:
  const FloatLists& lists_;
  const float* const query_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FloatLists>> FloatLists::Open(
    const IndexFileReader& file) {
  const IndexFileInfo& info = file.info();
  ASSIGN_OR_RETURN(const auto vectors,
                   file.Array<float>(Section::kVectors, info.rows * info.dim));
  return std::unique_ptr<FloatLists>(
      new FloatLists({vectors.data(), info.dim}, info.metric));
}

std::unique_ptr<ListQuery> FloatLists::Bind(QueryRow query,
                                            const SearchParams&) const {
  return BindRows(query);
}

std::unique_ptr<RowQuery> FloatLists::BindRows(QueryRow query) const {
  return std::make_unique<FloatQuery>(*this, query.floats);
}

std::vector<SectionSize> FloatEncoder::Sections(const Lists& lists) const {
  return {{Section::kVectors, lists.rows() * dim_ * sizeof(float)}};
}

void FloatEncoder::PutTables(IndexFileWriter& file) {
  vectors_ = file.array<float>(Section::kVectors);
}

void FloatEncoder::PutBlock(const ListRef& list, std::size_t first,
                            const float* rows, std::size_t count) {
  std::memcpy(vectors_ + (list.begin + first) * dim_, rows,
              count * dim_ * sizeof(float));
}

}  // namespace elanus::index
