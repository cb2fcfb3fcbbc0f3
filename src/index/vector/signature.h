// The resemblance of two signatures that MinHash made: the share of the places
// at which their elements are equal estimates the Jaccard similarity of the
// sets; rows that agree in a whole band are likely to be similar.
//
//   const Signatures signatures({.element_bytes = 4, .bands = 32}, width);
//   signatures.CountEqual(query, rows, count, equal);
//   const float distance = signatures.ElementDistance(equal[i]);
//
// A distance is what they share, below zero, of all elements or bands.
// kNoDistance: they share nothing, which is no hit.
//
// Threads: pure.
// Source:  A. Z. Broder, "On the resemblance and containment of documents",
//          SEQUENCES 1997, section 2; J. Leskovec, A. Rajaraman, J. D. Ullman,
//          "Mining of Massive Datasets", sections 3.3 and 3.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/status.h"
#include "index/vector/vector_index.h"
#include "simd/elements.h"

namespace elanus::index {

class IndexFileReader;

class Signatures {
 public:
  Signatures(const SignatureShape& shape, std::size_t row_bytes)
      : row_bytes_(row_bytes),
        elements_(row_bytes / shape.element_bytes),
        bands_(shape.bands),
        band_elements_(bands_ == 0 ? 0 : elements_ / bands_),
        band_bytes_(band_elements_ * shape.element_bytes),
        kernel_(simd::Elements().equal[simd::WidthOf(shape.element_bytes)]) {}

  std::size_t row_bytes() const { return row_bytes_; }
  std::size_t bands() const { return bands_; }
  std::size_t band_bytes() const { return band_bytes_; }

  // out[i] = equal elements of the query and row i; rows follow each other.
  void CountEqual(const std::uint8_t* query, const std::uint8_t* rows,
                  std::size_t count, std::uint32_t* out) const {
    kernel_(query, rows, row_bytes_, count, out);
  }

  float ElementDistance(std::uint32_t equal) const {
    return DistanceOf(equal, elements_);
  }

  float DistanceOfBands(std::size_t shared) const {
    return DistanceOf(shared, bands_);
  }

  // Of a row with so many equal elements, by the bands that it shares.
  float BandDistance(const std::uint8_t* query, const std::uint8_t* row,
                     std::uint32_t equal) const {
    if (equal < band_elements_) return kNoDistance;
    std::size_t shared = 0;
    for (std::size_t at = 0; at < bands_ * band_bytes_; at += band_bytes_) {
      if (std::memcmp(query + at, row + at, band_bytes_) == 0) ++shared;
    }
    return DistanceOfBands(shared);
  }

 private:
  static float DistanceOf(std::size_t shared, std::size_t all) {
    if (shared == 0) return kNoDistance;
    return -static_cast<float>(shared) / static_cast<float>(all);
  }

  std::size_t row_bytes_;
  std::size_t elements_;
  std::size_t bands_;
  std::size_t band_elements_;
  std::size_t band_bytes_;
  simd::EqualElementsKernel kernel_;
};

// As it stands in files.
struct SignatureSection {
  std::uint32_t element_bytes = 1;
  std::uint32_t bands = 0;
  std::uint32_t slot_bits = 0;  // of the bands' tables
  std::uint32_t zero = 0;
};

// Errors: DATA_LOSS where it does not fit the file's dimensions.
absl::StatusOr<SignatureSection> SignatureIn(const IndexFileReader& file);

}  // namespace elanus::index
