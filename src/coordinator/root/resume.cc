#include "coordinator/root/resume.h"

#include <algorithm>
#include <utility>

#include "coordinator/root/ddl_operation.h"
#include "coordinator/root/drop_collection.h"
#include "coordinator/root/partition.h"

namespace elanus::coordinator {
namespace {

bool IsOpen(const internal::PartitionMeta& partition) {
  return partition.state() != internal::CREATED;
}

class Resume final : public DdlOperation {
 public:
  Resume(std::shared_ptr<RootCore> core, base::CollectionId id, base::Done done)
      : DdlOperation(std::move(core), std::move(done)), id_(id) {}

 private:
  std::vector<std::string> Keys() const override {
    std::vector<std::string> keys = {IdKey(id_)};
    const CollectionRecord there = catalog().ById(id_);
    if (there != nullptr && there->state() != internal::DROPPING) {
      keys.push_back(NameKey(there->name()));
    }
    return keys;
  }

  void Run() override {
    const CollectionRecord there = catalog().ById(id_);
    if (there == nullptr) {
      Finish(absl::OkStatus());
    } else if (there->state() != internal::CREATED) {
      UndoCreation(core_, id_, Then(&Resume::Answer));
    } else {
      NextPartition(*there);
    }
  }

  void NextPartition(const internal::CollectionMeta& there) {
    const auto open = std::find_if(there.partitions().begin(),
                                   there.partitions().end(), IsOpen);
    if (open == there.partitions().end()) {
      Finish(absl::OkStatus());
      return;
    }
    RemovePartition(core_, id_, base::PartitionId{open->id()},
                    Then(&Resume::Run));
  }

  void Answer() { Finish(absl::OkStatus()); }

  const base::CollectionId id_;
};

}  // namespace

bool HasOpenIntent(const internal::CollectionMeta& collection) {
  return collection.state() != internal::CREATED ||
         std::any_of(collection.partitions().begin(),
                     collection.partitions().end(), IsOpen);
}

void ResumeCollection(std::shared_ptr<RootCore> core, base::CollectionId id,
                      base::Done done) {
  DdlOperation::Start(
      std::make_shared<Resume>(std::move(core), id, std::move(done)));
}

}  // namespace elanus::coordinator
