#include "server/standalone.h"

#include <atomic>
#include <optional>
#include <utility>

#include "base/log.h"
#include "server/await.h"
#include "server/client_port.h"
#include "server/host.h"
#include "server/management_port.h"

namespace elanus::server {

class Standalone::State {
 public:
  explicit State(std::unique_ptr<Host> host_in)
      : host(std::move(host_in)),
        roles(host->services(),
              [this](const Roles& direct) { return host->Connect(direct); }) {}

  absl::Status Serve();

  const std::unique_ptr<Host> host;
  RoleSet roles;
  std::optional<ClientPort> port;
  std::optional<ManagementPort> management;
  std::atomic<bool> ready{false};
  bool started = false;
  bool stopped = false;
};

absl::StatusOr<std::unique_ptr<Standalone>> Standalone::Open(
    const base::Config& config) {
  ASSIGN_OR_RETURN(std::unique_ptr<Host> host, Host::Open(config));
  return std::unique_ptr<Standalone>(
      new Standalone(std::make_unique<State>(std::move(host))));
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
  const base::Config& config = host->config();
  port.emplace(config.port, config, host->requests(),
               [this] { return ready.load(); });
  host->metrics().AddGaugeCallback(
      "elanus_connections", "Open client connections",
      [this] { return static_cast<double>(port->connections()); });
  management.emplace(
      ManagementOptions{.host = config.bind_address,
                        .port = config.management_port},
      host->metrics(), [this] {
        return ready.load() ? absl::OkStatus()
                            : base::Error(base::ErrorCode::kServiceNotReady,
                                          "service not ready");
      });
  RETURN_IF_ERROR(management->Start());
  RETURN_IF_ERROR(port->Start(roles.proxy()));
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
  base::LogIfError(
      Await([&](base::Done done) { s.roles.Stop(std::move(done)); }),
      "the log holds what was not written");
  s.roles.StopFollowing();
  s.host->StopThreads();
  if (s.management.has_value()) s.management->Stop();
  // A start that failed has nothing to keep: copies of a store that it could
  // not read would only push out the good ones.
  if (s.started) {
    base::LogIfError(s.host->SaveMeta(), "the copy before it is kept");
  }
  s.host->CloseStorage();
}

int Standalone::port() const { return state_->port->port(); }

const std::string& Standalone::cluster_id() const {
  return state_->host->cluster_id();
}

}  // namespace elanus::server
