// Definitions of indexes: made, dropped, described.
#include <memory>
#include <utility>

#include "coordinator/data/data_coordinator.h"

namespace elanus::coordinator {
namespace {

bool SameParams(const internal::IndexMeta& a, const internal::IndexMeta& b) {
  if (a.index_type() != b.index_type() || a.metric_type() != b.metric_type() ||
      a.user_params_size() != b.user_params_size()) {
    return false;
  }
  absl::flat_hash_map<std::string, std::string> params;
  for (const auto& pair : a.user_params()) params[pair.key()] = pair.value();
  for (const auto& pair : b.user_params()) {
    const auto it = params.find(pair.key());
    if (it == params.end() || it->second != pair.value()) return false;
  }
  return true;
}

absl::Status IndexNotFound(const std::string& index_name,
                           std::int64_t collection_id) {
  return index_name.empty()
             ? base::Error(base::ErrorCode::kIndexNotFound,
                           "index not found[collection={}]", collection_id)
             : base::Error(base::ErrorCode::kIndexNotFound,
                           "index not found[indexName={}]", index_name);
}

absl::Status IndexIsLoaded() {
  return base::InvalidInput(base::ErrorCode::kUnexpected,
                            "index cannot be dropped, collection is loaded, "
                            "please release it first");
}

}  // namespace

template <typename Change>
void DataCoordinator::ChangeIndexes(std::int64_t collection_id, Change change,
                                    base::Done done) {
  index_changes_->Run(
      {keys::IndexesOf(base::CollectionId{collection_id})},
      [this, change = std::move(change),
       done = std::move(done)](KeySequencer::Turn turn) mutable {
        // What is there already is answered without a
        // transaction: it has to be there.
        absl::Status status = meta_.Refresh();
        if (status.ok()) status = change();
        turn.Release();
        done(std::move(status));
      });
}

// A field has one index at most: what is there is looked up before the record
// is written, under a key of its own.
void DataCoordinator::CreateIndex(const base::OpContext&,
                                  const internal::CreateIndexRequest& request,
                                  internal::Empty*, base::Done done) {
  WithId([this, &request,
          done = std::move(done)](absl::StatusOr<std::int64_t> id) mutable {
    if (!id.ok()) return done(id.status());
    ChangeIndexes(
        request.collection_id(),
        [this, &request, id = *id] {
          internal::CreateIndexRequest numbered = request;
          numbered.mutable_index()->set_id(id);
          return DoCreateIndex(numbered);
        },
        std::move(done));
  });
}

absl::Status DataCoordinator::DoCreateIndex(
    const internal::CreateIndexRequest& request) {
  const base::CollectionId collection{request.collection_id()};
  internal::IndexMeta wanted = request.index();
  wanted.set_collection_id(request.collection_id());
  if (wanted.name().empty()) wanted.set_name(wanted.field_name());
  for (const Ref<internal::IndexMeta>& known :
       meta_.List<internal::IndexMeta>(keys::IndexesOf(collection))) {
    const bool same_name = known->message.name() == wanted.name();
    if (known->message.field_id() == wanted.field_id()) {
      if (same_name && SameParams(known->message, wanted)) {
        // Perhaps a former call got no further than the definition.
        return BeginIndex(known->message);
      }
      return base::InvalidInput(base::ErrorCode::kUnexpected,
                                "CreateIndex failed: at most one distinct "
                                "index is allowed per field");
    }
    if (same_name) {
      return base::InvalidInput(
          base::ErrorCode::kIndexDuplicate,
          "CreateIndex failed: index already exist on another field: index "
          "duplicates[indexName={}]",
          wanted.name());
    }
  }
  const std::string key = keys::Index(collection, base::IndexId{wanted.id()});
  MetaChange change;
  change.ExpectAbsent(key);
  // A drop takes the channels away first: behind it there is no index any more
  // that nobody could drop.
  change.ExpectExists(keys::Channel(collection, /*shard=*/0));
  change.Put(key, wanted);
  ASSIGN_OR_RETURN(const bool done, meta_.Commit(std::move(change)));
  if (!done) {
    return base::Error(base::ErrorCode::kCollectionNotFound,
                       "collection not found[collection={}]",
                       request.collection_id());
  }
  return BeginIndex(wanted);
}

absl::Status DataCoordinator::BeginIndex(const internal::IndexMeta& index) {
  RETURN_IF_ERROR(MakeTasks(index));
  ScheduleTasks();
  // Readers learn the index's metric and parameters.
  for (const Ref<internal::ChannelMeta>& channel :
       meta_.List<internal::ChannelMeta>(
           keys::ChannelsOf(base::CollectionId{index.collection_id()}))) {
    NotifyTarget(index.collection_id(), channel->message.shard());
  }
  return absl::OkStatus();
}

void DataCoordinator::DropIndex(const base::OpContext& ctx,
                                const internal::DropIndexRequest& request,
                                internal::Empty*, base::Done done) {
  struct Question {
    internal::GetLoadStateRequest request;
    internal::GetLoadStateReply reply;
  };
  auto question = std::make_unique<Question>();
  question->request.set_collection_id(request.collection_id());
  Question& parts = *question;
  deps_.query_coord.GetLoadState(
      ctx, parts.request, &parts.reply,
      [this, &request, question = std::move(question),
       done = std::move(done)](absl::Status status) mutable {
        if (!status.ok()) return done(std::move(status));
        if (question->reply.state() !=
            internal::GetLoadStateReply::NOT_LOADED) {
          return done(IndexIsLoaded());
        }
        ChangeIndexes(
            request.collection_id(),
            [this, &request] { return DoDropIndex(request); }, std::move(done));
      });
}

// The definition goes first: what is left of its tasks if this fails belongs
// to nobody then, and MendTasks sweeps it.
absl::Status DataCoordinator::DoDropIndex(
    const internal::DropIndexRequest& request) {
  const base::CollectionId collection{request.collection_id()};
  std::vector<Ref<internal::IndexMeta>> matching;
  for (const Ref<internal::IndexMeta>& index :
       meta_.List<internal::IndexMeta>(keys::IndexesOf(collection))) {
    if ((request.index_name().empty() ||
         index->message.name() == request.index_name()) &&
        (request.field_name().empty() ||
         index->message.field_name() == request.field_name())) {
      matching.push_back(index);
    }
  }
  if (request.index_name().empty() && matching.size() > 1) {
    return base::InvalidInput(base::ErrorCode::kIndexDuplicate,
                              "index duplicates[indexName=]: name one of the "
                              "{} indexes of the field",
                              matching.size());
  }
  for (const Ref<internal::IndexMeta>& index : matching) {
    MetaChange change;
    // A load may have begun meanwhile; one that begins later expects the index.
    change.ExpectAbsent(keys::Load(collection));
    change.Delete<internal::IndexMeta>(index->key);
    ASSIGN_OR_RETURN(const bool done, meta_.Commit(std::move(change)));
    if (!done) return IndexIsLoaded();
    for (const Ref<internal::SegmentIndexMeta>& task :
         meta_.List<internal::SegmentIndexMeta>(
             keys::SegmentIndexesOf(collection))) {
      if (task->message.index_id() != index->message.id()) continue;
      MetaChange drop;
      drop.Delete<internal::SegmentIndexMeta>(task->key);
      RETURN_IF_ERROR(meta_.Commit(std::move(drop)).status());
    }
  }
  return absl::OkStatus();
}

void DataCoordinator::DescribeIndex(
    const base::OpContext&, const internal::DescribeIndexRequest& request,
    internal::DescribeIndexReply* reply, base::Done done) {
  for (const Ref<internal::IndexMeta>& index : meta_.List<internal::IndexMeta>(
           keys::IndexesOf(base::CollectionId{request.collection_id()}))) {
    if ((request.index_name().empty() ||
         index->message.name() == request.index_name()) &&
        (request.field_name().empty() ||
         index->message.field_name() == request.field_name())) {
      *reply->add_indexes() = ProgressOf(index->message);
    }
  }
  done(reply->indexes_size() > 0
           ? absl::OkStatus()
           : IndexNotFound(request.index_name(), request.collection_id()));
}

internal::IndexProgress DataCoordinator::ProgressOf(
    const internal::IndexMeta& index) const {
  internal::IndexProgress progress;
  *progress.mutable_index() = index;
  progress.set_state(internal::INDEX_FINISHED);
  for (const Ref<internal::SegmentMeta>& segment :
       LiveSegments(index.collection_id())) {
    const std::int64_t rows = segment->message.rows();
    progress.set_total_rows(progress.total_rows() + rows);
    if (!NeedsBuild(index, segment->message)) {
      progress.set_indexed_rows(progress.indexed_rows() + rows);
      continue;
    }
    const Ref<internal::SegmentIndexMeta> task =
        meta_.Find<internal::SegmentIndexMeta>(keys::SegmentIndex(
            base::CollectionId{index.collection_id()},
            base::SegmentId{segment->message.id()}, base::IndexId{index.id()}));
    const internal::IndexTaskState state =
        task == nullptr ? internal::INDEX_UNISSUED : task->message.state();
    if (state == internal::INDEX_FINISHED) {
      progress.set_indexed_rows(progress.indexed_rows() + rows);
      continue;
    }
    progress.set_pending_rows(progress.pending_rows() + rows);
    if (state == internal::INDEX_FAILED) {
      progress.set_state(internal::INDEX_FAILED);
      progress.set_fail_reason(task->message.fail_reason());
    } else if (progress.state() != internal::INDEX_FAILED) {
      progress.set_state(internal::INDEX_IN_PROGRESS);
    }
  }
  return progress;
}

}  // namespace elanus::coordinator
