#include "worker/index_node/index_node.h"

#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/crc32c.h"
#include "base/log.h"
#include "index/vector/build_memory.h"
#include "index/vector/registry.h"
#include "segment/sealed/sealed_segment.h"
#include "segment/vector_blocks.h"
#include "worker/channel_spec.h"
#include "worker/index_spec.h"

namespace elanus::worker {

void IndexNode::BuildIndex(const base::OpContext&,
                           const internal::BuildIndexRequest& request,
                           internal::Empty*, base::Done done) {
  deps_.executor.Submit([this, &request, done = std::move(done)]() mutable {
    struct Call {
      internal::CommitIndexRequest request;
      internal::Empty reply;
    };
    auto call = std::make_shared<Call>();
    absl::Status built = Build(request, &call->request);
    if (!built.ok()) return done(std::move(built));
    deps_.data_coord.CommitIndex(
        base::OpContext(), call->request, &call->reply,
        [call, done = std::move(done)](absl::Status status) mutable {
          done(std::move(status));
        });
  });
}

absl::Status IndexNode::Build(const internal::BuildIndexRequest& request,
                              internal::CommitIndexRequest* commit) const {
  ASSIGN_OR_RETURN(const std::shared_ptr<const types::Schema> schema,
                   SchemaOf(request.collection()));
  ASSIGN_OR_RETURN(const index::IndexSpec spec,
                   SpecOfIndex(request.index(), *schema));
  const types::FieldSchema* field =
      schema->Find(base::FieldId{request.index().field_id()});
  ASSIGN_OR_RETURN(
      const std::shared_ptr<segment::SealedSegment> segment,
      segment::SealedSegment::Open(
          deps_.objects, deps_.budget,
          {.manifest = request.segment().manifest().name(),
           .manifest_crc32c = request.segment().manifest().crc32c(),
           .schema = schema}));
  ASSIGN_OR_RETURN(const std::vector<index::VectorBlock> blocks,
                   segment::VectorBlocks(*segment, *field, segment->rows()));
  const index::VectorDataset dataset = {
      .blocks = blocks,
      .dim = static_cast<std::size_t>(field->dim),
      .type = field->type};
  const index::BuildOptions options = {.executor = &deps_.executor,
                                       .max_threads = deps_.threads};
  ASSIGN_OR_RETURN(
      const base::MemoryReservation held,
      deps_.budget.Reserve(
          static_cast<std::int64_t>(index::BuildMemory(spec, dataset, options)),
          fmt::format("index of segment {}", request.segment().id())));
  ASSIGN_OR_RETURN(const std::unique_ptr<index::VectorIndex> built,
                   index::BuildIndex(stop_, spec, dataset, options));
  ASSIGN_OR_RETURN(const std::vector<index::IndexFile> files, built->Save());
  commit->set_attempt_id(request.attempt_id());
  commit->set_collection_id(request.collection().id());
  commit->set_segment_id(request.segment().id());
  commit->set_index_id(request.index().id());
  for (const index::IndexFile& file : files) {
    internal::ObjectRef* object = commit->add_files();
    object->set_name(fmt::format("index/{}/{}/{}/{}", request.segment().id(),
                                 request.index().field_id(),
                                 request.attempt_id(), file.name));
    object->set_size(file.bytes.size());
    object->set_crc32c(base::Crc32c(file.bytes.bytes()));
    RETURN_IF_ERROR(deps_.objects.Put(object->name(), file.bytes.bytes()));
  }
  LOG_INFO("index {} of segment {}: {} rows, {} files", request.index().name(),
           request.segment().id(), segment->rows(), files.size());
  return absl::OkStatus();
}

}  // namespace elanus::worker
