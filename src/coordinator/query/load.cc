#include "coordinator/query/load.h"

#include <string>
#include <utility>

#include "base/join.h"
#include "coordinator/meta_records.h"
#include "coordinator/query/wish.h"

namespace elanus::coordinator {
namespace {

using base::CollectionId;
using base::ErrorCode;

std::string KeyOf(CollectionId id) { return std::to_string(base::ToInt(id)); }

// One load from the check of its indexes to the answer.
struct LoadOperation {
  std::shared_ptr<QueryCore> core;
  const internal::LoadRequest& request;
  base::Done done;
  KeySequencer::Turn turn;  // while it lives
  internal::DescribeIndexRequest which;
  internal::DescribeIndexReply indexes;
};

void RefreshAll(const std::shared_ptr<CollectionLoad>& load) {
  for (std::size_t i = 0; i < load->nodes().size(); ++i) {
    load->Refresh(
        static_cast<std::int32_t>(i), [i](const absl::Status& status) {
          base::LogIfError(status, fmt::format("refresh of shard {}", i));
        });
  }
}

absl::Status MakeWish(const LoadOperation& operation) {
  const internal::LoadRequest& request = operation.request;
  WishNeeds needs;
  needs.partitions.assign(request.partition_ids().begin(),
                          request.partition_ids().end());
  ASSIGN_OR_RETURN(needs.indexes, NeededIndexes(request, operation.indexes));
  QueryCore& core = *operation.core;
  const std::vector<QueryNodeRef> nodes = core.nodes();
  RETURN_IF_ERROR(CheckPlace(request, nodes.size()));
  if (nodes.empty()) {
    return base::MakeRetriable(ErrorCode::kNodeNotAvailable,
                               "node not available: there is no query node");
  }
  const CollectionId id{request.collection().id()};
  const std::shared_ptr<CollectionLoad> load = core.FindOrMake(
      id, static_cast<std::size_t>(request.collection().vchannels_size()));
  const std::optional<internal::LoadMeta> before = load->wish();
  internal::LoadMeta wish = NewWish(request);
  if (before.has_value()) {
    ASSIGN_OR_RETURN(wish, Extended(*before, request));
  }
  absl::Status written = core.WriteWish(wish, needs);
  if (!written.ok()) {
    if (!before.has_value()) core.Forget(id);
    return written;
  }
  load->SetWish(std::move(wish));
  if (request.refresh()) RefreshAll(load);
  return absl::OkStatus();
}

// Of some partitions: the rest stays. Empty = nothing is left.
absl::StatusOr<std::optional<internal::LoadMeta>> WhatIsLeft(
    QueryCore& core, const internal::LoadMeta& wish,
    const std::vector<std::int64_t>& released) {
  if (released.empty()) return std::optional<internal::LoadMeta>();
  const CollectionId id{wish.collection_id()};
  ASSIGN_OR_RETURN(const auto collection,
                   GetRecord<internal::CollectionMeta>(core.deps.store,
                                                       keys::Collection(id)));
  std::vector<std::int64_t> partitions;
  if (collection.has_value()) {
    for (const auto& partition : collection->message.partitions()) {
      if (partition.state() != internal::CREATED) continue;
      partitions.push_back(partition.id());
    }
  }
  internal::LoadMeta left = Reduced(wish, released, partitions);
  if (IsEmpty(left)) return std::optional<internal::LoadMeta>();
  return std::optional<internal::LoadMeta>(std::move(left));
}

void ReleaseAll(std::shared_ptr<QueryCore> core, CollectionId id,
                std::shared_ptr<CollectionLoad> load, KeySequencer::Turn turn,
                base::Done done) {
  absl::Status erased = core->EraseWish(id);
  if (!erased.ok()) {
    done(std::move(erased));
    return;
  }
  CollectionLoad& parts = *load;
  parts.Release([core = std::move(core), id, load = std::move(load),
                 turn = std::move(turn),
                 done = std::move(done)](absl::Status status) mutable {
    if (status.ok()) core->Forget(id);
    done(std::move(status));
  });
}

void ReleaseInTurn(std::shared_ptr<QueryCore> core, CollectionId id,
                   const std::vector<std::int64_t>& partitions,
                   KeySequencer::Turn turn, base::Done done) {
  std::shared_ptr<CollectionLoad> load = core->Find(id);
  if (load == nullptr) {
    // A load whose outcome stayed unknown may have left its record.
    done(partitions.empty() ? core->EraseWish(id) : absl::OkStatus());
    return;
  }
  const std::optional<internal::LoadMeta> wish = load->wish();
  if (!wish.has_value() && !partitions.empty()) {
    done(absl::OkStatus());
    return;
  }
  std::optional<internal::LoadMeta> left;
  if (wish.has_value()) {
    auto reduced = WhatIsLeft(*core, *wish, partitions);
    if (!reduced.ok()) {
      done(reduced.status());
      return;
    }
    left = *std::move(reduced);
  }
  if (!left.has_value()) {
    ReleaseAll(std::move(core), id, std::move(load), std::move(turn),
               std::move(done));
    return;
  }
  absl::Status written = core->WriteWish(*left, {});
  if (written.ok()) load->SetWish(*std::move(left));
  done(std::move(written));
}

}  // namespace

void Load(std::shared_ptr<QueryCore> core, const internal::LoadRequest& request,
          base::Done done) {
  const CollectionId id{request.collection().id()};
  KeySequencer& sequencer = *core->sequencer;
  sequencer.Run(
      {KeyOf(id)}, [core = std::move(core), &request,
                    done = std::move(done)](KeySequencer::Turn turn) mutable {
        auto operation = std::make_unique<LoadOperation>(
            LoadOperation{.core = std::move(core),
                          .request = request,
                          .done = std::move(done),
                          .turn = std::move(turn)});
        operation->which.set_collection_id(request.collection().id());
        LoadOperation& parts = *operation;
        parts.core->deps.data_coord.DescribeIndex(
            base::OpContext(), parts.which, &parts.indexes,
            [operation = std::move(operation)](absl::Status status) mutable {
              // No index at all is told in the load's own words.
              if (base::CodeOf(status) == ErrorCode::kIndexNotFound) {
                status = absl::OkStatus();
              }
              base::Executor& executor = operation->core->deps.executor;
              executor.Submit([operation = std::move(operation),
                               status = std::move(status)]() mutable {
                if (status.ok()) status = MakeWish(*operation);
                operation->done(std::move(status));
              });
            });
      });
}

void Release(std::shared_ptr<QueryCore> core,
             const internal::ReleaseRequest& request, base::Done done) {
  const CollectionId id{request.collection_id()};
  std::vector<std::int64_t> partitions(request.partition_ids().begin(),
                                       request.partition_ids().end());
  KeySequencer& sequencer = *core->sequencer;
  sequencer.Run({KeyOf(id)},
                [core = std::move(core), id, partitions = std::move(partitions),
                 done = std::move(done)](KeySequencer::Turn turn) mutable {
                  ReleaseInTurn(std::move(core), id, partitions,
                                std::move(turn), std::move(done));
                });
}

}  // namespace elanus::coordinator
