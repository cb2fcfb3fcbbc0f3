#include "segment/sealed/sealed_segment.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/crc32c.h"
#include "index/vector/registry.h"
#include "segment/file/folded_deletes.h"
#include "segment/sealed/field_files.h"

namespace elanus::segment {

// What Open finds out; fixed afterwards, but for the indexes.
class SealedSegment::State {
 public:
  State(storage::ObjectStore& store, base::MemoryBudget& budget, bool use_mmap)
      : loader(store, budget, use_mmap) {}

  absl::Status PlaceColumns(const types::Schema& schema);
  absl::Status PlaceChunks();
  absl::Status OpenKeys(base::FieldId key_field);
  absl::Status OrderKeys();

  const FieldFiles* Find(base::FieldId field) const {
    const auto it = columns.find(field);
    return it == columns.end() ? nullptr : it->second.get();
  }
  absl::StatusOr<types::ColumnView> Chunk(const FieldFiles& column,
                                          std::size_t chunk) const {
    return column.Chunk(chunk_files[chunk].file, chunk_files[chunk].chunk);
  }
  std::size_t ChunkIndexOf(std::size_t row) const;
  KeyView KeyAtRow(std::size_t row) const;
  base::Timestamp AtOfRow(std::size_t row) const;
  // The row that stands at this place of the key order.
  std::size_t RowAt(std::size_t place) const {
    return manifest.sorted_by_key ? place : key_order[place];
  }
  std::size_t FirstPlaceOf(const KeyView& key) const;
  bool IsInRange(const KeyView& key) const {
    return manifest.keys.has_value() && !(key < ViewOf(manifest.keys->min)) &&
           !(ViewOf(manifest.keys->max) < key);
  }

  struct FileChunk {
    std::size_t file = 0;
    std::size_t chunk = 0;
  };

  const FileLoader loader;
  Manifest manifest;
  absl::flat_hash_map<base::FieldId, std::unique_ptr<FieldFiles>> columns;
  std::vector<ChunkRange> chunks;
  std::vector<FileChunk> chunk_files;   // of the same index
  std::vector<types::ColumnView> keys;  // by chunk
  std::vector<types::ColumnView> ats;
  std::vector<RowOffset> key_order;  // empty if sorted_by_key
  base::MemoryReservation order_held;
  base::MemoryReservation deletes_held;

  struct LoadedIndex {
    std::shared_ptr<const index::VectorIndex> index;
    std::vector<base::MemoryReservation> held;
  };
  mutable base::Mutex mutex;
  absl::flat_hash_map<base::FieldId, LoadedIndex> indexes
      ABSL_GUARDED_BY(mutex);
};

absl::Status SealedSegment::State::PlaceColumns(const types::Schema& schema) {
  absl::flat_hash_map<base::FieldId, std::vector<SegmentFile>> files;
  for (const SegmentFile& file : manifest.files) {
    if (file.kind == SegmentFileKind::kColumn) {
      files[file.field].push_back(file);
    }
  }
  for (auto& [field, list] : files) {
    std::ranges::sort(list, {}, &SegmentFile::first_row);
    const types::FieldSchema* known = schema.Find(field);
    if (known == nullptr && field != kTimestampField) continue;  // dropped
    auto column = std::make_unique<FieldFiles>(loader, std::move(list));
    column->Expect(known == nullptr ? types::DataType::kInt64 : known->type,
                   known == nullptr ? 0 : known->dim);
    columns.emplace(field, std::move(column));
  }
  return absl::OkStatus();
}

absl::Status SealedSegment::State::PlaceChunks() {
  const FieldFiles* at = Find(kTimestampField);
  if (at == nullptr) {
    return base::DataLoss("segment {}: the manifest has no effective times",
                          base::ToInt(manifest.segment));
  }
  for (std::size_t file = 0; file < at->files().size(); ++file) {
    const SegmentFile& entry = at->files()[file];
    for (std::size_t row = 0; row < entry.rows; row += kChunkRows) {
      chunks.push_back(
          {.index = chunks.size(),
           .row_begin = static_cast<std::size_t>(entry.first_row) + row,
           .rows = std::min(kChunkRows,
                            static_cast<std::size_t>(entry.rows) - row)});
      chunk_files.push_back({.file = file, .chunk = row / kChunkRows});
    }
  }
  for (const auto& [field, column] : columns) {
    const bool same = std::ranges::equal(
        column->files(), at->files(),
        [](const SegmentFile& a, const SegmentFile& b) {
          return a.first_row == b.first_row && a.rows == b.rows;
        });
    if (!same) {
      return base::DataLoss(
          "segment {}: the files of field {} are cut in other places than the "
          "effective times",
          base::ToInt(manifest.segment), base::ToInt(field));
    }
  }
  return absl::OkStatus();
}

absl::Status SealedSegment::State::OpenKeys(base::FieldId key_field) {
  const FieldFiles* key = Find(key_field);
  if (key == nullptr) {
    return base::DataLoss("segment {}: the manifest has no primary keys",
                          base::ToInt(manifest.segment));
  }
  for (const ChunkRange& chunk : chunks) {
    ASSIGN_OR_RETURN(const types::ColumnView values, Chunk(*key, chunk.index));
    keys.push_back(values);
    ASSIGN_OR_RETURN(const types::ColumnView times,
                     Chunk(*Find(kTimestampField), chunk.index));
    ats.push_back(times);
  }
  return manifest.sorted_by_key ? absl::OkStatus() : OrderKeys();
}

absl::Status SealedSegment::State::OrderKeys() {
  const auto rows = static_cast<std::size_t>(manifest.rows);
  ASSIGN_OR_RETURN(order_held,
                   loader.budget().Reserve(
                       static_cast<std::int64_t>(rows * sizeof(RowOffset)),
                       "the key order of a segment"));
  key_order.resize(rows);
  std::iota(key_order.begin(), key_order.end(), RowOffset{0});
  std::sort(key_order.begin(), key_order.end(),
            [this](RowOffset a, RowOffset b) {
              const KeyView key_a = KeyAtRow(a);
              const KeyView key_b = KeyAtRow(b);
              return key_a != key_b ? key_a < key_b : a < b;
            });
  return absl::OkStatus();
}

std::size_t SealedSegment::State::ChunkIndexOf(std::size_t row) const {
  // Of one file: found at once.
  const std::size_t guess = row / kChunkRows;
  if (guess < chunks.size() && chunks[guess].row_begin <= row &&
      row - chunks[guess].row_begin < chunks[guess].rows) {
    return guess;
  }
  const auto past =
      std::ranges::upper_bound(chunks, row, {}, &ChunkRange::row_begin);
  return static_cast<std::size_t>(past - chunks.begin()) - 1;
}

KeyView SealedSegment::State::KeyAtRow(std::size_t row) const {
  const std::size_t chunk = ChunkIndexOf(row);
  return KeyAt(keys[chunk], row - chunks[chunk].row_begin);
}

base::Timestamp SealedSegment::State::AtOfRow(std::size_t row) const {
  const std::size_t chunk = ChunkIndexOf(row);
  return {ats[chunk].As<std::uint64_t>()[row - chunks[chunk].row_begin]};
}

std::size_t SealedSegment::State::FirstPlaceOf(const KeyView& key) const {
  std::size_t low = 0;
  std::size_t high = static_cast<std::size_t>(manifest.rows);
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (KeyAtRow(RowAt(middle)) < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

SealedSegment::SealedSegment(Identity identity, std::unique_ptr<State> state)
    : Segment(std::move(identity)), state_(std::move(state)) {}

SealedSegment::~SealedSegment() = default;

absl::StatusOr<std::shared_ptr<SealedSegment>> SealedSegment::Open(
    storage::ObjectStore& store, base::MemoryBudget& budget,
    const SealedSpec& spec) {
  ASSIGN_OR_RETURN(const base::Buffer bytes, store.Get(spec.manifest));
  if (spec.manifest_crc32c.has_value() &&
      base::Crc32c(bytes.bytes()) != *spec.manifest_crc32c) {
    return base::DataLoss("{}: its checksum is not that of its record",
                          spec.manifest);
  }
  auto state = std::make_unique<State>(store, budget, spec.use_mmap);
  ASSIGN_OR_RETURN(state->manifest, ParseManifest(bytes.view(), spec.manifest));
  RETURN_IF_ERROR(state->PlaceColumns(*spec.schema));
  RETURN_IF_ERROR(state->PlaceChunks());
  RETURN_IF_ERROR(state->OpenKeys(spec.schema->primary_key().id));
  const Manifest& manifest = state->manifest;
  const Identity identity{.id = manifest.segment,
                          .partition = manifest.partition,
                          .schema = spec.schema};
  std::shared_ptr<SealedSegment> segment(
      new SealedSegment(identity, std::move(state)));
  RETURN_IF_ERROR(segment->ApplyFoldedDeletes());
  return segment;
}

absl::Status SealedSegment::ApplyFoldedDeletes() {
  for (const SegmentFile& file : manifest().files) {
    if (file.kind != SegmentFileKind::kFoldedDeletes) continue;
    ASSIGN_OR_RETURN(const FileLoader::Loaded loaded,
                     state_->loader.Load(file.object));
    ASSIGN_OR_RETURN(const FoldedDeletes folded,
                     FoldedDeletes::Open(loaded.bytes, file.object));
    if (folded.segment_rows() != manifest().rows) {
      return base::DataLoss("{}: deletes of {} rows, the segment has {}",
                            file.object, folded.segment_rows(),
                            manifest().rows);
    }
    for (std::size_t i = 0; i < folded.rows().size(); ++i) {
      deletes().Mark(folded.rows()[i], folded.at(i));
    }
  }
  return absl::OkStatus();
}

void SealedSegment::AccountDeletes() {
  const auto bytes = static_cast<std::int64_t>(deletes().memory_bytes());
  if (bytes == state_->deletes_held.bytes()) return;
  state_->deletes_held = state_->loader.budget().Charge(bytes);
}

absl::Status SealedSegment::LoadIndex(base::FieldId field,
                                      const std::vector<std::string>& files) {
  State::LoadedIndex loaded;
  std::vector<index::IndexFile> parts;
  std::size_t in_files = 0;
  for (const std::string& object : files) {
    ASSIGN_OR_RETURN(FileLoader::Loaded file, state_->loader.Load(object));
    in_files += file.bytes.size();
    parts.push_back({.name = object.substr(object.rfind('/') + 1),
                     .bytes = std::move(file.bytes)});
    loaded.held.push_back(std::move(file.held));
  }
  ASSIGN_OR_RETURN(loaded.index, index::LoadIndex(std::move(parts), {}));
  const std::size_t bytes = loaded.index->memory_bytes();
  ASSIGN_OR_RETURN(
      base::MemoryReservation besides,
      state_->loader.budget().Reserve(
          static_cast<std::int64_t>(bytes - std::min(bytes, in_files)),
          "what an index holds besides its files"));
  loaded.held.push_back(std::move(besides));
  const types::FieldSchema* known = schema()->Find(field);
  if (known == nullptr || loaded.index->size() != rows() ||
      loaded.index->dim() != static_cast<std::size_t>(known->dim)) {
    return base::DataLoss(
        "segment {}: the index of field {} has {} rows of dimension {}, the "
        "segment has {} rows of dimension {}",
        base::ToInt(id()), base::ToInt(field), loaded.index->size(),
        loaded.index->dim(), rows(), known == nullptr ? 0 : known->dim);
  }
  base::MutexLock lock(state_->mutex);
  state_->indexes[field] = std::move(loaded);
  return absl::OkStatus();
}

void SealedSegment::DropIndex(base::FieldId field) {
  base::MutexLock lock(state_->mutex);
  state_->indexes.erase(field);
}

const Manifest& SealedSegment::manifest() const { return state_->manifest; }

std::size_t SealedSegment::rows() const {
  return static_cast<std::size_t>(manifest().rows);
}

base::Timestamp SealedSegment::min_at() const { return manifest().min_at; }
base::Timestamp SealedSegment::max_at() const { return manifest().max_at; }
base::Timestamp SealedSegment::history_from() const {
  return manifest().history_from;
}

ChunkRange SealedSegment::ChunkOf(std::size_t row) const {
  return state_->chunks[state_->ChunkIndexOf(row)];
}

// The keys are open already: the column's files and locks are not asked.
absl::StatusOr<types::PrimaryKey> SealedSegment::KeyOfRow(RowOffset row) const {
  return KeyOf(state_->KeyAtRow(row));
}

absl::Status SealedSegment::FindKey(const KeyView& key, base::Timestamp upto,
                                    std::vector<RowOffset>* found) const {
  if (upto < min_at() || !state_->IsInRange(key)) return absl::OkStatus();
  for (std::size_t place = state_->FirstPlaceOf(key); place < rows(); ++place) {
    const std::size_t row = state_->RowAt(place);
    if (state_->KeyAtRow(row) != key) break;
    if (state_->AtOfRow(row) <= upto) {
      found->push_back(static_cast<RowOffset>(row));
    }
  }
  return absl::OkStatus();
}

bool SealedSegment::MayContain(const KeyView& key) const {
  if (!state_->IsInRange(key)) return false;
  const std::size_t place = state_->FirstPlaceOf(key);
  return place < rows() && state_->KeyAtRow(state_->RowAt(place)) == key;
}

std::optional<KeyRange> SealedSegment::key_range() const {
  return manifest().keys;
}

std::shared_ptr<const index::VectorIndex> SealedSegment::vector_index(
    base::FieldId field) const {
  base::MutexLock lock(state_->mutex);
  const auto it = state_->indexes.find(field);
  return it == state_->indexes.end() ? nullptr : it->second.index;
}

std::size_t SealedSegment::memory_bytes() const {
  std::size_t bytes = sizeof(*this) + deletes().memory_bytes() +
                      state_->key_order.capacity() * sizeof(RowOffset);
  for (const auto& [field, column] : state_->columns) {
    bytes += column->memory_bytes();
  }
  base::MutexLock lock(state_->mutex);
  for (const auto& [field, loaded] : state_->indexes) {
    for (const base::MemoryReservation& held : loaded.held) {
      bytes += static_cast<std::size_t>(held.bytes());
    }
  }
  return bytes;
}

absl::StatusOr<types::ColumnView> SealedSegment::StoredColumn(
    const types::FieldSchema& field, std::size_t chunk) const {
  return state_->Chunk(*state_->Find(field.id), chunk);
}

bool SealedSegment::HasField(base::FieldId field) const {
  return state_->Find(field) != nullptr;
}

absl::StatusOr<types::ColumnView> SealedSegment::AtColumn(
    std::size_t chunk) const {
  return state_->ats[chunk];
}

absl::StatusOr<std::size_t> SealedSegment::CutAt(
    base::Timestamp read_ts, std::size_t row_count,
    types::Bitset* excluded) const {
  if (max_at() <= read_ts) return row_count;
  if (min_at() > read_ts) return 0;
  if (excluded->empty()) *excluded = types::Bitset(row_count);
  for (const ChunkRange& chunk : state_->chunks) {
    const auto times = state_->ats[chunk.index].As<std::uint64_t>();
    for (std::size_t i = 0; i < chunk.rows; ++i) {
      if (times[i] > read_ts.value) excluded->Set(chunk.row_begin + i);
    }
  }
  return row_count;
}

}  // namespace elanus::segment
