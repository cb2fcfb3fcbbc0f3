#include "coordinator/root/alias.h"

#include <utility>

#include "coordinator/root/ddl_operation.h"
#include "coordinator/root/names.h"

namespace elanus::coordinator {
namespace {

using base::ErrorCode;

class AliasOperation : public DdlOperation {
 public:
  AliasOperation(std::shared_ptr<RootCore> core,
                 const internal::AliasRequest& request, base::Done done)
      : DdlOperation(std::move(core), std::move(done)), request_(request) {}

 protected:
  std::vector<std::string> Keys() const override {
    std::vector<std::string> keys = {NameKey(request_.alias())};
    // An alias is never made of an alias.
    if (const auto target = catalog().ByName(request_.collection_name())) {
      keys.push_back(IdKey(base::CollectionId{target->id()}));
    }
    return keys;
  }

  // The collection that the alias shall mean, and that the alias's name is not
  // taken by another one.
  absl::StatusOr<CollectionRecord> FindTarget() const {
    RETURN_IF_ERROR(CheckDatabase(request_.database_name()));
    if (catalog().ByName(request_.alias()) != nullptr) {
      return base::InvalidInput(
          ErrorCode::kAliasCollectionNameConflict,
          "alias and collection name conflict[database={}][alias={}]",
          kDefaultDatabaseName, request_.alias());
    }
    CollectionRecord target = catalog().ByName(request_.collection_name());
    if (target == nullptr || !IsUsable(*target)) {
      return CollectionNotFound(request_.collection_name());
    }
    return target;
  }

  void AllocateTime() {
    core_->times->Allocate(1, [this, next = Then(&AliasOperation::Write)](
                                  absl::StatusOr<std::uint64_t> time) mutable {
      if (time.ok()) time_ = *time;
      next(time.status());
    });
  }

  void Write() {
    internal::AliasMeta alias;
    alias.set_alias(request_.alias());
    alias.set_collection_id(base::ToInt(target_));
    alias.set_created_at(time_);
    alias.set_database_id(base::ToInt(kDefaultDatabase));
    Told(catalog().PutAlias(alias));
  }

  // Proxies may know the alias as another collection, or none.
  void Told(absl::Status status) {
    if (!status.ok()) {
      Finish(std::move(status));
      return;
    }
    core_->InvalidateProxies(target_, {request_.alias()},
                             [next = Then(&AliasOperation::Answer)]() mutable {
                               next(absl::OkStatus());
                             });
  }

  void Answer() { Finish(absl::OkStatus()); }

  const internal::AliasRequest request_;
  base::CollectionId target_{0};
  std::uint64_t time_ = 0;
};

class Create final : public AliasOperation {
 public:
  using AliasOperation::AliasOperation;

 private:
  void Run() override {
    absl::StatusOr<CollectionRecord> target = FindTarget();
    if (!target.ok()) {
      Finish(target.status());
      return;
    }
    target_ = base::CollectionId{(*target)->id()};
    const auto there = catalog().FindAlias(request_.alias());
    if (!there.has_value()) {
      AllocateTime();
    } else if (there->collection_id() == base::ToInt(target_)) {
      Finish(absl::OkStatus());
    } else {
      Finish(Taken(base::CollectionId{there->collection_id()}));
    }
  }

  absl::Status Taken(base::CollectionId by) const {
    const CollectionRecord other = catalog().ById(by);
    return base::InvalidInput(
        ErrorCode::kAliasAlreadyExists,
        "{} is alias to another collection: {}: alias already "
        "exist[database={}][alias={}]",
        request_.alias(), other == nullptr ? "" : other->name(),
        kDefaultDatabaseName, request_.alias());
  }
};

class Alter final : public AliasOperation {
 public:
  using AliasOperation::AliasOperation;

 private:
  void Run() override {
    absl::StatusOr<CollectionRecord> target = FindTarget();
    if (!target.ok()) {
      Finish(target.status());
    } else if (!catalog().FindAlias(request_.alias()).has_value()) {
      Finish(AliasNotFound(request_.alias()));
    } else {
      target_ = base::CollectionId{(*target)->id()};
      AllocateTime();
    }
  }
};

class Drop final : public AliasOperation {
 public:
  using AliasOperation::AliasOperation;

 private:
  void Run() override {
    absl::Status status = CheckDatabase(request_.database_name());
    const auto there = catalog().FindAlias(request_.alias());
    if (!status.ok() || !there.has_value()) {
      Finish(std::move(status));
      return;
    }
    target_ = base::CollectionId{there->collection_id()};
    Told(catalog().RemoveAlias(request_.alias()));
  }
};

template <typename Operation>
void StartAlias(std::shared_ptr<RootCore> core,
                const internal::AliasRequest& request, base::Done done) {
  DdlOperation::Start(
      std::make_shared<Operation>(std::move(core), request, std::move(done)));
}

}  // namespace

void CreateAlias(std::shared_ptr<RootCore> core,
                 const internal::AliasRequest& request, base::Done done) {
  StartAlias<Create>(std::move(core), request, std::move(done));
}

void AlterAlias(std::shared_ptr<RootCore> core,
                const internal::AliasRequest& request, base::Done done) {
  StartAlias<Alter>(std::move(core), request, std::move(done));
}

void DropAlias(std::shared_ptr<RootCore> core,
               const internal::AliasRequest& request, base::Done done) {
  StartAlias<Drop>(std::move(core), request, std::move(done));
}

absl::Status DescribeAlias(const Catalog& catalog,
                           const internal::AliasRequest& request,
                           internal::DescribeAliasReply* reply) {
  RETURN_IF_ERROR(CheckDatabase(request.database_name()));
  const auto alias = catalog.FindAlias(request.alias());
  const CollectionRecord target =
      alias.has_value()
          ? catalog.ById(base::CollectionId{alias->collection_id()})
          : nullptr;
  if (target == nullptr) return AliasNotFound(request.alias());
  reply->set_alias(request.alias());
  reply->set_collection_name(target->name());
  reply->set_database_name(std::string(kDefaultDatabaseName));
  return absl::OkStatus();
}

absl::Status ListAliases(const Catalog& catalog,
                         const internal::AliasRequest& request,
                         internal::ListAliasesReply* reply) {
  RETURN_IF_ERROR(CheckDatabase(request.database_name()));
  reply->set_database_name(std::string(kDefaultDatabaseName));
  std::vector<std::string> aliases;
  if (request.collection_name().empty()) {
    aliases = catalog.Aliases();
  } else {
    const CollectionRecord target = catalog.ByName(request.collection_name());
    if (target == nullptr || !IsUsable(*target)) {
      return CollectionNotFound(request.collection_name());
    }
    reply->set_collection_name(target->name());
    aliases = catalog.AliasesOf(base::CollectionId{target->id()});
  }
  for (std::string& alias : aliases) reply->add_aliases(std::move(alias));
  return absl::OkStatus();
}

}  // namespace elanus::coordinator
