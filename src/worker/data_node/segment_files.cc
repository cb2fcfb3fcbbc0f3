#include "worker/data_node/segment_files.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/crc32c.h"
#include "segment/file/column_file.h"
#include "segment/file/folded_deletes.h"
#include "segment/file/manifest.h"
#include "segment/key.h"
#include "worker/data_node/column_copy.h"

namespace elanus::worker {
namespace {

// Keys of all rows with their places, ready to be sorted.
template <typename Key>
absl::StatusOr<std::vector<std::pair<Key, SourceRow>>> ListKeys(
    const Sources& sources) {
  std::vector<std::pair<Key, SourceRow>> keys;
  for (std::uint32_t source = 0; source < sources.size(); ++source) {
    const segment::Segment& segment = *sources[source];
    keys.reserve(keys.size() + segment.rows());
    for (const auto& range : segment.Chunks(segment.rows())) {
      ASSIGN_OR_RETURN(const types::ColumnView column,
                       segment.Keys(range.index));
      for (std::size_t row = 0; row < range.rows; ++row) {
        keys.emplace_back(std::get<Key>(segment::KeyAt(column, row)),
                          SourceRow{source, static_cast<segment::RowOffset>(
                                                range.row_begin + row)});
      }
    }
  }
  return keys;
}

template <typename Key>
absl::StatusOr<std::vector<SourceRow>> SortByKey(const Sources& sources) {
  ASSIGN_OR_RETURN(auto keys, ListKeys<Key>(sources));
  // Rows of one key may stand in several sources, so their times decide; the
  // stable order serves within a source.
  std::ranges::stable_sort(keys, {}, &std::pair<Key, SourceRow>::first);
  std::vector<SourceRow> rows;
  rows.reserve(keys.size());
  for (const auto& [key, row] : keys) rows.push_back(row);
  if (sources.size() == 1) return rows;
  for (std::size_t begin = 0; begin < keys.size();) {
    std::size_t end = begin + 1;
    while (end < keys.size() && keys[end].first == keys[begin].first) ++end;
    if (end - begin > 1) {
      std::vector<std::pair<base::Timestamp, SourceRow>> same;
      for (std::size_t i = begin; i < end; ++i) {
        ASSIGN_OR_RETURN(const base::Timestamp at,
                         sources[rows[i].source]->AtOf(rows[i].row));
        same.emplace_back(at, rows[i]);
      }
      std::ranges::stable_sort(same, {},
                               &std::pair<base::Timestamp, SourceRow>::first);
      for (std::size_t i = begin; i < end; ++i) {
        rows[i] = same[i - begin].second;
      }
    }
    begin = end;
  }
  return rows;
}

std::string FolderOf(const SegmentToWrite& what) {
  return fmt::format("segment/{}/{}/{}/{}", what.collection.id(),
                     base::ToInt(what.partition), base::ToInt(what.segment),
                     base::ToInt(what.attempt));
}

// Text that takes more room than it has to is worth the time to unpack it.
segment::Compression CompressionOf(const types::FieldSchema& field) {
  return field.type == types::DataType::kJson ? segment::Compression::kLz4
                                              : segment::Compression::kNone;
}

// The files of a segment in the making; they appear together.
struct SegmentUploads {
  storage::ObjectStore& objects;
  std::vector<std::unique_ptr<storage::Upload>> uploads = {};

  absl::StatusOr<storage::Upload*> Start(const std::string& name) {
    ASSIGN_OR_RETURN(std::unique_ptr<storage::Upload> upload,
                     objects.StartUpload(name));
    return uploads.emplace_back(std::move(upload)).get();
  }
};

absl::StatusOr<segment::SegmentFile> WriteColumn(
    SegmentUploads& files, const SegmentToWrite& what,
    const types::FieldSchema& field, const std::string& name) {
  ColumnCopy copy(what.sources, field);
  ASSIGN_OR_RETURN(const bool has_nulls, copy.HasNulls());
  ASSIGN_OR_RETURN(storage::Upload* const upload, files.Start(name));
  segment::ColumnFileWriter writer({.field = field.id,
                                    .type = field.type,
                                    .dim = field.dim,
                                    .rows = what.rows.size(),
                                    .has_nulls = has_nulls,
                                    .compression = CompressionOf(field)},
                                   *upload);
  RETURN_IF_ERROR(copy.Copy(what.rows, writer));
  ASSIGN_OR_RETURN(const segment::WrittenFile written, writer.Finish());
  return segment::SegmentFile{.object = name,
                              .kind = segment::SegmentFileKind::kColumn,
                              .field = field.id,
                              .first_row = 0,
                              .rows = what.rows.size(),
                              .size = written.size,
                              .crc = written.crc};
}

absl::StatusOr<segment::SegmentFile> WriteFolded(SegmentUploads& files,
                                                 const SegmentToWrite& what,
                                                 const std::string& name) {
  std::vector<std::uint32_t> rows;
  std::vector<std::uint64_t> ats;
  for (const FoldedRow& folded : what.folded) {
    rows.push_back(folded.row);
    ats.push_back(folded.at.value);
  }
  ASSIGN_OR_RETURN(storage::Upload* const upload, files.Start(name));
  ASSIGN_OR_RETURN(
      const segment::WrittenFile written,
      segment::WriteFoldedDeletes(
          {.segment_rows = what.rows.size(), .rows = rows, .ats = ats},
          *upload));
  return segment::SegmentFile{.object = name,
                              .kind = segment::SegmentFileKind::kFoldedDeletes,
                              .rows = rows.size(),
                              .size = written.size,
                              .crc = written.crc};
}

// Everything that can be told without having written a file.
absl::StatusOr<segment::Manifest> DescribeRows(const SegmentToWrite& what) {
  segment::Manifest manifest;
  manifest.vchannel = {base::CollectionId{what.collection.id()},
                       static_cast<std::uint32_t>(what.shard)};
  manifest.partition = what.partition;
  manifest.segment = what.segment;
  manifest.schema_version = what.schema.version;
  manifest.schema = what.collection.schema().SerializeAsString();
  manifest.rows = what.rows.size();
  manifest.synced_to = what.synced_to;
  manifest.history_from = what.history_from;
  manifest.sorted_by_key = true;
  manifest.min_at = base::Timestamp::Max();
  for (const SourceRow& row : what.rows) {
    ASSIGN_OR_RETURN(const base::Timestamp at,
                     what.sources[row.source]->AtOf(row.row));
    manifest.min_at = std::min(manifest.min_at, at);
    manifest.max_at = std::max(manifest.max_at, at);
  }
  manifest.deletes_to = std::max(what.deletes_to, manifest.min_at.Previous());
  const SourceRow first = what.rows.front();
  const SourceRow last = what.rows.back();
  ASSIGN_OR_RETURN(types::PrimaryKey smallest,
                   what.sources[first.source]->KeyOfRow(first.row));
  ASSIGN_OR_RETURN(types::PrimaryKey largest,
                   what.sources[last.source]->KeyOfRow(last.row));
  manifest.keys = segment::KeyRange{std::move(smallest), std::move(largest)};
  return manifest;
}

}  // namespace

absl::StatusOr<std::vector<SourceRow>> RowsByKey(const Sources& sources) {
  const types::DataType type = sources.front()->schema()->primary_key().type;
  return type == types::DataType::kVarChar
             ? SortByKey<std::string_view>(sources)
             : SortByKey<std::int64_t>(sources);
}

absl::StatusOr<internal::SegmentMeta> WriteSegment(
    storage::ObjectStore& objects, const SegmentToWrite& what) {
  const std::string folder = FolderOf(what);
  SegmentUploads files{objects};
  ASSIGN_OR_RETURN(segment::Manifest manifest, DescribeRows(what));
  const types::FieldSchema at_field{.id = segment::kTimestampField,
                                    .name = "at",
                                    .type = types::DataType::kInt64};
  ASSIGN_OR_RETURN(segment::SegmentFile at_file,
                   WriteColumn(files, what, at_field, folder + "/at.col"));
  manifest.files.push_back(std::move(at_file));
  for (const types::FieldSchema& field : what.schema.fields) {
    ASSIGN_OR_RETURN(
        segment::SegmentFile file,
        WriteColumn(files, what, field,
                    fmt::format("{}/{}.col", folder, base::ToInt(field.id))));
    manifest.files.push_back(std::move(file));
  }
  if (!what.folded.empty()) {
    ASSIGN_OR_RETURN(segment::SegmentFile file,
                     WriteFolded(files, what, folder + "/folded.del"));
    manifest.files.push_back(std::move(file));
  }
  const std::string name = folder + "/manifest";
  const std::string bytes = segment::SerializeManifest(manifest);
  const auto raw = std::as_bytes(std::span(bytes.data(), bytes.size()));
  // Last: whoever finds a manifest finds the files that it names.
  RETURN_IF_ERROR(objects.FinishAll(files.uploads));
  RETURN_IF_ERROR(objects.Put(name, raw));
  internal::ObjectRef where;
  where.set_name(name);
  where.set_size(bytes.size());
  where.set_crc32c(base::Crc32c(raw));
  return MetaOf(manifest, what.attempt, std::move(where));
}

internal::SegmentMeta MetaOf(const segment::Manifest& manifest,
                             base::AttemptId attempt,
                             internal::ObjectRef where) {
  internal::SegmentMeta meta;
  meta.set_id(base::ToInt(manifest.segment));
  meta.set_collection_id(base::ToInt(manifest.vchannel.collection));
  meta.set_partition_id(base::ToInt(manifest.partition));
  meta.set_shard(static_cast<std::int32_t>(manifest.vchannel.shard));
  meta.set_state(internal::SEGMENT_FLUSHED);
  meta.set_rows(static_cast<std::int64_t>(manifest.rows));
  std::uint64_t bytes = 0;
  std::uint64_t deleted_rows = 0;
  for (const segment::SegmentFile& file : manifest.files) {
    bytes += file.size;
    if (file.kind == segment::SegmentFileKind::kFoldedDeletes) {
      deleted_rows += file.rows;
    }
  }
  meta.set_bytes(static_cast<std::int64_t>(bytes));
  meta.set_deleted_rows(static_cast<std::int64_t>(deleted_rows));
  meta.set_synced_to(manifest.synced_to.Encode());
  meta.set_closed_at(manifest.synced_to.Encode());
  meta.set_min_at(manifest.min_at.value);
  meta.set_max_at(manifest.max_at.value);
  meta.set_deletes_to(manifest.deletes_to.value);
  meta.set_history_from(manifest.history_from.value);
  meta.set_sorted_by_key(manifest.sorted_by_key);
  meta.set_attempt_id(base::ToInt(attempt));
  meta.set_schema_version(manifest.schema_version);
  *meta.mutable_manifest() = std::move(where);
  return meta;
}

}  // namespace elanus::worker
