// elanus: the command line.
//
//   elanus standalone [--data DIR] [--config FILE] [--bind ADDR] [--port N]
//                     [--management-port N] [--memory SIZE]
//                     [--role-calls direct|wire]
//   elanus check [--data DIR]    what is damaged; status 1 if anything is
//   elanus recover [--data DIR]  bring back lost metadata
//   elanus config [the same]     what would be in force, and where it is from
//   elanus version
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include <CLI/CLI.hpp>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "server/check.h"
#include "server/recover.h"
#include "server/standalone.h"
#include "server/version.h"

namespace elanus::server {
namespace {

struct Flags {
  std::string config_file;
  std::vector<base::ConfigOverride> overrides;
};

void AddFlags(CLI::App& command, Flags& flags) {
  command.add_option("--config", flags.config_file,
                     "YAML file; Milvus's key names are understood");
  const auto add = [&](const std::string& flag, const std::string& key,
                       const std::string& meaning) {
    command.add_option_function<std::string>(
        flag,
        [&flags, flag, key](const std::string& value) {
          flags.overrides.push_back(
              {.key = key, .value = value, .origin = "flag " + flag});
        },
        meaning);
  };
  add("--data", "localStorage.path", "folder of all data");
  add("--bind", "proxy.ip", "address to listen on (127.0.0.1)");
  add("--port", "proxy.port", "port of clients (19530)");
  add("--management-port", "metrics.port", "port of /healthz, /metrics (9091)");
  add("--memory", "elanus.memoryLimit", "memory budget, e.g. 4GiB");
  add("--role-calls", "elanus.roleCalls", "direct, or wire: through gRPC");
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "elanus: %s\n",
               std::string(base::MessageOf(status)).c_str());
  return 1;
}

base::LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return base::LogLevel::kDebug;
  if (name == "warn") return base::LogLevel::kWarn;
  if (name == "error") return base::LogLevel::kError;
  return base::LogLevel::kInfo;
}

// A gRPC connection takes two descriptors, a mapped file one.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int PrintConfig(const Flags& flags) {
  const auto loaded = base::LoadConfig(flags.config_file, flags.overrides);
  if (!loaded.ok()) return Fail(loaded.status());
  for (const base::ConfigEntry& entry : loaded->entries) {
    fmt::print("{}: {}  # {}; {}\n", entry.key, entry.value, entry.origin,
               entry.meaning);
  }
  return 0;
}

int RunStandalone(const Flags& flags) {
  auto loaded = base::LoadConfig(flags.config_file, flags.overrides);
  if (!loaded.ok()) return Fail(loaded.status());
  const base::Config& config = loaded->config;
  base::InitLog({.level = LevelOf(config.log_level),
                 .json = config.log_format == "json",
                 .directory = config.log_dir});
  for (const std::string& key : loaded->unknown_keys) {
    LOG_INFO("{}: key {} has no meaning here", flags.config_file, key);
  }
  // Blocked before any thread starts, so that all inherit it and only the wait
  // below sees the signals.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  RaiseFileLimit();
  // Debian builds absl with its checks of the locks' order, which gRPC, taking
  // dozens of locks a call, pays for; ours are checked by the thread sanitizer.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // It would write a line for each bad string that a client sends.
  google::protobuf::SetLogHandler(nullptr);

  auto server = Standalone::Open(config);
  if (!server.ok()) return Fail(server.status());
  const absl::Status started = (*server)->Start();
  if (!started.ok()) return Fail(started);
  LOG_INFO(
      "elanus {} serves gRPC on {}:{}, health and metrics on {}:{}, data "
      "in {} (cluster {})",
      kVersion, config.bind_address, (*server)->port(), config.bind_address,
      config.management_port, config.data_dir, (*server)->cluster_id());
  if (config.bind_address != "127.0.0.1" &&
      config.bind_address != "localhost") {
    LOG_WARN(
        "authentication is off and {} can be reached from elsewhere: "
        "whoever reaches it reads and changes all data",
        config.bind_address);
  }
  int signal = 0;
  sigwait(&signals, &signal);
  LOG_INFO("signal {}: stopping", signal);
  (*server)->Stop();
  LOG_INFO("stopped");
  return 0;
}

int Check(const Flags& flags) {
  const auto loaded = base::LoadConfig(flags.config_file, flags.overrides);
  if (!loaded.ok()) return Fail(loaded.status());
  const CheckReport report = CheckData(loaded->config.data_dir);
  for (const std::string& problem : report.problems) {
    fmt::print("{}\n", problem);
  }
  if (report.log_torn_bytes > 0) {
    fmt::print("the log has a torn tail of {} bytes, which a start cuts off\n",
               report.log_torn_bytes);
  }
  if (report.meta_torn_bytes > 0) {
    fmt::print(
        "the metadata have a torn tail of {} bytes, which a start cuts off\n",
        report.meta_torn_bytes);
  }
  fmt::print(
      "{} problems; {} collections, {} segments, {} files with {} bytes, {} "
      "records of metadata, {} of the log\n",
      report.problems.size(), report.collections, report.segments, report.files,
      report.bytes, report.records, report.log_records);
  return report.problems.empty() ? 0 : 1;
}

int Recover(const Flags& flags) {
  const auto loaded = base::LoadConfig(flags.config_file, flags.overrides);
  if (!loaded.ok()) return Fail(loaded.status());
  const auto recovery =
      RecoverMeta(loaded->config.data_dir, base::SystemClock());
  if (!recovery.ok()) return Fail(recovery.status());
  for (const std::string& damaged : recovery->damaged) {
    fmt::print("damaged: {}\n", damaged);
  }
  if (!recovery->put_aside.empty()) {
    fmt::print("the former metadata are in {}\n", recovery->put_aside);
  }
  fmt::print(
      "{} records of metadata from {}; what was made or dropped after that "
      "is as it was then\n",
      recovery->records, recovery->source);
  return Check(flags);
}

}  // namespace
}  // namespace elanus::server

int main(int argc, char** argv) {
  CLI::App app("Elanus, a vector database that speaks Milvus's protocol");
  app.require_subcommand(1);
  elanus::server::Flags flags;
  CLI::App* standalone =
      app.add_subcommand("standalone", "serve, with everything in one process");
  elanus::server::AddFlags(*standalone, flags);
  CLI::App* config = app.add_subcommand(
      "config", "print the effective settings and where each comes from");
  elanus::server::AddFlags(*config, flags);
  CLI::App* check =
      app.add_subcommand("check", "read all data, and say what is damaged");
  elanus::server::AddFlags(*check, flags);
  CLI::App* recover = app.add_subcommand(
      "recover", "bring back lost metadata from the object store");
  elanus::server::AddFlags(*recover, flags);
  CLI::App* version = app.add_subcommand("version", "print the version");
  CLI11_PARSE(app, argc, argv);
  if (version->parsed()) {
    fmt::print("elanus {}\n", elanus::server::kVersion);
    return 0;
  }
  if (config->parsed()) return elanus::server::PrintConfig(flags);
  if (check->parsed()) return elanus::server::Check(flags);
  if (recover->parsed()) return elanus::server::Recover(flags);
  return elanus::server::RunStandalone(flags);
}
