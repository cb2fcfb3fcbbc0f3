// The files of one field of a sealed segment, opened when a row is first asked
// for and kept.
//
// Threads:   any. Two threads that come first may both open a file, or unpack
//            a chunk; one result is kept.
// Ownership: store and budget must outlive it; views live as long as it does.
// Errors:    DATA_LOSS naming file and block; kMemoryLimitExceeded.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/status.h"
#include "segment/file/column_file.h"
#include "segment/file/manifest.h"
#include "storage/object_store.h"
#include "types/column.h"

namespace elanus::segment {

// How the files of a segment come into memory.
class FileLoader {
 public:
  FileLoader(storage::ObjectStore& store, base::MemoryBudget& budget,
             bool use_mmap)
      : store_(store), budget_(budget), use_mmap_(use_mmap) {}

  struct Loaded {
    base::Buffer bytes;
    base::MemoryReservation held;  // empty if mapped
  };
  // Mapped if it may and can be, else read.
  absl::StatusOr<Loaded> Load(const std::string& object) const;

  base::MemoryBudget& budget() const { return budget_; }

 private:
  storage::ObjectStore& store_;
  base::MemoryBudget& budget_;
  const bool use_mmap_;
};

class FieldFiles {
 public:
  FieldFiles(const FileLoader& loader, std::vector<SegmentFile> files);

  // What the files must hold.
  void Expect(types::DataType type, std::int64_t dim) {
    type_ = type;
    dim_ = dim;
  }

  // Row ranges of the files, in order.
  const std::vector<SegmentFile>& files() const { return files_; }

  // Chunk `chunk` of file number `file`.
  absl::StatusOr<types::ColumnView> Chunk(std::size_t file,
                                          std::size_t chunk) const;

  std::size_t memory_bytes() const;

 private:
  struct OpenFile {
    std::unique_ptr<ColumnFile> file;
    base::MemoryReservation held;
  };
  // A chunk that had to be decompressed.
  struct KeptChunk {
    std::size_t file = 0;
    std::size_t chunk = 0;
    ColumnChunk values;
    base::MemoryReservation held;
  };

  absl::StatusOr<const ColumnFile*> Open(std::size_t file) const;
  // Null if it is not kept.
  const KeptChunk* FindKeptLocked(std::size_t file, std::size_t chunk) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const FileLoader& loader_;
  const std::vector<SegmentFile> files_;
  types::DataType type_ = types::DataType::kNone;
  std::int64_t dim_ = 0;

  mutable base::Mutex mutex_;
  mutable std::vector<OpenFile> open_ ABSL_GUARDED_BY(mutex_);
  mutable std::vector<std::unique_ptr<const KeptChunk>> kept_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::segment
