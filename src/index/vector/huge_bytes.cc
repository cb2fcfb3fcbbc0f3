#include "index/vector/huge_bytes.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>

namespace elanus::index {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::shared_ptr<std::byte> FromKernel(std::size_t size) {
  // Room to begin where a huge page does.
  const std::size_t mapped = size + kHugePage;
  void* const memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::size_t skipped = (kHugePage - begin % kHugePage) % kHugePage;
  std::byte* const bytes = static_cast<std::byte*>(memory) + skipped;
  // A refusal costs speed only.
  madvise(bytes, size, MADV_HUGEPAGE);
  return {bytes, [memory, mapped](std::byte*) { munmap(memory, mapped); }};
}

std::shared_ptr<std::byte> FromHeap(std::size_t size) {
  constexpr std::align_val_t kAlignment{64};
  void* const memory = ::operator new(size + 1, kAlignment);
  std::memset(memory, 0, size);
  return {static_cast<std::byte*>(memory),
          [](std::byte* bytes) { ::operator delete(bytes, kAlignment); }};
}

}  // namespace

HugeBytes::HugeBytes(std::size_t size)
    : data_(size >= 2 * kHugePage ? FromKernel(size) : FromHeap(size)),
      size_(size) {}

}  // namespace elanus::index
