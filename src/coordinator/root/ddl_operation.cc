#include "coordinator/root/ddl_operation.h"

#include <algorithm>
#include <utility>

namespace elanus::coordinator {

std::string NameKey(std::string_view name) { return fmt::format("n/{}", name); }

std::string IdKey(base::CollectionId id) {
  return fmt::format("c/{}", base::ToInt(id));
}

std::vector<std::string> KeysOf(const Catalog& catalog, std::string_view name) {
  std::vector<std::string> keys = {NameKey(name)};
  if (const CollectionRecord found = catalog.Resolve(name)) {
    keys.push_back(IdKey(base::CollectionId{found->id()}));
  }
  return keys;
}

void DdlOperation::Start(std::shared_ptr<DdlOperation> operation) {
  std::vector<std::string> keys = operation->Keys();
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  KeySequencer& sequencer = *operation->core_->sequencer;
  sequencer.Run(
      keys, [operation = std::move(operation), keys](KeySequencer::Turn turn) {
        operation->Begin(keys, std::move(turn));
      });
}

void DdlOperation::Begin(const std::vector<std::string>& keys,
                         KeySequencer::Turn turn) {
  if (catalog().in_doubt()) {
    absl::Status status = catalog().Refresh();
    // What was in doubt may be half made.
    core_->ResumeIntentsLater();
    if (!status.ok()) {
      Finish(std::move(status));
      return;
    }
  }
  const std::vector<std::string> now = Keys();
  const bool covered =
      std::all_of(now.begin(), now.end(), [&keys](const std::string& key) {
        return std::binary_search(keys.begin(), keys.end(), key);
      });
  if (!covered) {
    turn.Release();
    Start(std::static_pointer_cast<DdlOperation>(shared_from_this()));
    return;
  }
  turn_ = std::move(turn);
  Run();
}

void DdlOperation::Finish(absl::Status status) {
  // Given back after the answer.
  const KeySequencer::Turn turn = std::move(turn_);
  Chain::Finish(std::move(status));
}

}  // namespace elanus::coordinator
