#include "simd/code_scan.h"

#include <atomic>

#include "simd/cpu.h"

namespace elanus::simd {
namespace {

std::int32_t GroupDot(const CodeTable& table, size_t row,
                      const CodeQuery& query) {
  const uint8_t* group =
      table.codes + row / kCodeGroup * kCodeGroup * table.width;
  const size_t lane = row % kCodeGroup;
  std::int32_t sum = 0;
  for (size_t i = 0; i < table.width; ++i) {
    const uint8_t stored = group[i / 4 * 4 * kCodeGroup + lane * 4 + i % 4];
    sum += (stored - kCodeZero) * query.codes[i];
  }
  return sum;
}

template <bool kIsL2>
bool MayBeWithin(const CodeTable& table, size_t row, const CodeQuery& query) {
  const float product = static_cast<float>(GroupDot(table, row, query)) *
                        (query.scale * table.scales[row]);
  if constexpr (kIsL2) {
    const float radius = query.bound + table.errors[row];
    return !(query.constant + table.sizes[row] - 2 * product > radius * radius);
  }
  return !(-product - query.error_weight * table.errors[row] -
               query.size_weight * table.sizes[row] >
           query.bound);
}

template <bool kIsL2>
size_t Scan(const CodeTable& table, size_t first_group, size_t groups,
            const CodeQuery& query, const uint16_t* included, uint32_t* rows) {
  size_t found = 0;
  for (size_t i = 0; i < groups * kCodeGroup; ++i) {
    if (((included[i / kCodeGroup] >> (i % kCodeGroup)) & 1) == 0) continue;
    const size_t row = first_group * kCodeGroup + i;
    if (MayBeWithin<kIsL2>(table, row, query)) {
      rows[found++] = static_cast<uint32_t>(row);
    }
  }
  return found;
}

template <bool kIsL2>
void Batch(const CodeTable& table, size_t first_group, size_t groups,
           const CodeQuery* queries, size_t count, const uint16_t* included,
           uint32_t* rows, size_t* found) {
  for (size_t i = 0; i < count; ++i) {
    found[i] = Scan<kIsL2>(table, first_group, groups, queries[i], included,
                           rows + i * groups * kCodeGroup);
  }
}

const CodeScanKernels* Best() {
#if defined(__x86_64__)
  if (Cpu().avx512_bytes) return &kAvx512CodeScan;
#endif
  return nullptr;
}

std::atomic<const CodeScanKernels*>& Chosen() {
  static std::atomic<const CodeScanKernels*> chosen{Best()};
  return chosen;
}

}  // namespace

const CodeScanKernels kScalarCodeScan = {
    .name = "scalar",
    .dot = Scan<false>,
    .l2 = Scan<true>,
    .dot_batch = Batch<false>,
    .l2_batch = Batch<true>,
};

const CodeScanKernels* CodeScan() {
  return Chosen().load(std::memory_order_relaxed);
}

ScopedCodeScanForTest::ScopedCodeScanForTest(const CodeScanKernels* kernels)
    : before_(Chosen().exchange(kernels)) {}

ScopedCodeScanForTest::~ScopedCodeScanForTest() { Chosen().store(before_); }

}  // namespace elanus::simd
