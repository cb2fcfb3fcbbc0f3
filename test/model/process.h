// One life of a server: the real roles, with two proxies, and the real table of
// calls, over services that may die at any call. Destroying it is kill -9:
// whatever was under way is dropped, the disk keeps what was synced.
//
// Each proxy has caches, blocks of timestamps and ids, and a writer id of its
// own: what one proposes is older or newer than what the other does.
//
//   Process process(disk, faults, scheduler, config);
//   RETURN_IF_ERROR(process.Start());
//   process.Call<InsertRequest, MutationResult>(/*proxy=*/1, "Insert", request,
//       [](absl::Status status, const MutationResult& reply) { ... });
//
// Threads:   one.
// Ownership: borrows all it is given.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "access/grpc/dispatch.h"
#include "access/grpc/gate.h"
#include "base/config.h"
#include "base/executor.h"
#include "base/give_way.h"
#include "base/memory_budget.h"
#include "base/metrics.h"
#include "coordinator/collection_saver.h"
#include "model/faults.h"
#include "model/scheduler.h"
#include "model/storage.h"
#include "proxies/proxy_pair.h"
#include "server/role_set.h"
#include "storage/meta_copy.h"

namespace elanus::model {

class Process {
 public:
  static constexpr std::size_t kProxies = 2;

  Process(Disk& disk, Faults& faults, Scheduler& scheduler,
          const base::Config& config);
  ~Process();

  // Until clients may call, or why they cannot.
  absl::Status Start();

  template <typename Request, typename Reply>
  void Call(std::size_t proxy, const std::string& method,
            const Request& request,
            std::function<void(absl::Status, const Reply&)> done) {
    Send(proxy, method, request.SerializeAsString(),
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
  server::RoleServices Services();
  // Until the step has ended.
  absl::Status Await(const std::function<void(base::Done)>& step);
  void Send(std::size_t proxy, const std::string& method, std::string request,
            Answered answered);

  Faults& faults_;
  Scheduler& scheduler_;
  const base::Config& config_;
  MetaOnDisk meta_;
  ObjectsOnDisk objects_;
  LogOnDisk log_;
  coordinator::CollectionSaver collection_files_{objects_};
  storage::MetaCopier meta_copier_{meta_, objects_,
                                   [this](const storage::MetaCopy& all) {
                                     return collection_files_.Save(all);
                                   }};
  std::array<base::Metrics, kProxies> metrics_;
  base::ReadTraffic read_traffic_;
  base::MemoryBudget budget_{std::int64_t{1} << 30};
  access::OpenGate gate_;
  proxies::ProxyPair pair_;
  std::optional<server::RoleSet> roles_;
  std::array<std::optional<access::Dispatch>, kProxies> dispatches_;
};

}  // namespace elanus::model
