// One DDL request on its way: a chain that is alone on its keys from the first
// step to the answer.
//
//   class Rename : public DdlOperation {
//     std::vector<std::string> Keys() const override;
//     void Run() override { ... Then(&Rename::Answer) ... }
//   };
//   DdlOperation::Start(std::make_shared<Rename>(core, request, done));
//
// Request and reply are the caller's and must not be touched after Finish.
//
// Threads: one step at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/key_sequencer.h"
#include "coordinator/root/chain.h"

namespace elanus::coordinator {

// The keys by which operations exclude each other.
std::string NameKey(std::string_view name);
std::string IdKey(base::CollectionId id);
// The name's, and the id's of whatever it means now, as name or alias.
std::vector<std::string> KeysOf(const Catalog& catalog, std::string_view name);

class DdlOperation : public Chain {
 public:
  using Chain::Chain;

  static void Start(std::shared_ptr<DdlOperation> operation);

 protected:
  // May change until the keys are ours; then asked again, and if they did, the
  // operation queues anew.
  virtual std::vector<std::string> Keys() const = 0;
  // The first step; the catalog is not in doubt.
  virtual void Run() = 0;
  void Finish(absl::Status status) override;

 private:
  void Begin(const std::vector<std::string>& keys, KeySequencer::Turn turn);

  KeySequencer::Turn turn_;
};

}  // namespace elanus::coordinator
