#include "worker/data_node/delete_writer.h"

#include <memory>
#include <string>

#include <fmt/format.h>

#include "worker/delete_files.h"

namespace elanus::worker {

absl::StatusOr<internal::DeleteFileMeta> WriteDeletes(
    storage::ObjectStore& objects, segment::DeleteFileBuilder& builder,
    base::AttemptId attempt) {
  const segment::DeleteFileSpec& spec = builder.spec();
  const std::string name = fmt::format(
      "delete/{}-{}/{}/deletes", base::ToInt(spec.vchannel.collection),
      spec.vchannel.shard, base::ToInt(attempt));
  const segment::DeleteExtent extent = builder.extent();
  internal::DeleteFileMeta meta;
  meta.set_count(builder.count());
  meta.set_min_at(extent.min_at.value);
  meta.set_max_at(extent.max_at.value);
  meta.set_max_upto(extent.max_upto.value);
  meta.set_from(spec.from.Encode());
  meta.set_to(spec.to.Encode());
  ASSIGN_OR_RETURN(const std::unique_ptr<storage::Upload> upload,
                   objects.StartUpload(name));
  ASSIGN_OR_RETURN(const segment::WrittenFile written, builder.Write(*upload));
  RETURN_IF_ERROR(upload->Finish());
  meta.mutable_object()->set_name(name);
  meta.mutable_object()->set_size(written.size);
  meta.mutable_object()->set_crc32c(written.crc);
  return meta;
}

absl::StatusOr<internal::DeleteFileMeta> MergeDeleteFiles(
    storage::ObjectStore& objects,
    const internal::MergeDeletesRequest& request) {
  if (request.files().empty()) {
    return base::Error(base::ErrorCode::kServiceInternal,
                       "no delete files to merge");
  }
  std::vector<segment::DeleteFile> files;
  for (const internal::DeleteFileMeta& meta : request.files()) {
    ASSIGN_OR_RETURN(segment::DeleteFile file,
                     OpenDeleteFile(objects, meta.object().name()));
    files.push_back(std::move(file));
  }
  segment::DeleteFileBuilder builder({.vchannel = files.front().spec().vchannel,
                                      .key_type = files.front().spec().key_type,
                                      .from = files.front().spec().from,
                                      .to = files.back().spec().to});
  for (const segment::DeleteFile& file : files) {
    if (file.spec().key_type != builder.spec().key_type) {
      return base::DataLoss(
          "delete files of collection {} shard {} have keys "
          "of different types",
          request.collection_id(), request.shard());
    }
    builder.Add(file);
  }
  return WriteDeletes(objects, builder, base::AttemptId{request.attempt_id()});
}

}  // namespace elanus::worker
