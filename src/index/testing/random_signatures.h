// Seeded signatures for tests, and the plain way to compare them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "index/vector/vector_index.h"

namespace elanus::index {

struct RandomSignatures {
  std::size_t dim = 0;  // bits
  SignatureShape shape;
  std::vector<std::byte> bytes;

  std::size_t width() const { return dim / 8; }
  std::size_t size() const { return bytes.size() / width(); }
  std::size_t elements() const { return width() / shape.element_bytes; }
  std::span<const std::byte> row(std::size_t number) const {
    return std::span(bytes).subspan(number * width(), width());
  }
};

// Rows of which each has the elements of one of `originals` others, each
// element with the probability `similarity`; the rest are random.
inline RandomSignatures MakeSignatures(std::size_t rows, std::size_t dim,
                                       const SignatureShape& shape,
                                       std::size_t originals, double similarity,
                                       std::uint64_t original_seed,
                                       std::uint64_t seed) {
  RandomSignatures made{.dim = dim, .shape = shape};
  const auto fill = [](std::mt19937_64& random, std::vector<std::byte>& bytes) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  };
  std::mt19937_64 of_originals(original_seed);
  std::vector<std::byte> from(originals * made.width());
  fill(of_originals, from);
  std::mt19937_64 random(seed);
  std::bernoulli_distribution is_kept(similarity);
  made.bytes.resize(rows * made.width());
  fill(random, made.bytes);
  const std::size_t element = shape.element_bytes;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t original = random() % originals;
    for (std::size_t at = 0; at < made.width(); at += element) {
      if (!is_kept(random)) continue;
      std::memcpy(made.bytes.data() + row * made.width() + at,
                  from.data() + original * made.width() + at, element);
    }
  }
  return made;
}

// How many of `count` runs of `size` bytes are equal.
inline std::size_t PlainEqualRuns(std::span<const std::byte> a,
                                  std::span<const std::byte> b,
                                  std::size_t count, std::size_t size) {
  std::size_t equal = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto x = a.subspan(i * size, size);
    const auto y = b.subspan(i * size, size);
    if (std::equal(x.begin(), x.end(), y.begin())) ++equal;
  }
  return equal;
}

enum class Rank { kByBands, kByElementsOfThoseThatShareABand, kByElements };

// All rows that are in and share something, nearest first.
inline std::vector<Neighbor> PlainSignatureSearch(
    const RandomSignatures& signatures, std::span<const std::byte> query,
    Rank rank, types::BitsetView excluded = {}) {
  const std::size_t elements = signatures.elements();
  const std::size_t bands = signatures.shape.bands;
  std::vector<Neighbor> all;
  for (std::size_t row = 0; row < signatures.size(); ++row) {
    if (excluded.Test(row)) continue;
    const auto bytes = signatures.row(row);
    const std::size_t shared =
        bands == 0
            ? 0
            : PlainEqualRuns(query, bytes, bands,
                             elements / bands * signatures.shape.element_bytes);
    const std::size_t equal =
        PlainEqualRuns(query, bytes, elements, signatures.shape.element_bytes);
    if (rank != Rank::kByElements && shared == 0) continue;
    if (equal == 0) continue;
    const float share =
        rank == Rank::kByBands
            ? static_cast<float>(shared) / static_cast<float>(bands)
            : static_cast<float>(equal) / static_cast<float>(elements);
    all.push_back({-share, static_cast<std::uint32_t>(row)});
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace elanus::index
