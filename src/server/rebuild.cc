#include "server/rebuild.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/crc32c.h"
#include "coordinator/collection_file.h"
#include "coordinator/collection_saver.h"
#include "coordinator/meta_records.h"
#include "segment/file/manifest.h"
#include "storage/errors.h"
#include "worker/data_node/segment_files.h"

namespace elanus::server {
namespace {

namespace keys = coordinator::keys;
using coordinator::CollectionFile;
using coordinator::SegmentEntry;

class Rebuild {
 public:
  explicit Rebuild(storage::ObjectStore& objects) : objects_(objects) {}

  absl::StatusOr<RebuiltMeta> Run() && {
    ASSIGN_OR_RETURN(const auto names,
                     coordinator::ListCollectionFiles(objects_));
    if (names.empty()) {
      return storage::ObjectNotFound(coordinator::kCollectionFiles);
    }
    for (const auto& [collection, name] : names) {
      ASSIGN_OR_RETURN(const CollectionFile file, Read(name));
      RETURN_IF_ERROR(AddRecords(file, name));
      for (const SegmentEntry& segment : file.segments) {
        AddSegment(file.collection, segment);
      }
    }
    Put(keys::kIdBound, std::to_string(id_bound_));
    Put(keys::kTimeBound, std::to_string(time_bound_));
    rebuilt_.files = names.size();
    for (auto& [key, found] : records_) {
      rebuilt_.entries.push_back({.key = key, .value = std::move(found.value)});
    }
    return std::move(rebuilt_);
  }

 private:
  struct Found {
    std::string value;
    std::uint64_t revision = 0;  // of the file
    std::string file;
  };

  absl::StatusOr<CollectionFile> Read(const std::string& name) const {
    const absl::StatusOr<base::Buffer> bytes = objects_.Get(name);
    absl::StatusOr<CollectionFile> file =
        bytes.ok() ? coordinator::ParseCollectionFile(bytes->view(), name)
                   : absl::StatusOr<CollectionFile>(bytes.status());
    if (file.ok()) return file;
    return base::Annotate(
        file.status(),
        "{} says which rows its collection has; move it away to go on without "
        "that collection",
        name);
  }

  // Files of two collections may show two moments, one before and one after
  // an alias went from the one to the other: the later one is right.
  absl::Status AddRecords(const CollectionFile& file, const std::string& name) {
    id_bound_ = std::max(id_bound_, file.id_bound);
    time_bound_ = std::max(time_bound_, file.time_bound);
    for (const coordinator::MetaText& record : file.records) {
      const auto [it, added] = records_.try_emplace(record.key);
      Found& found = it->second;
      if (!added && record.key.starts_with(keys::kNames)) {
        return base::DataLoss(
            "{} and {} are of two collections of the same name; move away the "
            "one that shall go",
            found.file, name);
      }
      if (!added && found.revision >= file.revision) continue;
      found = {.value = record.value, .revision = file.revision, .file = name};
    }
    return absl::OkStatus();
  }

  void AddSegment(base::CollectionId collection, const SegmentEntry& entry) {
    internal::SegmentMeta meta;
    meta.set_id(base::ToInt(entry.id));
    meta.set_collection_id(base::ToInt(collection));
    meta.set_partition_id(base::ToInt(entry.partition));
    meta.set_shard(entry.shard);
    meta.set_state(entry.state);
    meta.set_attempt_id(base::ToInt(entry.attempt));
    meta.set_synced_to(entry.synced_to.Encode());
    meta.set_closed_at(entry.synced_to.Encode());
    meta.mutable_manifest()->set_name(entry.manifest);
    meta.mutable_manifest()->set_size(entry.manifest_size);
    meta.mutable_manifest()->set_crc32c(entry.manifest_crc);
    if (entry.state == internal::SEGMENT_FLUSHED) {
      const auto manifest = ReadManifest(entry);
      if (manifest.ok()) {
        meta = worker::MetaOf(*manifest, entry.attempt, meta.manifest());
      } else {
        rebuilt_.damaged.emplace_back(base::MessageOf(manifest.status()));
      }
    }
    Put(keys::Segment(collection, entry.id), meta.SerializeAsString());
  }

  absl::StatusOr<segment::Manifest> ReadManifest(
      const SegmentEntry& entry) const {
    ASSIGN_OR_RETURN(const base::Buffer bytes, objects_.Get(entry.manifest));
    if (base::Crc32c(bytes.bytes()) != entry.manifest_crc) {
      return base::DataLoss("{}: the checksum does not match", entry.manifest);
    }
    return segment::ParseManifest(bytes.view(), entry.manifest);
  }

  void Put(std::string_view key, std::string value) {
    records_[std::string(key)].value = std::move(value);
  }

  storage::ObjectStore& objects_;
  std::map<std::string, Found> records_;
  std::uint64_t id_bound_ = 0;
  std::uint64_t time_bound_ = 0;
  RebuiltMeta rebuilt_;
};

}  // namespace

absl::StatusOr<RebuiltMeta> RebuildMeta(storage::ObjectStore& objects) {
  return Rebuild(objects).Run();
}

}  // namespace elanus::server
