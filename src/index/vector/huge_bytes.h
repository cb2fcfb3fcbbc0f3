// Zeroed memory at a multiple of 64. Big runs come from the kernel and go back
// to it: they take no memory before they are touched and none when they are
// done with, and lie in huge pages, because a walk through a graph misses the
// TLB at nearly every step.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/buffer.h"

namespace elanus::index {

class HugeBytes {
 public:
  explicit HugeBytes(std::size_t size);

  std::byte* data() { return data_.get(); }
  template <typename T>
  T* array() const {
    return reinterpret_cast<T*>(data_.get());
  }
  std::size_t size() const { return size_; }
  // The same memory, to be read while it is filled on.
  base::Buffer Share() const { return {data_, {data_.get(), size_}}; }
  base::Buffer Freeze() && {
    const std::span<const std::byte> bytes(data_.get(), size_);
    return base::Buffer(std::move(data_), bytes);
  }

 private:
  std::shared_ptr<std::byte> data_;
  std::size_t size_;
};

}  // namespace elanus::index
