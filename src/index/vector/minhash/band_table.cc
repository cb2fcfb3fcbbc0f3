#include "index/vector/minhash/band_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace elanus::index {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::uint32_t kMaxSlotBits = 31;

std::uint64_t Stir(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

// Where a band of the query is looked up.
struct Probe {
  std::size_t slot = 0;  // among the starts of all bands
  std::size_t begin = 0;
  std::size_t end = 0;
  std::uint32_t tag = 0;
};

}  // namespace

std::uint64_t HashBand(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t hash = Stir(size);
  for (std::size_t at = 0; at < size; at += kWord) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + at, std::min(kWord, size - at));
    hash = Stir(hash ^ word);
  }
  return hash;
}

std::uint32_t SlotBits(std::size_t rows) {
  const auto width = static_cast<std::uint32_t>(std::bit_width(rows));
  return std::max<std::uint32_t>(width, 4) - 3;
}

absl::StatusOr<BandTable> BandTable::Open(const IndexFileReader& file,
                                          const SignatureSection& section) {
  if (section.bands == 0 || section.slot_bits == 0 ||
      section.slot_bits > kMaxSlotBits) {
    return base::DataLoss("{}: {} bands with slots of {} bits", file.name(),
                          section.bands, section.slot_bits);
  }
  BandTable table;
  table.name_ = file.name();
  table.rows_ = static_cast<std::size_t>(file.info().rows);
  table.bands_ = section.bands;
  table.slot_bits_ = section.slot_bits;
  const std::uint64_t places = file.info().rows * section.bands;
  ASSIGN_OR_RETURN(
      table.starts_,
      file.Array<std::uint32_t>(Section::kBandStarts,
                                section.bands * StartCount(section.slot_bits)));
  ASSIGN_OR_RETURN(table.tags_,
                   file.Array<std::uint32_t>(Section::kBandTags, places));
  ASSIGN_OR_RETURN(table.row_numbers_,
                   file.Array<std::uint32_t>(Section::kBandRows, places));
  return table;
}

// Step by step for all bands, so that the memory of one is on its way while the
// others are looked at.
absl::StatusOr<Buckets> BandTable::Find(const Signatures& signatures,
                                        const std::uint8_t* query) const {
  const std::size_t slots = StartCount(slot_bits_);
  std::vector<Probe> probes(bands_);
  for (std::size_t band = 0; band < bands_; ++band) {
    const std::uint64_t hash = HashBand(query + band * signatures.band_bytes(),
                                        signatures.band_bytes());
    probes[band].slot = band * slots + SlotOf(hash, slot_bits_);
    probes[band].tag = TagOf(hash);
    __builtin_prefetch(starts_.data() + probes[band].slot);
  }
  for (std::size_t band = 0; band < bands_; ++band) {
    Probe& probe = probes[band];
    const std::size_t begin = starts_[probe.slot];
    const std::size_t end = starts_[probe.slot + 1];
    if (begin > end || end > rows_) {
      return base::DataLoss(
          "{}: a slot of band {} has the places {} to {} of "
          "{}",
          name_, band, begin, end, rows_);
    }
    probe.begin = band * rows_ + begin;
    probe.end = band * rows_ + end;
    if (begin < end) __builtin_prefetch(tags_.data() + probe.begin);
  }
  Buckets buckets;
  for (const Probe& probe : probes) {
    const auto tags = tags_.subspan(probe.begin, probe.end - probe.begin);
    const auto [first, last] =
        std::equal_range(tags.begin(), tags.end(), probe.tag);
    if (first == last) continue;
    buckets.push_back(row_numbers_.subspan(
        probe.begin + static_cast<std::size_t>(first - tags.begin()),
        static_cast<std::size_t>(last - first)));
  }
  return buckets;
}

}  // namespace elanus::index
