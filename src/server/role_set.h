// The seven roles of one process over storage, clock and executors that others
// give: what standalone runs, and what a test runs over storage that fails.
//
//   RoleSet roles({.meta = meta, .log = log, ...});
//   roles.Start([](absl::Status status) { ... });
//   roles.proxy().Register(dispatch);
//   ...
//   roles.Stop([](absl::Status status) { ... });   // then:
//   roles.StopFollowing();
//
// Threads:   Start goes on, on the executors, after it has returned; it blocks
//            on storage. The other methods after it has succeeded.
// Ownership: owns the roles; the services are borrowed. No task may run while
//            or after it is destroyed.
// Errors:    Start: those of storage.
#pragma once

#include <functional>
#include <optional>

#include "access/proxy.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/executor.h"
#include "base/give_way.h"
#include "base/memory_budget.h"
#include "base/metrics.h"
#include "base/timer.h"
#include "coordinator/data/data_coordinator.h"
#include "coordinator/query/query_coordinator.h"
#include "coordinator/root/root_coordinator.h"
#include "segment/tail/tail_set.h"
#include "server/late_roles.h"
#include "server/role_links.h"
#include "storage/log_broker.h"
#include "storage/meta_copy.h"
#include "storage/meta_store.h"
#include "storage/object_store.h"
#include "worker/data_node/data_node.h"
#include "worker/index_node/index_node.h"
#include "worker/query_node/query_node.h"

namespace elanus::server {

struct RoleServices {
  storage::MetaStore& meta;
  storage::MetaCopier& meta_copier;
  storage::LogBroker& log;
  storage::ObjectStore& objects;
  const base::Config& config;
  const base::Clock& clock;
  base::Timer& timer;
  base::Executor& requests;
  base::Executor& background;
  // Indexes and compactions: they keep every thread busy for long.
  base::Executor& builds;
  base::MemoryBudget& budget;
  base::Metrics& metrics;
  base::ReadTraffic& traffic;
};

// Of a proxy that calls `links`, which outlive it. No two proxies share
// metrics.
access::Proxy::Dependencies ProxyDependencies(const RoleServices& services,
                                              const Roles& links,
                                              base::Metrics& metrics,
                                              base::WriterId writer);

class RoleSet {
 public:
  // Gives what the roles call each other by instead of each other.
  using Connect = std::function<absl::StatusOr<Roles>(const Roles&)>;

  explicit RoleSet(const RoleServices& services, Connect connect = nullptr)
      : services_(services), connect_(std::move(connect)) {}

  // `done` when all channels are followed; what was loaded goes on loading.
  void Start(base::Done done);
  // Ends the loops and what is being written.
  void Stop(base::Done done);
  // Nothing comes out of the log any more. After Stop; not on a thread of the
  // log.
  void StopFollowing();

  access::Proxy& proxy() { return *proxy_; }

 private:
  void MakeWorkers();
  void MakeCoordinators(base::NodeId epoch);
  void MakeProxy(base::WriterId writer);
  absl::Status Link();
  absl::Status Recover();

  const RoleServices services_;
  const Connect connect_;
  internal::AllocIdRequest id_request_;
  internal::AllocIdReply ids_;
  LateRoles late_;
  std::optional<segment::TailSet> tails_;
  std::optional<worker::DataNode> data_node_;
  std::optional<worker::QueryNode> query_node_;
  std::optional<worker::IndexNode> index_node_;
  std::optional<coordinator::RootCoordinator> root_coord_;
  std::optional<coordinator::QueryCoordinator> query_coord_;
  std::optional<coordinator::DataCoordinator> data_coord_;
  std::optional<access::Proxy> proxy_;
};

}  // namespace elanus::server
