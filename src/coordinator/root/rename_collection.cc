#include "coordinator/root/rename_collection.h"

#include <utility>

#include "coordinator/root/ddl_operation.h"
#include "coordinator/root/names.h"

namespace elanus::coordinator {
namespace {

using base::ErrorCode;

class Rename final : public DdlOperation {
 public:
  Rename(std::shared_ptr<RootCore> core,
         const internal::RenameCollectionRequest& request, base::Done done)
      : DdlOperation(std::move(core), std::move(done)), request_(request) {}

 private:
  std::vector<std::string> Keys() const override {
    std::vector<std::string> keys = KeysOf(catalog(), request_.old_name());
    keys.push_back(NameKey(request_.new_name()));
    return keys;
  }

  void Run() override {
    absl::Status status = Check();
    if (status.ok()) status = catalog().Rename(id_, request_.new_name());
    if (!status.ok()) {
      Finish(std::move(status));
      return;
    }
    core_->InvalidateProxies(
        id_, {request_.old_name(), request_.new_name()},
        [next = Then(&Rename::Answer)]() mutable { next(absl::OkStatus()); });
  }

  absl::Status Check() {
    const std::string& old_name = request_.old_name();
    const std::string& new_name = request_.new_name();
    RETURN_IF_ERROR(CheckDatabase(request_.database_name()));
    RETURN_IF_ERROR(CheckDatabase(request_.new_database_name()));
    if (catalog().FindAlias(old_name).has_value()) {
      return base::InvalidInput(
          ErrorCode::kUnexpected,
          "unsupported use an alias to rename collection, alias:{}", old_name);
    }
    if (catalog().FindAlias(new_name).has_value()) {
      return base::InvalidInput(
          ErrorCode::kUnexpected,
          "cannot rename collection to an existing alias: {}", new_name);
    }
    if (catalog().ByName(new_name) != nullptr) {
      return base::InvalidInput(ErrorCode::kUnexpected,
                                "duplicated new collection name {}:{} with "
                                "other collection name or alias",
                                kDefaultDatabaseName, new_name);
    }
    const CollectionRecord there = catalog().ByName(old_name);
    if (there == nullptr || !IsUsable(*there)) {
      return CollectionNotFound(old_name);
    }
    id_ = base::CollectionId{there->id()};
    return absl::OkStatus();
  }

  void Answer() { Finish(absl::OkStatus()); }

  const internal::RenameCollectionRequest request_;
  base::CollectionId id_{0};
};

}  // namespace

void RenameCollection(std::shared_ptr<RootCore> core,
                      const internal::RenameCollectionRequest& request,
                      base::Done done) {
  DdlOperation::Start(
      std::make_shared<Rename>(std::move(core), request, std::move(done)));
}

}  // namespace elanus::coordinator
