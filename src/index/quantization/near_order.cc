#include "index/quantization/near_order.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "index/vector/topk.h"

namespace elanus::index {
namespace {

class Halving {
 public:
  Halving(simd::RowTable rows, std::size_t count, std::size_t dim,
          std::size_t run)
      : rows_(rows), dim_(dim), run_(run), keys_(count) {}

  void Order(std::span<std::uint32_t> order) {
    if (order.size() <= run_) return;
    const std::uint32_t one = FarthestFrom(order.front(), order);
    const std::uint32_t other = FarthestFrom(one, order);
    for (const std::uint32_t row : order) {
      keys_[row] = Orderly(Distance(row, one) - Distance(row, other));
    }
    const std::size_t runs = (order.size() + run_ - 1) / run_;
    const std::size_t half = runs / 2 * run_;
    std::nth_element(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(half),
        order.end(), [this](std::uint32_t a, std::uint32_t b) {
          return keys_[a] != keys_[b] ? keys_[a] < keys_[b] : a < b;
        });
    Order(order.first(half));
    Order(order.subspan(half));
  }

 private:
  float Distance(std::uint32_t a, std::uint32_t b) const {
    return simd::Kernels().l2(rows_.data + a * rows_.stride,
                              rows_.data + b * rows_.stride, dim_);
  }

  std::uint32_t FarthestFrom(std::uint32_t from,
                             std::span<const std::uint32_t> rows) const {
    std::uint32_t farthest = from;
    float most = 0;
    for (const std::uint32_t row : rows) {
      const float distance = Distance(from, row);
      if (!(distance > most)) continue;
      most = distance;
      farthest = row;
    }
    return farthest;
  }

  const simd::RowTable rows_;
  const std::size_t dim_;
  const std::size_t run_;
  std::vector<float> keys_;
};

}  // namespace

std::vector<std::uint32_t> NearOrder(simd::RowTable rows, std::size_t count,
                                     std::size_t dim, std::size_t run) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  Halving(rows, count, dim, run).Order(order);
  return order;
}

}  // namespace elanus::index
