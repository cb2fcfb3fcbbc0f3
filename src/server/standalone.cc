#include "server/standalone.h"

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
#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/machine_memory.h"
#include "base/memory_budget.h"
#include "base/metrics.h"
#include "base/timer.h"
#include "coordinator/collection_saver.h"
#include "server/management_port.h"
#include "server/role_links.h"
#include "server/role_set.h"
#include "server/storage_set.h"
#include "storage/meta_copy.h"

namespace elanus::server {
namespace {

constexpr std::chrono::milliseconds kStopPatience{2000};
constexpr int kBackgroundNice = 5;  // reads go first

std::int64_t MemoryLimit(const base::Config& config) {
  if (config.memory_limit_bytes > 0) return config.memory_limit_bytes;
  return base::MachineMemoryBytes() / 10 * 8;
}

std::size_t Threads(const base::Config& config) {
  if (config.threads > 0) return static_cast<std::size_t>(config.threads);
  return std::max(1U, std::thread::hardware_concurrency());
}

// By default two writes of segments can run side by side on one core.
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
        collection_files(*storage.objects),
        meta_copier(*storage.meta, *storage.objects,
                    [this](const storage::MetaCopy& all) {
                      return collection_files.Save(all);
                    }),
        requests({.name = "requests", .threads = Threads(config_in)}),
        background({.name = "background",
                    .threads = BackgroundThreads(config_in),
                    .nice = kBackgroundNice}),
        builds({.name = "builds",
                .threads = Threads(config_in),
                .nice = kBackgroundNice}),
        timer(background),
        roles({.meta = *storage.meta,
               .meta_copier = meta_copier,
               .log = *storage.log,
               .objects = *storage.objects,
               .config = config,
               .clock = base::SystemClock(),
               .timer = timer,
               .requests = requests,
               .background = background,
               .builds = builds,
               .budget = budget,
               .metrics = metrics},
              [this](const Roles& direct) { return Connect(direct); }) {}

  // How the roles call each other.
  absl::StatusOr<Roles> Connect(const Roles& direct);
  absl::Status Serve();

  const base::Config& config;
  const std::unique_ptr<base::MemoryBudget> budget_owner;
  base::MemoryBudget& budget;  // outlives the storage
  StorageSet storage;
  coordinator::CollectionSaver collection_files;
  storage::MetaCopier meta_copier;
  base::Metrics metrics;
  base::ThreadPool requests;
  base::ThreadPool background;
  base::ThreadPool builds;
  base::ThreadTimer timer;
  std::optional<WireRoles> wire;
  RoleSet roles;
  access::OpenGate gate;
  std::optional<access::Dispatch> dispatch;
  std::optional<role::RpcServer> rpc;
  std::optional<access::Port> port;
  std::optional<ManagementPort> management;
  std::atomic<bool> ready{false};
  bool started = false;
  bool stopped = false;
};

absl::StatusOr<Roles> Standalone::State::Connect(const Roles& direct) {
  if (config.role_calls != "wire") return direct;
  wire.emplace(requests);
  RETURN_IF_ERROR(wire->Listen(direct));
  return wire->clients();
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
  RETURN_IF_ERROR(
      Await([&](base::Done done) { s.roles.Start(std::move(done)); }));
  s.started = true;
  return s.Serve();
}

absl::Status Standalone::State::Serve() {
  dispatch.emplace(gate);
  roles.proxy().Register(*dispatch);
  access::RegisterHealth(*dispatch, [this] { return ready.load(); });
  rpc.emplace(
      role::RpcServerOptions{
          .adopts_connections = true,
          .request_bytes_max =
              static_cast<std::size_t>(config.max_receive_bytes),
          .reply_bytes_max = static_cast<std::size_t>(config.max_send_bytes)},
      requests);
  dispatch->Install(*rpc);
  RETURN_IF_ERROR(rpc->Start());
  port.emplace(
      access::PortOptions{.host = config.bind_address, .port = config.port},
      *rpc);
  metrics.AddGaugeCallback(
      "elanus_memory_used_bytes", "Accounted memory in use",
      [this] { return static_cast<double>(budget.used()); });
  metrics.AddGaugeCallback(
      "elanus_memory_limit_bytes", "Accounted memory allowed",
      [this] { return static_cast<double>(budget.limit()); });
  metrics.AddGaugeCallback(
      "elanus_connections", "Open client connections",
      [this] { return static_cast<double>(port->connections()); });
  management.emplace(
      ManagementOptions{.host = config.bind_address,
                        .port = config.management_port},
      metrics, [this] {
        return ready.load() ? absl::OkStatus()
                            : base::Error(base::ErrorCode::kServiceNotReady,
                                          "service not ready");
      });
  RETURN_IF_ERROR(management->Start());
  RETURN_IF_ERROR(port->Start());
  ready.store(true);
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
  base::LogIfError(
      Await([&](base::Done done) { s.roles.Stop(std::move(done)); }),
      "the log holds what was not written");
  s.roles.StopFollowing();
  if (s.wire.has_value()) s.wire->Stop();
  s.timer.Stop();
  s.builds.Stop();
  s.background.Stop();
  s.requests.Stop();
  if (s.management.has_value()) s.management->Stop();
  // A start that failed has nothing to keep: copies of a store that it could
  // not read would only push out the good ones.
  if (s.started) {
    base::LogIfError(s.meta_copier.Save(), "the copy before it is kept");
  }
  // Appends under way are answered now, while those who asked still live.
  s.storage.log.reset();
}

int Standalone::port() const { return state_->port->port(); }

const std::string& Standalone::cluster_id() const {
  return state_->storage.cluster_id;
}

}  // namespace elanus::server
