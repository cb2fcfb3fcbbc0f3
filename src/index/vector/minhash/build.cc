#include "index/vector/minhash/build.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "index/vector/index_file.h"
#include "index/vector/minhash/band_table.h"
#include "index/vector/parallel.h"
#include "index/vector/signature.h"

namespace elanus::index {
namespace {

constexpr std::size_t kRowsBetweenChecks = 8192;
constexpr std::size_t kU32 = sizeof(std::uint32_t);

// Calls visit(row, bytes) for each row, in order.
template <typename Visit>
absl::Status ForEachRow(const base::OpContext& ctx,
                        const VectorDataset& dataset, Visit visit) {
  std::size_t row = 0;
  for (const VectorBlock& block : dataset.blocks) {
    const std::size_t step = block.stride == 0 ? dataset.dim / 8 : block.stride;
    const auto* bytes = static_cast<const std::uint8_t*>(block.data);
    for (std::size_t i = 0; i < block.rows; ++i, ++row, bytes += step) {
      if (row % kRowsBetweenChecks == 0) RETURN_IF_ERROR(ctx.Check());
      visit(row, bytes);
    }
  }
  return absl::OkStatus();
}

// The table of one band, where the file has it.
struct BandPlaces {
  std::span<std::uint32_t> starts;  // one more than slots
  std::span<std::uint32_t> tags;
  std::span<std::uint32_t> rows;
};

// Puts the rows of a slot, which rise, into the order of their tags.
void SortSlot(std::span<std::uint32_t> tags, std::span<std::uint32_t> rows,
              std::vector<std::uint64_t>& pairs) {
  if (std::is_sorted(tags.begin(), tags.end())) return;
  pairs.clear();
  for (std::size_t i = 0; i < tags.size(); ++i) {
    pairs.push_back(std::uint64_t{tags[i]} << 32 | rows[i]);
  }
  std::sort(pairs.begin(), pairs.end());
  for (std::size_t i = 0; i < tags.size(); ++i) {
    tags[i] = static_cast<std::uint32_t>(pairs[i] >> 32);
    rows[i] = static_cast<std::uint32_t>(pairs[i]);
  }
}

// `hashes`: of all rows. A counting sort by slot: each start is first the end
// of its slot, and moves down while the slot is filled.
void FillBand(std::span<const std::uint64_t> hashes, std::uint32_t slot_bits,
              const BandPlaces& to, std::vector<std::uint64_t>& pairs) {
  const std::size_t slots = to.starts.size() - 1;
  for (const std::uint64_t hash : hashes) ++to.starts[SlotOf(hash, slot_bits)];
  std::uint32_t end = 0;
  for (std::uint32_t& start : to.starts) {
    end += start;
    start = end;
  }
  for (std::size_t row = hashes.size(); row-- > 0;) {
    const std::uint32_t at = --to.starts[SlotOf(hashes[row], slot_bits)];
    to.tags[at] = TagOf(hashes[row]);
    to.rows[at] = static_cast<std::uint32_t>(row);
  }
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const std::size_t begin = to.starts[slot];
    const std::size_t count = to.starts[slot + 1] - begin;
    SortSlot(to.tags.subspan(begin, count), to.rows.subspan(begin, count),
             pairs);
  }
}

absl::Status FillBands(const base::OpContext& ctx, const VectorDataset& dataset,
                       const Signatures& signatures, std::uint32_t slot_bits,
                       const BuildOptions& options, IndexFileWriter& out) {
  const std::size_t rows = dataset.rows();
  const std::size_t starts = StartCount(slot_bits);
  auto* const first_start = out.array<std::uint32_t>(Section::kBandStarts);
  auto* const first_tag = out.array<std::uint32_t>(Section::kBandTags);
  auto* const first_row = out.array<std::uint32_t>(Section::kBandRows);
  Turns turns(0, signatures.bands(), 1);
  return WorkTogether(
      options.executor, std::min(options.max_threads, signatures.bands()),
      [&](std::size_t) -> absl::Status {
        std::vector<std::uint64_t> hashes(rows);
        std::vector<std::uint64_t> pairs;
        const std::size_t width = signatures.band_bytes();
        while (const auto turn = turns.Next()) {
          const std::size_t band = turn->begin;
          RETURN_IF_ERROR(ForEachRow(
              ctx, dataset, [&](std::size_t row, const std::uint8_t* bytes) {
                hashes[row] = HashBand(bytes + band * width, width);
              }));
          FillBand(hashes, slot_bits,
                   {.starts = {first_start + band * starts, starts},
                    .tags = {first_tag + band * rows, rows},
                    .rows = {first_row + band * rows, rows}},
                   pairs);
        }
        return absl::OkStatus();
      });
}

}  // namespace

absl::StatusOr<base::Buffer> BuildMinHash(const base::OpContext& ctx,
                                          const IndexSpec& spec,
                                          const VectorDataset& dataset,
                                          const BuildOptions& options) {
  const std::size_t rows = dataset.rows();
  const std::size_t row_bytes = dataset.dim / 8;
  const std::size_t bands = spec.minhash.signature.bands;
  const std::uint32_t slot_bits = SlotBits(rows);
  const std::size_t starts = StartCount(slot_bits);
  std::vector<SectionSize> sections = {
      {Section::kSignature, sizeof(SignatureSection)},
      {Section::kBandStarts, bands * starts * kU32},
      {Section::kBandTags, bands * rows * kU32},
      {Section::kBandRows, bands * rows * kU32}};
  if (spec.minhash.with_raw_data) {
    sections.push_back({Section::kVectors, rows * row_bytes});
  }
  IndexFileWriter out({.type = IndexType::kMinHashLsh,
                       .metric = types::MetricType::kMhJaccard,
                       .dim = static_cast<std::uint32_t>(dataset.dim),
                       .rows = rows},
                      sections);
  *out.array<SignatureSection>(Section::kSignature) = {
      .element_bytes = spec.minhash.signature.element_bytes,
      .bands = spec.minhash.signature.bands,
      .slot_bits = slot_bits};
  if (spec.minhash.with_raw_data) {
    auto* const to = out.array<std::uint8_t>(Section::kVectors);
    RETURN_IF_ERROR(ForEachRow(
        ctx, dataset, [&](std::size_t row, const std::uint8_t* bytes) {
          std::memcpy(to + row * row_bytes, bytes, row_bytes);
        }));
  }
  RETURN_IF_ERROR(FillBands(ctx, dataset,
                            Signatures(spec.minhash.signature, row_bytes),
                            slot_bits, options, out));
  return std::move(out).Finish();
}

std::size_t MinHashBuildBytes(const IndexSpec& spec, std::size_t rows,
                              const BuildOptions& options) {
  const std::size_t bands = spec.minhash.signature.bands;
  const std::size_t starts = StartCount(SlotBits(rows));
  const std::size_t threads = std::clamp<std::size_t>(
      options.max_threads, 1, std::max<std::size_t>(1, bands));
  const std::size_t signatures =
      spec.minhash.with_raw_data ? rows * (spec.dim / 8) : 0;
  return bands * (starts + 2 * rows) * kU32 + signatures +
         threads * rows * sizeof(std::uint64_t);
}

}  // namespace elanus::index
