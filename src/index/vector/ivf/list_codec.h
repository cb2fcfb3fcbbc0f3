// How the rows of an IVF index are stored in its lists, and compared with a
// query. Each index type has a codec; what is finer than it and used to rank
// the best rows again is a codec too.
//
//   const std::unique_ptr<ListQuery> bound = codec.Bind(query, params);
//   bound->Distances(list, 0, list.rows, out);
//
// Threads:   a codec from any thread; what Bind gave by one at a time.
// Ownership: a codec borrows the index file; what Bind gave borrows codec and
//            query.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/status.h"
#include "index/vector/index_file.h"
#include "index/vector/ivf/lists.h"
#include "index/vector/ivf/query_row.h"
#include "index/vector/vector_index.h"

namespace elanus::index {

// A query prepared for comparing.
class ListQuery {
 public:
  virtual ~ListQuery() = default;

  // out[i] = the distance of row first + i of the list, for `count` rows.
  // `first` is a multiple of kBlockRows, and `out` has room for `count`
  // rounded up to one.
  virtual void Distances(const ListRef& list, std::size_t first,
                         std::size_t count, float* out) = 0;

  // By how much Distances may be above what Refine makes of them.
  virtual float margin() const { return 0; }

  // Where Distances are coarse: puts the finer ones of these rows in their
  // place.
  virtual void Refine(std::span<const std::uint32_t> /*positions*/,
                      float* /*distances*/) {}
};

// One that can look at single rows.
class RowQuery : public ListQuery {
 public:
  virtual void DistancesOf(std::span<const std::uint32_t> positions,
                           float* out) = 0;
};

class ListCodec {
 public:
  virtual ~ListCodec() = default;

  virtual std::unique_ptr<ListQuery> Bind(QueryRow query,
                                          const SearchParams& params) const = 0;

  // What it holds besides the index file.
  virtual std::size_t memory_bytes() const { return 0; }
};

class RowCodec : public ListCodec {
 public:
  virtual std::unique_ptr<RowQuery> BindRows(QueryRow query) const = 0;
};

// Writes the rows' codes into the index file while it is built.
//
// Threads: PutBlock from any thread, each block once.
class ListEncoder {
 public:
  virtual ~ListEncoder() = default;

  // The sections that the codec needs for these lists.
  virtual std::vector<SectionSize> Sections(const Lists& lists) const = 0;

  // Called once, before the first block: what all rows share.
  virtual void PutTables(IndexFileWriter& file) = 0;

  // The `count` rows (at most kBlockRows) from row `first` of the list, as
  // `count` * dim values.
  virtual void PutBlock(const ListRef& list, std::size_t first,
                        const float* rows, std::size_t count) = 0;
};

}  // namespace elanus::index
