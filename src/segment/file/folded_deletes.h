// The deletes that compaction folded into a segment: for each deleted row the
// time from which on it is gone. docs/formats/delete_file.md has the bytes.
//
//   ASSIGN_OR_RETURN(written, WriteFoldedDeletes({.segment_rows = n,
//                        .rows = rows, .ats = ats}, upload));
//   ASSIGN_OR_RETURN(auto file, FoldedDeletes::Open(buffer, name));
//   for (size_t i = 0; i < file.rows().size(); ++i)
//     excluded from file.at(i) on: file.rows()[i]
//
// Threads:   FoldedDeletes: immutable.
// Ownership: keeps its buffer; spans live as long as one of its copies.
// Errors:    DATA_LOSS naming file and place; everything is checked at Open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "base/hybrid_time.h"
#include "base/status.h"
#include "segment/file/block_file.h"
#include "storage/object_store.h"

namespace elanus::segment {

struct FoldedRows {
  std::uint64_t segment_rows = 0;
  // Row offsets, each below segment_rows, strictly rising: of several
  // tombstones of a row the earliest counts.
  std::span<const std::uint32_t> rows;
  std::span<const std::uint64_t> ats;  // as many
};

// Does not call `upload`'s Finish. Errors: kServiceInternal for rows out of
// order.
absl::StatusOr<WrittenFile> WriteFoldedDeletes(const FoldedRows& folded,
                                               storage::Upload& upload);

class FoldedDeletes {
 public:
  static absl::StatusOr<FoldedDeletes> Open(base::Buffer buffer,
                                            std::string_view name);

  std::uint64_t segment_rows() const { return folded_.segment_rows; }
  std::span<const std::uint32_t> rows() const { return folded_.rows; }
  base::Timestamp at(std::size_t i) const { return {folded_.ats[i]}; }

 private:
  FoldedDeletes() = default;

  std::shared_ptr<const BlockFile> file_;
  FoldedRows folded_;
};

}  // namespace elanus::segment
