#include "segment/sealed/field_files.h"

#include <utility>

namespace elanus::segment {

absl::StatusOr<FileLoader::Loaded> FileLoader::Load(
    const std::string& object) const {
  Loaded loaded;
  if (use_mmap_) {
    absl::StatusOr<base::Buffer> mapped = store_.Map(object);
    if (mapped.ok()) {
      loaded.bytes = *std::move(mapped);
      return loaded;
    }
    if (base::CodeOf(mapped.status()) != base::ErrorCode::kUnimplemented) {
      return mapped.status();
    }
  }
  ASSIGN_OR_RETURN(const std::uint64_t size, store_.Head(object));
  ASSIGN_OR_RETURN(loaded.held,
                   budget_.Reserve(static_cast<std::int64_t>(size), object));
  ASSIGN_OR_RETURN(loaded.bytes, store_.Get(object));
  return loaded;
}

FieldFiles::FieldFiles(const FileLoader& loader, std::vector<SegmentFile> files)
    : loader_(loader), files_(std::move(files)), open_(files_.size()) {}

absl::StatusOr<const ColumnFile*> FieldFiles::Open(std::size_t file) const {
  {
    base::MutexLock lock(mutex_);
    if (open_[file].file != nullptr) return open_[file].file.get();
  }
  const SegmentFile& entry = files_[file];
  ASSIGN_OR_RETURN(FileLoader::Loaded loaded, loader_.Load(entry.object));
  if (loaded.bytes.size() != entry.size) {
    return base::DataLoss("{}: {} bytes, the manifest says {}", entry.object,
                          loaded.bytes.size(), entry.size);
  }
  ASSIGN_OR_RETURN(std::unique_ptr<ColumnFile> opened,
                   ColumnFile::Open(loaded.bytes, entry.object));
  if (opened->rows() != entry.rows || opened->type() != type_ ||
      (types::IsVector(type_) && opened->dim() != dim_)) {
    return base::DataLoss(
        "{}: {} rows of {} of dimension {}, expected are {} rows of {} of "
        "dimension {}",
        entry.object, opened->rows(), types::NameOf(opened->type()),
        opened->dim(), entry.rows, types::NameOf(type_), dim_);
  }
  base::MutexLock lock(mutex_);
  if (open_[file].file == nullptr) {
    open_[file] = {.file = std::move(opened), .held = std::move(loaded.held)};
  }
  return open_[file].file.get();
}

absl::StatusOr<types::ColumnView> FieldFiles::Chunk(std::size_t file,
                                                    std::size_t chunk) const {
  ASSIGN_OR_RETURN(const ColumnFile* opened, Open(file));
  {
    base::MutexLock lock(mutex_);
    if (const KeptChunk* kept = FindKeptLocked(file, chunk)) {
      return kept->values.values;
    }
  }
  ASSIGN_OR_RETURN(ColumnChunk values, opened->Chunk(chunk));
  if (values.memory.empty()) return values.values;
  ASSIGN_OR_RETURN(
      base::MemoryReservation held,
      loader_.budget().Reserve(static_cast<std::int64_t>(values.memory.size()),
                               files_[file].object));
  const types::ColumnView view = values.values;
  base::MutexLock lock(mutex_);
  // Another thread may have been faster: one copy is enough.
  if (const KeptChunk* kept = FindKeptLocked(file, chunk)) {
    return kept->values.values;
  }
  kept_.push_back(
      std::make_unique<const KeptChunk>(KeptChunk{.file = file,
                                                  .chunk = chunk,
                                                  .values = std::move(values),
                                                  .held = std::move(held)}));
  return view;
}

const FieldFiles::KeptChunk* FieldFiles::FindKeptLocked(
    std::size_t file, std::size_t chunk) const {
  for (const auto& kept : kept_) {
    if (kept->file == file && kept->chunk == chunk) return kept.get();
  }
  return nullptr;
}

std::size_t FieldFiles::memory_bytes() const {
  base::MutexLock lock(mutex_);
  std::int64_t bytes = 0;
  for (const OpenFile& file : open_) bytes += file.held.bytes();
  for (const auto& kept : kept_) bytes += kept->held.bytes();
  return static_cast<std::size_t>(bytes);
}

}  // namespace elanus::segment
