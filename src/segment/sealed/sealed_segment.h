// A closed segment, opened from its manifest and column files: mapped from the
// local object store, or read into accounted memory. Columns and vector
// indexes are opened when they are first used.
//
//   ASSIGN_OR_RETURN(std::shared_ptr<SealedSegment> segment,
//                    SealedSegment::Open(store, budget,
//                                        {.manifest = name,
//                                         .schema = schema}));
//   for (const TombstoneRun& run : ...) RETURN_IF_ERROR(segment->Delete(run));
//   segment->PublishDeletes();        // folded deletes are in already
//
// Keys are found by binary search: in the key column where the manifest says
// that rows lie in key order, else in a permutation made when it is opened
// (4 bytes a row).
//
// Threads:   as Segment. LoadIndex from any thread.
// Ownership: store and budget must outlive it.
// Errors:    DATA_LOSS naming file and block; kMemoryLimitExceeded where
//            columns are to be held in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/memory_budget.h"
#include "base/status.h"
#include "segment/file/manifest.h"
#include "segment/segment.h"
#include "storage/object_store.h"
#include "types/schema.h"

namespace elanus::segment {

struct SealedSpec {
  std::string manifest;  // the object's name
  // The manifest's CRC32C in its meta record is checked if given.
  std::optional<std::uint32_t> manifest_crc32c;
  // Of the collection as it is now; fields that the files lack get defaults.
  std::shared_ptr<const types::Schema> schema;
  // Column and index files stay mapped; false = they are read into memory.
  bool use_mmap = true;
};

class SealedSegment final : public Segment {
 public:
  static absl::StatusOr<std::shared_ptr<SealedSegment>> Open(
      storage::ObjectStore& store, base::MemoryBudget& budget,
      const SealedSpec& spec);
  ~SealedSegment() override;

  // Opens the files of a vector index on `field`; searches that start later
  // use it. Files: object names; the last path component is the file's name in
  // the index.
  absl::Status LoadIndex(base::FieldId field,
                         const std::vector<std::string>& files);
  void DropIndex(base::FieldId field);

  const Manifest& manifest() const;
  // Tombstones up to here are folded in; those after it are the loader's.
  base::Timestamp deletes_to() const { return manifest().deletes_to; }

  bool is_growing() const override { return false; }
  std::size_t rows() const override;
  base::Timestamp min_at() const override;
  base::Timestamp max_at() const override;
  base::Timestamp history_from() const override;
  ChunkRange ChunkOf(std::size_t row) const override;
  absl::StatusOr<types::PrimaryKey> KeyOfRow(RowOffset row) const override;
  absl::Status FindKey(const KeyView& key, base::Timestamp upto,
                       std::vector<RowOffset>* found) const override;
  bool MayContain(const KeyView& key) const override;
  std::optional<KeyRange> key_range() const override;
  bool is_in_key_order() const override { return manifest().sorted_by_key; }
  std::shared_ptr<const index::VectorIndex> vector_index(
      base::FieldId field) const override;
  std::size_t memory_bytes() const override;

 protected:
  absl::StatusOr<types::ColumnView> StoredColumn(
      const types::FieldSchema& field, std::size_t chunk) const override;
  bool HasField(base::FieldId field) const override;
  absl::StatusOr<types::ColumnView> AtColumn(std::size_t chunk) const override;
  void AccountDeletes() override;
  absl::StatusOr<std::size_t> CutAt(base::Timestamp read_ts, std::size_t rows,
                                    types::Bitset* excluded) const override;

 private:
  class State;
  SealedSegment(Identity identity, std::unique_ptr<State> state);
  absl::Status ApplyFoldedDeletes();

  const std::unique_ptr<State> state_;
};

}  // namespace elanus::segment
