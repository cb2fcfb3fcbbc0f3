// One life of a standalone server: the real roles and the real table of calls,
// over services that may die at any call. Destroying it is kill -9: whatever
// was under way is dropped, the disk keeps what was synced.
//
//   Process process(disk, faults, scheduler, config);
//   RETURN_IF_ERROR(process.Start());
//   process.Call<InsertRequest, MutationResult>("Insert", request,
//       [](absl::Status status, const MutationResult& reply) { ... });
//
// Threads:   one.
// Ownership: borrows all it is given.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "access/grpc/dispatch.h"
#include "access/grpc/gate.h"
#include "base/config.h"
#include "base/memory_budget.h"
#include "base/metrics.h"
#include "model/faults.h"
#include "model/scheduler.h"
#include "model/storage.h"
#include "server/role_set.h"
#include "storage/meta_copy.h"

namespace elanus::model {

class Process {
 public:
  Process(Disk& disk, Faults& faults, Scheduler& scheduler,
          const base::Config& config);
  ~Process();

  // Until clients may call, or why they cannot.
  absl::Status Start();

  template <typename Request, typename Reply>
  void Call(const std::string& method, const Request& request,
            std::function<void(absl::Status, const Reply&)> done) {
    Send(method, request.SerializeAsString(),
         [done = std::move(done)](absl::Status status, std::string bytes) {
           Reply reply;
           if (status.ok() && !reply.ParseFromString(bytes)) {
             status = absl::InternalError("the reply cannot be read");
           }
           if (status.ok()) status = OutcomeOf(*access::StatusOf(reply));
           done(std::move(status), reply);
         });
  }

 private:
  using Answered = std::function<void(absl::Status, std::string)>;

  static absl::Status OutcomeOf(const milvus::proto::common::Status& status);
  void Send(const std::string& method, std::string request, Answered answered);

  Faults& faults_;
  Scheduler& scheduler_;
  MetaOnDisk meta_;
  ObjectsOnDisk objects_;
  LogOnDisk log_;
  storage::MetaCopier meta_copier_{meta_, objects_};
  base::Metrics metrics_;
  base::MemoryBudget budget_{std::int64_t{1} << 30};
  access::OpenGate gate_;
  std::optional<server::RoleSet> roles_;
  std::optional<access::Dispatch> dispatch_;
};

}  // namespace elanus::model
