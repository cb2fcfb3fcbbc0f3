// Which rows have the same bytes in a band: for each band a hash table of all
// rows, laid out flat so that it is searched where the file is mapped.
//
//   ASSIGN_OR_RETURN(const BandTable table, BandTable::Open(file, signatures));
//   ASSIGN_OR_RETURN(const Buckets buckets, table.Find(query));
//
// The upper bits of a band's hash are a slot, its lower 32 bits a tag. The rows
// of a slot follow each other, by tag and row, so that a bucket is a run of
// equal tags: rows that share the band, and with a chance of rows / 2^61 or so
// one that does not.
//
// Threads:   pure.
// Ownership: views of the file.
// Errors:    DATA_LOSS where the file is damaged. Slots are checked when they
//            are looked up, rows by whoever goes through a bucket: opening
//            reads no table.
// Source:    P. Indyk, R. Motwani, "Approximate Nearest Neighbors", STOC 1998;
//            J. Leskovec, A. Rajaraman, J. D. Ullman, "Mining of Massive
//            Datasets", section 3.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "index/vector/index_file.h"
#include "index/vector/signature.h"

namespace elanus::index {

// The size and then the words of 8 bytes, the last one filled up with zeros,
// each stirred in by SplitMix64.
//
// Source: G. L. Steele, D. Lea, C. H. Flood, "Fast Splittable Pseudorandom
//         Number Generators", OOPSLA 2014, figure 16.
std::uint64_t HashBand(const std::uint8_t* bytes, std::size_t size);

// How many bits number the slots of a table of so many rows: 4 to 8 rows a
// slot.
std::uint32_t SlotBits(std::size_t rows);
// Where the slots of one band begin, and the last one ends.
inline std::size_t StartCount(std::uint32_t slot_bits) {
  return (std::size_t{1} << slot_bits) + 1;
}

inline std::size_t SlotOf(std::uint64_t hash, std::uint32_t slot_bits) {
  return static_cast<std::size_t>(hash >> (64 - slot_bits));
}
inline std::uint32_t TagOf(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash);
}

// Rows that share a band with the query, for each band that some share; rising
// within each.
using Buckets = std::vector<std::span<const std::uint32_t>>;

class BandTable {
 public:
  static absl::StatusOr<BandTable> Open(const IndexFileReader& file,
                                        const SignatureSection& section);

  absl::StatusOr<Buckets> Find(const Signatures& signatures,
                               const std::uint8_t* query) const;

 private:
  std::string name_;
  std::size_t rows_ = 0;
  std::size_t bands_ = 0;
  std::uint32_t slot_bits_ = 1;
  // Of each band: the first place of each slot, and the number of rows.
  std::span<const std::uint32_t> starts_;
  // Of each band, place by place.
  std::span<const std::uint32_t> tags_;
  std::span<const std::uint32_t> row_numbers_;
};

}  // namespace elanus::index
