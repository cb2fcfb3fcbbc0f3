#include "index/vector/huge_bytes.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace elanus::index {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

}  // namespace

HugeBytes::HugeBytes(std::size_t size) : size_(size) {
  const bool is_big = size >= 2 * kHugePage;
  const auto alignment = std::align_val_t{is_big ? kHugePage : 64};
  void* memory = ::operator new(size + 1, alignment);
  // A refusal costs speed only.
  if (is_big) madvise(memory, size, MADV_HUGEPAGE);
  std::memset(memory, 0, size);
  data_ = std::shared_ptr<std::byte>(
      static_cast<std::byte*>(memory),
      [alignment](std::byte* bytes) { ::operator delete(bytes, alignment); });
}

}  // namespace elanus::index
