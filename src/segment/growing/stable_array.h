// An array that grows without moving its elements: blocks of 64, 64, 128, 256,
// ... elements. One thread appends, any thread reads what was published to it.
//
// Threads: GrowTo and non-const access by one thread; readers may index every
// element below a size that they got with acquire order from the writer.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>

namespace elanus::segment {

template <typename T>
class StableArray {
 public:
  StableArray() = default;
  StableArray(const StableArray&) = delete;
  StableArray& operator=(const StableArray&) = delete;
  ~StableArray() {
    for (std::atomic<T*>& block : blocks_) delete[] block.load();
  }

  // Makes elements [0, size) exist, value-initialised.
  void GrowTo(std::size_t size) {
    while (capacity() < size) {
      const int block = block_count_.load(std::memory_order_relaxed);
      blocks_[static_cast<std::size_t>(block)].store(new T[BlockSize(block)](),
                                                     std::memory_order_release);
      block_count_.store(block + 1, std::memory_order_release);
    }
  }

  // Elements that exist.
  std::size_t capacity() const {
    const int blocks = block_count_.load(std::memory_order_acquire);
    return blocks == 0 ? 0 : kFirst << (blocks - 1);
  }

  T& operator[](std::size_t index) { return *Find(index); }
  const T& operator[](std::size_t index) const { return *Find(index); }

 private:
  static constexpr std::size_t kFirst = 64;
  static constexpr int kBlocks = 32;

  static std::size_t BlockSize(int block) {
    return block == 0 ? kFirst : kFirst << (block - 1);
  }

  T* Find(std::size_t index) const {
    const int block = static_cast<int>(std::bit_width(index / kFirst));
    const std::size_t first = block == 0 ? 0 : kFirst << (block - 1);
    return blocks_[static_cast<std::size_t>(block)].load(
               std::memory_order_acquire) +
           (index - first);
  }

  std::array<std::atomic<T*>, kBlocks> blocks_{};
  std::atomic<int> block_count_{0};
};

}  // namespace elanus::segment
