#include "server/standalone.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "access/grpc/dispatch.h"
#include "access/grpc/gate.h"
#include "access/grpc/health.h"
#include "access/grpc/port.h"
#include "access/proxy.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "base/metrics.h"
#include "base/timer.h"
#include "coordinator/data/data_coordinator.h"
#include "coordinator/query/query_coordinator.h"
#include "coordinator/root/root_coordinator.h"
#include "segment/tail/tail_set.h"
#include "server/late_roles.h"
#include "server/management_port.h"
#include "server/role_links.h"
#include "server/storage_set.h"
#include "storage/meta_copy.h"
#include "worker/data_node/data_node.h"
#include "worker/index_node/index_node.h"
#include "worker/query_node/query_node.h"

namespace elanus::server {
namespace {

constexpr std::chrono::milliseconds kStopPatience{2000};
// Open segments may take a third of the memory before they are closed.
constexpr std::int64_t kOpenShare = 3;
constexpr int kBackgroundNice = 5;  // reads go first

std::int64_t MemoryLimit(const base::Config& config) {
  if (config.memory_limit_bytes > 0) return config.memory_limit_bytes;
  const std::int64_t machine =
      static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) *
      sysconf(_SC_PAGE_SIZE);
  return machine / 10 * 8;
}

std::size_t Threads(const base::Config& config) {
  if (config.threads > 0) return static_cast<std::size_t>(config.threads);
  return std::max(1U, std::thread::hardware_concurrency());
}

// By default a build of an index and a write of a segment can run side by side
// on one core.
std::size_t BackgroundThreads(const base::Config& config) {
  if (config.threads > 0) return static_cast<std::size_t>(config.threads);
  return std::max<std::size_t>(2, Threads(config));
}

// Runs an asynchronous step of the start or stop and waits for it: only here,
// on the main thread, may one.
template <typename Step>
absl::Status Await(Step step) {
  auto outcome = std::make_shared<std::promise<absl::Status>>();
  std::future<absl::Status> waiting = outcome->get_future();
  step([outcome](absl::Status status) {
    outcome->set_value(std::move(status));
  });
  return waiting.get();
}

}  // namespace

class Standalone::State {
 public:
  State(const base::Config& config_in,
        std::unique_ptr<base::MemoryBudget> budget_in, StorageSet storage_in)
      : config(config_in),
        budget_owner(std::move(budget_in)),
        budget(*budget_owner),
        storage(std::move(storage_in)),
        meta_copier(*storage.meta, *storage.objects),
        requests({.name = "requests", .threads = Threads(config_in)}),
        background({.name = "background",
                    .threads = BackgroundThreads(config_in),
                    .nice = kBackgroundNice}),
        timer(background) {}

  void MakeRoles(base::NodeId epoch, base::WriterId proxy_writer);
  void LinkRoles();

  const base::Config& config;
  const std::unique_ptr<base::MemoryBudget> budget_owner;
  base::MemoryBudget& budget;  // outlives the storage
  StorageSet storage;
  storage::MetaCopier meta_copier;
  base::Metrics metrics;
  base::ThreadPool requests;
  base::ThreadPool background;
  base::ThreadTimer timer;
  LateRoles late;
  std::optional<segment::TailSet> tails;
  std::optional<worker::DataNode> data_node;
  std::optional<worker::QueryNode> query_node;
  std::optional<worker::IndexNode> index_node;
  std::optional<coordinator::RootCoordinator> root_coord;
  std::optional<coordinator::QueryCoordinator> query_coord;
  std::optional<coordinator::DataCoordinator> data_coord;
  std::optional<access::Proxy> proxy;
  std::optional<WireRoles> wire;
  access::OpenGate gate;
  std::optional<access::Dispatch> dispatch;
  std::optional<role::RpcServer> rpc;
  std::optional<access::Port> port;
  std::optional<ManagementPort> management;
  std::atomic<bool> ready{false};
  bool stopped = false;
};

void Standalone::State::MakeRoles(base::NodeId epoch,
                                  base::WriterId proxy_writer) {
  const base::Clock& clock = base::SystemClock();
  tails.emplace(*storage.log, segment::TailServices{.budget = budget,
                                                    .clock = clock,
                                                    .timer = timer,
                                                    .executor = requests});
  data_node.emplace(
      worker::DataNode::Dependencies{.data_coord = late.data_coord,
                                     .objects = *storage.objects,
                                     .tails = *tails,
                                     .budget = budget,
                                     .background = background,
                                     .timer = timer});
  query_node.emplace(worker::QueryNode::Dependencies{
      .data_coord = late.data_coord,
      .objects = *storage.objects,
      .broker = *storage.log,
      .tails = *tails,
      .budget = budget,
      .reads = requests,
      .background = background,
      .clock = clock,
      .output_bytes_max = static_cast<std::size_t>(config.max_output_bytes),
      .use_mmap = config.mmap_enabled});
  if (config.index_node_enabled) {
    index_node.emplace(
        worker::IndexNode::Dependencies{.data_coord = late.data_coord,
                                        .objects = *storage.objects,
                                        .budget = budget,
                                        .background = background,
                                        .threads = Threads(config)});
  }
  query_coord.emplace(coordinator::QueryDeps{.store = *storage.meta,
                                             .data_coord = late.data_coord,
                                             .executor = background,
                                             .timer = timer});
  query_coord->SetNodes({{.id = epoch, .node = &late.query_node}});
  data_coord.emplace(coordinator::DataCoordinator::Dependencies{
      .meta_store = *storage.meta,
      .meta_copier = meta_copier,
      .objects = *storage.objects,
      .broker = *storage.log,
      .root_coord = late.root_coord,
      .query_coord = late.query_coord,
      .data_node = late.data_node,
      .index_node = config.index_node_enabled ? &late.index_node : nullptr,
      .clock = clock,
      .timer = timer,
      .background = background,
      .config = config,
      .open_bytes_max = budget.limit() / kOpenShare,
      .epoch = epoch});
  proxy.emplace(access::Proxy::Dependencies{
      .root_coord = late.root_coord,
      .data_coord = late.data_coord,
      .query_coord = late.query_coord,
      .find_query_node = [this](std::int64_t, const std::string&)
          -> role::QueryNode* { return &late.query_node; },
      .broker = *storage.log,
      .budget = budget,
      .clock = clock,
      .timer = timer,
      .requests = requests,
      .config = config,
      .metrics = metrics,
      .writer = proxy_writer});
}

void Standalone::State::LinkRoles() {
  late.Set({.root_coord = &*root_coord,
            .data_coord = &*data_coord,
            .query_coord = &*query_coord,
            .query_node = &*query_node,
            .data_node = &*data_node,
            .index_node = index_node.has_value() ? &*index_node : nullptr,
            .proxy = &*proxy});
}

absl::StatusOr<std::unique_ptr<Standalone>> Standalone::Open(
    const base::Config& config) {
  auto budget = std::make_unique<base::MemoryBudget>(MemoryLimit(config));
  ASSIGN_OR_RETURN(StorageSet storage, OpenStorage(config.data_dir, *budget));
  return std::unique_ptr<Standalone>(new Standalone(
      std::make_unique<State>(config, std::move(budget), std::move(storage))));
}

Standalone::Standalone(std::unique_ptr<State> state)
    : state_(std::move(state)) {}

Standalone::~Standalone() { Stop(); }

absl::Status Standalone::Start() {
  State& s = *state_;
  const base::Clock& clock = base::SystemClock();
  s.root_coord.emplace(coordinator::RootDeps{.store = *s.storage.meta,
                                             .broker = *s.storage.log,
                                             .data_coord = s.late.data_coord,
                                             .query_coord = s.late.query_coord,
                                             .clock = clock,
                                             .executor = s.background,
                                             .timer = s.timer},
                       coordinator::RootOptionsOf(s.config));
  RETURN_IF_ERROR(s.root_coord->Start());
  // Ids that no run used before: this run's epoch and its proxy's writer id.
  internal::AllocIdRequest id_request;
  id_request.set_count(2);
  internal::AllocIdReply ids;
  RETURN_IF_ERROR(Await([&](base::Done done) {
    s.root_coord->AllocId(base::OpContext(), id_request, &ids, std::move(done));
  }));
  s.MakeRoles(base::NodeId{ids.first()},
              base::WriterId{static_cast<std::uint64_t>(ids.first() + 1)});
  s.LinkRoles();
  if (s.config.role_calls == "wire") {
    s.wire.emplace(s.requests);
    RETURN_IF_ERROR(s.wire->Listen(
        {.root_coord = &*s.root_coord,
         .data_coord = &*s.data_coord,
         .query_coord = &*s.query_coord,
         .query_node = &*s.query_node,
         .data_node = &*s.data_node,
         .index_node = s.index_node.has_value() ? &*s.index_node : nullptr,
         .proxy = &*s.proxy}));
    s.late.Set(s.wire->clients());
  }
  s.root_coord->SetProxies({&s.late.proxy});
  RETURN_IF_ERROR(s.data_coord->Recover());
  RETURN_IF_ERROR(
      Await([&](base::Done done) { s.data_coord->Start(std::move(done)); }));
  RETURN_IF_ERROR(s.query_coord->Start());
  s.root_coord->ResumeIntents();

  s.dispatch.emplace(s.gate);
  s.proxy->Register(*s.dispatch);
  access::RegisterHealth(*s.dispatch, [&s] { return s.ready.load(); });
  s.rpc.emplace(
      role::RpcServerOptions{
          .adopts_connections = true,
          .request_bytes_max =
              static_cast<std::size_t>(s.config.max_receive_bytes),
          .reply_bytes_max = static_cast<std::size_t>(s.config.max_send_bytes)},
      s.requests);
  s.dispatch->Install(*s.rpc);
  RETURN_IF_ERROR(s.rpc->Start());
  s.port.emplace(
      access::PortOptions{.host = s.config.bind_address, .port = s.config.port},
      *s.rpc);
  s.metrics.AddGaugeCallback(
      "elanus_memory_used_bytes", "Accounted memory in use",
      [&s] { return static_cast<double>(s.budget.used()); });
  s.metrics.AddGaugeCallback(
      "elanus_memory_limit_bytes", "Accounted memory allowed",
      [&s] { return static_cast<double>(s.budget.limit()); });
  s.metrics.AddGaugeCallback(
      "elanus_connections", "Open client connections",
      [&s] { return static_cast<double>(s.port->connections()); });
  s.management.emplace(
      ManagementOptions{.host = s.config.bind_address,
                        .port = s.config.management_port},
      s.metrics, [&s] {
        return s.ready.load() ? absl::OkStatus()
                              : base::Error(base::ErrorCode::kServiceNotReady,
                                            "service not ready");
      });
  RETURN_IF_ERROR(s.management->Start());
  RETURN_IF_ERROR(s.port->Start());
  s.ready.store(true);
  return absl::OkStatus();
}

// In the order in which requests pass the parts: first nothing new comes in,
// then what is under way ends, and the storage goes last.
void Standalone::Stop() {
  if (state_ == nullptr || state_->stopped) return;
  State& s = *state_;
  s.stopped = true;
  s.ready.store(false);
  if (s.port.has_value()) s.port->Stop();
  if (s.rpc.has_value()) s.rpc->Stop(kStopPatience);
  if (s.data_coord.has_value()) s.data_coord->Stop();
  if (s.index_node.has_value()) s.index_node->Stop();
  if (s.query_node.has_value()) s.query_node->Stop();
  if (s.data_node.has_value()) {
    base::LogIfError(
        Await([&](base::Done done) { s.data_node->Stop(std::move(done)); }),
        "the log holds what was not written");
  }
  if (s.tails.has_value()) s.tails->Stop();
  if (s.wire.has_value()) s.wire->Stop();
  s.timer.Stop();
  s.background.Stop();
  s.requests.Stop();
  if (s.management.has_value()) s.management->Stop();
  base::LogIfError(s.meta_copier.Save(), "the copy before it is kept");
  // Appends under way are answered now, while those who asked still live.
  s.storage.log.reset();
}

int Standalone::port() const { return state_->port->port(); }

const std::string& Standalone::cluster_id() const {
  return state_->storage.cluster_id;
}

}  // namespace elanus::server
