#include "testing/allocations.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace elanus::testing {
namespace {

std::atomic<std::int64_t> live_count{0};
thread_local bool armed = false;
thread_local bool struck = false;
thread_local int left = 0;
thread_local std::size_t largest_size = 0;

void* Allocate(std::size_t size, std::size_t alignment) {
  largest_size = std::max(largest_size, size);
  if (armed && left-- == 0) {
    struck = true;
    return nullptr;
  }
  if (size == 0) size = 1;
  void* const memory =
      alignment <= alignof(std::max_align_t)
          ? std::malloc(size)
          : std::aligned_alloc(alignment,
                               (size + alignment - 1) / alignment * alignment);
  if (memory != nullptr) ++live_count;
  return memory;
}

void* AllocateOrThrow(std::size_t size, std::size_t alignment) {
  void* const memory = Allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void Free(void* memory) {
  if (memory == nullptr) return;
  --live_count;
  std::free(memory);
}

}  // namespace

void Allocations::Arm(int after) {
  left = after;
  struck = false;
  armed = true;
}

bool Allocations::Disarm() {
  armed = false;
  return struck;
}

std::int64_t Allocations::live() { return live_count; }
void Allocations::Forget() { largest_size = 0; }
std::size_t Allocations::largest() { return largest_size; }

}  // namespace elanus::testing

using elanus::testing::Allocate;
using elanus::testing::AllocateOrThrow;
using elanus::testing::Free;

void* operator new(std::size_t size) { return AllocateOrThrow(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return AllocateOrThrow(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size, 0);
}
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete(void* memory, std::size_t) noexcept { Free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { Free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  Free(memory);
}
