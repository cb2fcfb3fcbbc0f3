#include "coordinator/root/partition.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "coordinator/meta_records.h"
#include "coordinator/root/capacity.h"
#include "coordinator/root/ddl_operation.h"
#include "coordinator/root/names.h"
#include "segment/record/record_builder.h"
#include "storage/errors.h"

namespace elanus::coordinator {
namespace {

using base::ErrorCode;
using base::PartitionId;

// Of a transaction that loads overtake.
constexpr int kTries = 10;

internal::PartitionMeta* ById(internal::CollectionMeta& collection,
                              PartitionId id) {
  for (internal::PartitionMeta& partition : *collection.mutable_partitions()) {
    if (partition.id() == base::ToInt(id)) return &partition;
  }
  return nullptr;
}

bool Loads(const internal::LoadMeta& wish, PartitionId id) {
  return wish.whole_collection() ||
         std::find(wish.partition_ids().begin(), wish.partition_ids().end(),
                   base::ToInt(id)) != wish.partition_ids().end();
}

absl::Status PartitionIsLoaded() {
  return base::InvalidInput(ErrorCode::kUnexpected,
                            "partition cannot be dropped, partition is "
                            "loaded, please release it first");
}

class PartitionOperation : public DdlOperation {
 public:
  PartitionOperation(std::shared_ptr<RootCore> core,
                     const internal::PartitionRequest& request, base::Done done)
      : DdlOperation(std::move(core), std::move(done)), request_(request) {}

 protected:
  std::vector<std::string> Keys() const override {
    return KeysOf(catalog(), request_.collection_name());
  }

  absl::Status FindCollection() {
    ASSIGN_OR_RETURN(const CollectionRecord found,
                     FindUsable(catalog(), request_.database_name(),
                                request_.collection_name()));
    collection_ = *found;
    id_ = base::CollectionId{found->id()};
    return absl::OkStatus();
  }

  const internal::PartitionRequest request_;
  internal::CollectionMeta collection_;
  base::CollectionId id_{0};
};

class Create final : public PartitionOperation {
 public:
  using PartitionOperation::PartitionOperation;

 private:
  void Run() override {
    absl::Status status = FindCollection();
    const bool exists =
        status.ok() &&
        FindPartition(collection_, request_.partition_name()) != nullptr;
    if (status.ok() && !exists) {
      status = CheckRoomForPartition(catalog(), core_->options, collection_);
    }
    if (!status.ok() || exists) {
      Finish(std::move(status));
      return;
    }
    core_->ids->Allocate(1, [this, next = Then(&Create::AllocateTime)](
                                absl::StatusOr<std::uint64_t> id) mutable {
      if (id.ok()) partition_ = static_cast<PartitionId>(*id);
      next(id.status());
    });
  }

  void AllocateTime() {
    core_->times->Allocate(1, [this, next = Then(&Create::WriteIntent)](
                                  absl::StatusOr<std::uint64_t> time) mutable {
      if (time.ok()) time_ = *time;
      next(time.status());
    });
  }

  void WriteIntent() {
    internal::PartitionMeta& partition = *collection_.add_partitions();
    partition.set_id(base::ToInt(partition_));
    partition.set_name(request_.partition_name());
    partition.set_created_at(time_);
    partition.set_state(internal::CREATING);
    absl::Status status = catalog().Update(collection_);
    if (!status.ok()) {
      core_->ResumeIntentsLater();
      Finish(std::move(status));
      return;
    }
    intended_ = true;
    core_->AppendToShards(
        collection_,
        [id = partition_,
         name = request_.partition_name()](segment::RecordHeader header) {
          return segment::BuildCreatePartition(header, id, name);
        },
        [next = Then(&Create::WriteCreated)](
            const absl::StatusOr<std::vector<storage::Position>>&
                positions) mutable { next(positions.status()); });
  }

  void WriteCreated() {
    ById(collection_, partition_)->set_state(internal::CREATED);
    absl::Status status = catalog().Update(collection_);
    if (!status.ok()) {
      Failed(std::move(status));
      return;
    }
    core_->InvalidateProxies(
        id_, {collection_.name()},
        [next = Then(&Create::Answer)]() mutable { next(absl::OkStatus()); });
  }

  void Answer() { Finish(absl::OkStatus()); }

  void Failed(absl::Status status) override {
    if (!intended_) {
      Finish(std::move(status));
      return;
    }
    error_ = std::move(status);
    if (catalog().in_doubt()) {
      base::LogIfError(catalog().Refresh(), "undone at the next try");
    }
    RemovePartition(
        core_, id_, partition_,
        [this, self = shared_from_this()](const absl::Status& undone) {
          if (!undone.ok()) core_->ResumeIntentsLater();
          Finish(std::move(error_));
        });
  }

  PartitionId partition_{0};
  std::uint64_t time_ = 0;
  bool intended_ = false;
  absl::Status error_;
};

class Drop final : public PartitionOperation {
 public:
  using PartitionOperation::PartitionOperation;

 private:
  void Run() override {
    absl::Status status = FindCollection();
    if (status.ok() && request_.partition_name() == kDefaultPartitionName) {
      status = base::InvalidInput(ErrorCode::kUnexpected,
                                  "default partition cannot be deleted");
    }
    const internal::PartitionMeta* partition =
        status.ok() ? FindPartition(collection_, request_.partition_name())
                    : nullptr;
    if (partition == nullptr) {
      Finish(std::move(status));
      return;
    }
    partition_ = PartitionId{partition->id()};
    load_.set_collection_id(base::ToInt(id_));
    load_.add_partition_ids(partition->id());
    core_->deps.query_coord.GetLoadState(ctx_, load_, &loaded_,
                                         Then(&Drop::Remove));
  }

  void Remove() {
    if (loaded_.state() != internal::GetLoadStateReply::NOT_LOADED) {
      Finish(PartitionIsLoaded());
      return;
    }
    const absl::StatusOr<bool> begun = Begin();
    if (begun.ok() && !*begun) {
      Finish(PartitionIsLoaded());
      return;
    }
    removing_ = true;
    if (begun.ok()) {
      RemovePartition(core_, id_, partition_, Then(&Drop::Answer));
    } else {
      Failed(begun.status());
    }
  }

  // False if it is loaded: a load may have begun since query coord was asked;
  // one that begins later expects the collection's record as it was.
  absl::StatusOr<bool> Begin() {
    const std::string load_key = keys::Load(id_);
    for (int tries = 1;; ++tries) {
      ASSIGN_OR_RETURN(const auto load, GetRecord<internal::LoadMeta>(
                                            core_->deps.store, load_key));
      if (load.has_value() && Loads(load->message, partition_)) return false;
      ById(collection_, partition_)->set_state(internal::DROPPING);
      absl::Status status = catalog().Update(
          collection_, load.has_value()
                           ? CompareUnchanged(*load)
                           : storage::MetaCompare::Absent(load_key));
      if (status.ok()) return true;
      if (storage::IsOutcomeUnknown(status) || tries == kTries) return status;
      RETURN_IF_ERROR(catalog().Refresh());
      const CollectionRecord now = catalog().ById(id_);
      if (now == nullptr) return status;
      collection_ = *now;
      const internal::PartitionMeta* partition = ById(collection_, partition_);
      if (partition == nullptr || partition->state() == internal::DROPPING) {
        return true;  // by a transaction that was sent twice
      }
    }
  }

  void Answer() { Finish(absl::OkStatus()); }

  void Failed(absl::Status status) override {
    if (removing_) core_->ResumeIntentsLater();
    Finish(std::move(status));
  }

  PartitionId partition_{0};
  internal::GetLoadStateRequest load_;
  internal::GetLoadStateReply loaded_;
  bool removing_ = false;
};

class RemoveSteps final : public Chain {
 public:
  RemoveSteps(std::shared_ptr<RootCore> core,
              internal::CollectionMeta collection, PartitionId partition,
              base::Done done)
      : Chain(std::move(core), std::move(done)),
        collection_(std::move(collection)),
        id_{collection_.id()},
        partition_(partition) {}

  void Run() {
    internal::PartitionMeta& partition = *ById(collection_, partition_);
    name_ = partition.name();
    if (partition.state() != internal::DROPPING) {
      partition.set_state(internal::DROPPING);
      absl::Status status = catalog().Update(collection_);
      if (!status.ok()) {
        Finish(std::move(status));
        return;
      }
    }
    core_->InvalidateProxies(id_, {collection_.name()},
                             [next = Then(&RemoveSteps::Append)]() mutable {
                               next(absl::OkStatus());
                             });
  }

 private:
  void Append() {
    core_->AppendToShards(
        collection_,
        [id = partition_, name = name_](segment::RecordHeader header) {
          return segment::BuildDropPartition(header, id, name);
        },
        [next = Then(&RemoveSteps::DropData)](
            const absl::StatusOr<std::vector<storage::Position>>&
                positions) mutable { next(positions.status()); });
  }

  void DropData() {
    drop_.set_collection_id(base::ToInt(id_));
    drop_.set_partition_id(base::ToInt(partition_));
    core_->deps.data_coord.DropPartition(ctx_, drop_, &empty_,
                                         Then(&RemoveSteps::Erase));
  }

  void Erase() {
    auto& partitions = *collection_.mutable_partitions();
    for (auto it = partitions.begin(); it != partitions.end(); ++it) {
      if (it->id() != base::ToInt(partition_)) continue;
      partitions.erase(it);
      break;
    }
    Finish(catalog().Update(collection_));
  }

  internal::CollectionMeta collection_;
  const base::CollectionId id_;
  const PartitionId partition_;
  std::string name_;
  internal::PartitionIdRequest drop_;
  internal::Empty empty_;
};

}  // namespace

void CreatePartition(std::shared_ptr<RootCore> core,
                     const internal::PartitionRequest& request,
                     base::Done done) {
  DdlOperation::Start(
      std::make_shared<Create>(std::move(core), request, std::move(done)));
}

void DropPartition(std::shared_ptr<RootCore> core,
                   const internal::PartitionRequest& request, base::Done done) {
  DdlOperation::Start(
      std::make_shared<Drop>(std::move(core), request, std::move(done)));
}

void RemovePartition(std::shared_ptr<RootCore> core,
                     base::CollectionId collection, PartitionId partition,
                     base::Done done) {
  const CollectionRecord there = core->catalog.ById(collection);
  internal::CollectionMeta copy;
  if (there != nullptr) copy = *there;
  if (ById(copy, partition) == nullptr) {
    done(absl::OkStatus());
    return;
  }
  std::make_shared<RemoveSteps>(std::move(core), std::move(copy), partition,
                                std::move(done))
      ->Run();
}

}  // namespace elanus::coordinator
