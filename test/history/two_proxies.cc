// A standalone server with a second proxy at a port of its own:
//
//   two_proxies DATA direct|wire PORT SECOND_PORT MANAGEMENT_PORT
//
// Storage, roles, links between them and access layer are the standalone's.
// Each proxy has caches, blocks of timestamps and ids and a writer id of its
// own, as in a cluster. Ends only by a signal, at once; started again on the
// same folder it goes on.
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "absl/synchronization/mutex.h"
#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/status.h"
#include "proxies/proxy_pair.h"
#include "server/await.h"
#include "server/client_port.h"
#include "server/host.h"
#include "server/management_port.h"
#include "server/role_set.h"

namespace elanus::history {
namespace {

// Without an orderly stop: the threads of what did start run still.
void Require(const absl::Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "two_proxies: {}\n", base::MessageOf(status));
  std::_Exit(1);
}

[[noreturn]] void Serve(const base::Config& config, int second_port) {
  const auto opened = server::Host::Open(config);
  Require(opened.status());
  server::Host& host = **opened;
  proxies::ProxyPair pair;
  server::RoleSet roles(
      host.services(),
      [&](const server::Roles& direct) -> absl::StatusOr<server::Roles> {
        ASSIGN_OR_RETURN(const server::Roles links,
                         host.Connect(pair.Join(direct)));
        pair.SetLinks(links);
        return links;
      });
  Require(
      server::Await([&](base::Done done) { roles.Start(std::move(done)); }));
  base::Metrics second_metrics;
  Require(server::Await([&](base::Done done) {
    pair.AddSecond(host.services(), second_metrics, std::move(done));
  }));
  std::atomic<bool> ready{false};
  const auto is_ready = [&ready] { return ready.load(); };
  server::ClientPort first(config.port, config, host.requests(), is_ready);
  server::ClientPort second(second_port, config, host.requests(), is_ready);
  server::ManagementPort management(
      {.host = config.bind_address, .port = config.management_port},
      host.metrics(), [&is_ready] {
        return is_ready() ? absl::OkStatus()
                          : base::Error(base::ErrorCode::kServiceNotReady,
                                        "service not ready");
      });
  Require(management.Start());
  Require(first.Start(roles.proxy()));
  Require(second.Start(pair.second()));
  ready.store(true);
  while (true) pause();
}

[[noreturn]] void Main(char** arguments) {
  base::Config config;
  config.data_dir = arguments[1];
  config.role_calls = arguments[2];
  config.port = std::atoi(arguments[3]);
  config.management_port = std::atoi(arguments[5]);
  base::InitLog({.level = base::LogLevel::kInfo});
  std::signal(SIGPIPE, SIG_IGN);
  // As elanus does: the checks of the locks' order cost gRPC much.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  Serve(config, std::atoi(arguments[4]));
}

}  // namespace
}  // namespace elanus::history

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs(
        "usage: two_proxies DATA direct|wire PORT SECOND_PORT "
        "MANAGEMENT_PORT\n",
        stderr);
    return 2;
  }
  elanus::history::Main(argv);
}
