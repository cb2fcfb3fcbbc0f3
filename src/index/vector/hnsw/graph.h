// A navigable small-world graph as it lies in an index file.
//
// Level 0 holds every row, level l > 0 the rows with levels[row] >= l. The
// neighbours of a row at a level are a list of fixed length, filled up with
// kNoRow. Links are read while a build writes them: both sides go through
// LoadLink and StoreLink, and a reader that sees half of a rewritten list sees
// valid rows all the same. A graph that rows are added to while it is searched
// (interim/interim_graph.h) may link to rows from `rows` on: for a walk they
// are not there.
//
// A row is numbered here by where it lies: `order` says which row of the
// segment that is.
//
// Source: Malkov, Yashunin: Efficient and robust approximate nearest neighbor
//         search using Hierarchical Navigable Small World graphs,
//         arXiv:1603.09320.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/quantization/byte_codec.h"
#include "index/vector/hnsw/product_rows.h"
#include "index/vector/hnsw/row_lists.h"
#include "index/vector/hnsw/row_order.h"
#include "index/vector/hnsw/row_sketches.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/vector_index.h"
#include "simd/byte_dot.h"
#include "simd/distance.h"

namespace elanus::index {

// Level of a row at most: 2^32 rows at M = 2 draw a higher one with a chance
// of one in a million.
inline constexpr std::uint32_t kMaxHnswLevel = 48;

// Lists start at multiples of so many links: a cache line.
inline constexpr std::size_t kLinkAlignment = 16;
inline constexpr std::size_t kVectorAlignment = 16;

inline std::size_t AlignSlots(std::size_t count, std::size_t alignment) {
  return (count + alignment - 1) / alignment * alignment;
}

// Codes of up to 32 dimensions share cache lines, longer ones have their own.
inline std::size_t CodeStride(std::size_t dim) {
  return AlignSlots(dim, dim <= 32 ? 16 : 64);
}

inline std::uint32_t LoadLink(const std::uint32_t* link) {
  return __atomic_load_n(link, __ATOMIC_RELAXED);
}
inline void StoreLink(std::uint32_t* link, std::uint32_t row) {
  __atomic_store_n(link, row, __ATOMIC_RELAXED);
}

// A query as a walk compares it: by the codes where a graph has them.
struct Probe {
  const float* vector = nullptr;
  const ByteQuery* bytes = nullptr;
  const ProductQuery* product = nullptr;
};

// What a probe borrows.
struct ProbeRoom {
  ByteQuery bytes;
  ProductQuery product;
};

// Where a row lies that is no part of a table.
struct RowPlace {
  const float* vector = nullptr;
  float inverse_norm = 1;  // COSINE
};

struct HnswGraph {
  // Of a graph in the making, and one that grows: as rows are numbered.
  RowOrder order;
  // No data if there is a product, or places.
  simd::RowTable vectors{};
  const RowPlace* places = nullptr;
  // The same vectors as bytes, for walks; no data if they would mislead.
  simd::ByteTable codes{};
  const float* code_terms = nullptr;  // what a row adds; null if nothing
  ByteCodec codec;
  // ByteCodec::ErrorOf of each row, and the length of the longest code; null
  // in files that lack them.
  const float* code_errors = nullptr;
  float longest_code = 0;
  // For scans; null if there are none.
  const RowSketches* sketches = nullptr;
  // For searches under a filter; null if there are none.
  const RowLists* lists = nullptr;
  // What the rows are in place of vectors and bytes; null for these.
  const ProductRows* product = nullptr;
  std::size_t dim = 0;
  std::size_t rows = 0;
  std::uint32_t m = 0;           // neighbours at a level above 0
  std::size_t links_stride = 0;  // of level 0, whose lists hold 2 * m
  std::size_t upper_stride = 0;
  const std::uint32_t* links = nullptr;
  const std::uint32_t* upper_links = nullptr;
  const std::uint32_t* upper_first = nullptr;  // a row's first upper list
  const std::uint8_t* levels = nullptr;
  // A row's next equal one (duplicates.h); null if no two rows are equal. Read
  // while it is written, as links are.
  const std::uint32_t* next_equal = nullptr;
  std::uint32_t entry = kNoRow;
  std::uint32_t max_level = 0;
  bool is_cosine = false;
  // What the stored vectors are compared by: IP where the metric is COSINE,
  // for they have length 1.
  types::MetricType stored_metric = types::MetricType::kL2;
  MetricKernels kernels;
  simd::ByteRowsKernel byte_kernel = nullptr;

  std::size_t capacity(std::uint32_t level) const {
    return level == 0 ? std::size_t{2} * m : m;
  }
  std::size_t LinksAt(std::uint32_t row, std::uint32_t level) const {
    return level == 0
               ? row * links_stride
               : (std::size_t{upper_first[row]} + level - 1) * upper_stride;
  }
  // `row` must exist at `level`.
  const std::uint32_t* Links(std::uint32_t row, std::uint32_t level) const {
    return (level == 0 ? links : upper_links) + LinksAt(row, level);
  }
  const float* Vector(std::uint32_t row) const {
    return vectors.data + row * vectors.stride;
  }
  // All vectors, as they are stored.
  VectorBlock block() const {
    return {.data = vectors.data, .rows = rows, .stride = vectors.stride};
  }
  // As a query: where it is not so already, copied to `room` with length 1.
  const float* BoundVector(std::uint32_t row, std::vector<float>& room) const {
    if (places == nullptr) return Vector(row);
    if (!is_cosine) return places[row].vector;
    room.resize(dim);
    Normalise(places[row].vector, room.data(), dim);
    return room.data();
  }
  // Is the row out by a filter, which numbers rows as the segment does?
  bool IsOut(types::BitsetView excluded, std::uint32_t row) const {
    return excluded.Test(order.NumberOf(row));
  }
  bool has_codes() const { return codes.data != nullptr; }
  // Whether there is anything finer than what a walk goes by.
  bool has_finer() const {
    return product == nullptr ? has_codes() : product->has_finer();
  }
  // What is read of a row by a walk, and by a scan.
  std::size_t walked_bytes() const {
    if (product != nullptr) return product->code_bytes();
    return has_codes() ? dim : dim * sizeof(float);
  }
  std::size_t scanned_bytes() const {
    return code_errors != nullptr ? dim : dim * sizeof(float);
  }
  // `room` is borrowed by the probe, if the graph has codes.
  Probe Bind(const float* query, ProbeRoom& room) const {
    if (product != nullptr) {
      product->Bind(query, room.product);
      return {.vector = query, .product = &room.product};
    }
    if (!has_codes()) return {.vector = query};
    codec.Bind(query, room.bytes);
    return {.vector = query, .bytes = &room.bytes};
  }
  // A row as a query, by its code where there are codes. `normalised` and
  // `room` are borrowed by the probe, which is for Distances alone. Not for a
  // graph of products.
  Probe BindRow(std::uint32_t row, std::vector<float>& normalised,
                ProbeRoom& room) const {
    if (!has_codes()) return {.vector = BoundVector(row, normalised)};
    codec.BindCode(codes.data + row * codes.stride, room.bytes);
    return {.bytes = &room.bytes};
  }
  void FinestDistances(const float* query, std::span<const std::uint32_t> ids,
                       float* out) const {
    if (product == nullptr) {
      ExactDistances(query, ids.data(), ids.size(), out);
    } else {
      product->BindFinest(query)->DistancesOf(ids, out);
    }
  }
  void ExactDistances(const float* query, const std::uint32_t* ids,
                      std::size_t count, float* out) const {
    if (places == nullptr) {
      kernels.rows(query, vectors, ids, count, dim, out);
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      constexpr std::uint32_t kFirst = 0;
      const RowPlace& place = places[ids[i]];
      kernels.rows(query, {place.vector, dim}, &kFirst, 1, dim, out + i);
      out[i] *= place.inverse_norm;
    }
  }
  // Those that a walk goes by. `sums` has room for `count`.
  void Distances(const Probe& probe, const std::uint32_t* ids,
                 std::size_t count, std::int32_t* sums, float* out) const {
    if (probe.product != nullptr) {
      product->Distances(*probe.product, ids, count, out);
      return;
    }
    if (probe.bytes == nullptr) {
      ExactDistances(probe.vector, ids, count, out);
      return;
    }
    const ByteQuery& bytes = *probe.bytes;
    byte_kernel(bytes.weights.data(), codes, ids, count, dim, sums);
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = bytes.base + bytes.scale * static_cast<float>(sums[i]);
    }
    if (code_terms == nullptr) return;
    for (std::size_t i = 0; i < count; ++i) out[i] += code_terms[ids[i]];
  }
  std::uint32_t NextEqual(std::uint32_t row) const {
    if (next_equal == nullptr) return kNoRow;
    do {
      row = __atomic_load_n(next_equal + row, __ATOMIC_ACQUIRE);
    } while (row >= rows && row != kNoRow);
    return row;
  }
  float Distance(const Probe& probe, std::uint32_t row) const {
    float out = 0;
    std::int32_t sum = 0;
    Distances(probe, &row, 1, &sum, &out);
    return out;
  }
};

// A graph of vectors without its arrays.
inline HnswGraph EmptyGraph(types::MetricType metric, std::size_t dim,
                            std::uint32_t m) {
  HnswGraph graph;
  graph.dim = dim;
  graph.m = m;
  graph.links_stride = AlignSlots(std::size_t{2} * m, kLinkAlignment);
  graph.upper_stride = AlignSlots(m, kLinkAlignment);
  graph.is_cosine = metric == types::MetricType::kCosine;
  graph.stored_metric = graph.is_cosine ? types::MetricType::kIp : metric;
  graph.kernels = KernelsOf(metric);
  graph.byte_kernel = simd::ByteKernels().rows;
  return graph;
}

}  // namespace elanus::index
