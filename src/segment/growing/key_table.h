// From a primary key to the rows that have it: open addressing over row
// offsets. The keys themselves stay in their column; the caller compares.
//
//   table.Insert(hash, row, [&](RowOffset other) { return key == KeyAt(other);
//   });
//   table.ForEach(hash, same_key, [&](RowOffset row) { return true; });
//
// A slot names the newest row of its key; each row is linked to the one before
// it. Rows are inserted in order, 0, 1, 2, ...
//
// Threads: Insert by one thread; ForEach by any. A reader may meet rows that
//          are younger than its snapshot and has to skip them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "base/mutex.h"
#include "segment/deletes.h"
#include "segment/growing/stable_array.h"

namespace elanus::segment {

class KeyTable {
 public:
  static constexpr RowOffset kNone = 0xFFFFFFFF;

  using SameKey = absl::FunctionRef<bool(RowOffset)>;
  using HashOf = absl::FunctionRef<std::uint64_t(RowOffset)>;
  using Visit = absl::FunctionRef<bool(RowOffset)>;

  KeyTable();

  // Makes room for rows below `rows`. hash_of: for the rows that are there.
  void Reserve(std::size_t rows, HashOf hash_of);
  void Insert(std::uint64_t hash, RowOffset row, SameKey same_key);

  // The rows of the key, newest first, until visit says false.
  void ForEach(std::uint64_t hash, SameKey same_key, Visit visit) const;

  std::size_t memory_bytes() const;

 private:
  struct Slots {
    explicit Slots(std::size_t size);
    std::size_t mask;
    std::unique_ptr<std::atomic<RowOffset>[]> rows;
  };

  std::shared_ptr<Slots> Current() const;

  mutable base::Mutex mutex_;
  std::shared_ptr<Slots> slots_ ABSL_GUARDED_BY(mutex_);
  Slots* writer_slots_ = nullptr;  // the same, for the thread that inserts
  std::size_t used_ = 0;           // slots
  std::size_t inserted_ = 0;       // rows
  StableArray<std::atomic<RowOffset>> previous_;
};

}  // namespace elanus::segment
