#include "coordinator/root/drop_collection.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "coordinator/root/ddl_operation.h"
#include "coordinator/root/names.h"
#include "segment/record/record_builder.h"

namespace elanus::coordinator {
namespace {

using base::ErrorCode;

class DropSteps final : public Chain {
 public:
  DropSteps(std::shared_ptr<RootCore> core, CollectionRecord collection,
            base::Done done)
      : Chain(std::move(core), std::move(done)),
        collection_(std::move(collection)),
        id_{collection_->id()} {}

  void Run() {
    release_.set_collection_id(base::ToInt(id_));
    core_->deps.query_coord.Release(ctx_, release_, &empty_,
                                    Then(&DropSteps::Append));
  }

 private:
  void Append() {
    core_->AppendToShards(
        *collection_, segment::BuildDropCollection,
        [next = Then(&DropSteps::DropData)](
            const absl::StatusOr<std::vector<storage::Position>>&
                positions) mutable { next(positions.status()); });
  }

  void DropData() {
    drop_.set_collection_id(base::ToInt(id_));
    core_->deps.data_coord.DropCollection(ctx_, drop_, &empty_,
                                          Then(&DropSteps::Remove));
  }

  void Remove() {
    absl::Status status = catalog().Remove(id_);
    if (status.ok()) core_->Forget(*collection_);
    Finish(std::move(status));
  }

  const CollectionRecord collection_;
  const base::CollectionId id_;
  internal::ReleaseRequest release_;
  internal::CollectionIdRequest drop_;
  internal::Empty empty_;
};

class Drop final : public DdlOperation {
 public:
  Drop(std::shared_ptr<RootCore> core, const internal::CollectionRef& request,
       base::Done done)
      : DdlOperation(std::move(core), std::move(done)),
        database_(request.database_name()),
        name_(request.collection_name()) {}

 private:
  std::vector<std::string> Keys() const override {
    return KeysOf(catalog(), name_);
  }

  void Run() override {
    absl::Status status = Check();
    if (!status.ok() || id_ == base::CollectionId{0}) {
      Finish(std::move(status));
      return;
    }
    status = catalog().BeginDrop(id_);
    if (!status.ok()) {
      // Perhaps it was written: then it is finished later.
      Failed(std::move(status));
      return;
    }
    core_->InvalidateProxies(id_, {name_},
                             [next = Then(&Drop::DropTheRest)]() mutable {
                               next(absl::OkStatus());
                             });
  }

  absl::Status Check() {
    RETURN_IF_ERROR(CheckDatabase(database_));
    const CollectionRecord there = catalog().ByName(name_);
    if (there == nullptr) {
      if (!catalog().FindAlias(name_).has_value()) return absl::OkStatus();
      return base::InvalidInput(ErrorCode::kUnexpected,
                                "cannot drop the collection via alias = {}",
                                name_);
    }
    const base::CollectionId id{there->id()};
    const std::vector<std::string> aliases = catalog().AliasesOf(id);
    if (!aliases.empty()) {
      return base::InvalidInput(
          ErrorCode::kUnexpected,
          "unable to drop the collection [{}] because it has associated "
          "aliases [{}], please remove all aliases before dropping the "
          "collection",
          name_, absl::StrJoin(aliases, " "));
    }
    id_ = id;
    return absl::OkStatus();
  }

  void DropTheRest() { FinishDrop(core_, id_, Then(&Drop::Answer)); }
  void Answer() { Finish(absl::OkStatus()); }

  void Failed(absl::Status status) override {
    core_->ResumeIntentsLater();
    Finish(std::move(status));
  }

  const std::string database_;
  const std::string name_;
  base::CollectionId id_{0};
};

}  // namespace

void DropCollection(std::shared_ptr<RootCore> core,
                    const internal::CollectionRef& request, base::Done done) {
  DdlOperation::Start(
      std::make_shared<Drop>(std::move(core), request, std::move(done)));
}

void UndoCreation(std::shared_ptr<RootCore> core, base::CollectionId id,
                  base::Done done) {
  const CollectionRecord there = core->catalog.ById(id);
  if (there != nullptr && there->state() != internal::DROPPING) {
    absl::Status status = core->catalog.BeginDrop(id);
    if (!status.ok()) {
      done(std::move(status));
      return;
    }
  }
  FinishDrop(std::move(core), id, std::move(done));
}

void FinishDrop(std::shared_ptr<RootCore> core, base::CollectionId id,
                base::Done done) {
  CollectionRecord collection = core->catalog.ById(id);
  if (collection == nullptr) {
    done(absl::OkStatus());
    return;
  }
  std::make_shared<DropSteps>(std::move(core), std::move(collection),
                              std::move(done))
      ->Run();
}

}  // namespace elanus::coordinator
