#include "server/host.h"

#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/machine_memory.h"

namespace elanus::server {
namespace {

constexpr int kBackgroundNice = 10;  // reads go first

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

}  // namespace

absl::StatusOr<std::unique_ptr<Host>> Host::Open(const base::Config& config) {
  auto budget = std::make_unique<base::MemoryBudget>(MemoryLimit(config));
  auto metrics = std::make_unique<base::Metrics>();
  ASSIGN_OR_RETURN(StorageSet storage,
                   OpenStorage(config.data_dir, *budget, *metrics));
  return std::unique_ptr<Host>(new Host(
      config, std::move(budget), std::move(metrics), std::move(storage)));
}

Host::Host(const base::Config& config,
           std::unique_ptr<base::MemoryBudget> budget,
           std::unique_ptr<base::Metrics> metrics, StorageSet storage)
    : config_(config),
      budget_(std::move(budget)),
      metrics_(std::move(metrics)),
      storage_(std::move(storage)),
      collection_files_(*storage_.objects),
      meta_copier_(*storage_.meta, *storage_.objects,
                   [this](const storage::MetaCopy& all) {
                     return collection_files_.Save(all);
                   }),
      requests_({.name = "requests", .threads = Threads(config)}),
      background_({.name = "background",
                   .threads = BackgroundThreads(config),
                   .nice = kBackgroundNice,
                   .gives_way_to = &read_traffic_}),
      builds_({.name = "builds",
               .threads = Threads(config),
               .nice = kBackgroundNice,
               .gives_way_to = &read_traffic_}),
      timer_(background_) {
  metrics_->AddGaugeCallback(
      "elanus_memory_used_bytes", "Accounted memory in use",
      [this] { return static_cast<double>(budget_->used()); });
  metrics_->AddGaugeCallback(
      "elanus_memory_limit_bytes", "Accounted memory allowed",
      [this] { return static_cast<double>(budget_->limit()); });
}

RoleServices Host::services() {
  return {.meta = *storage_.meta,
          .meta_copier = meta_copier_,
          .log = *storage_.log,
          .objects = *storage_.objects,
          .config = config_,
          .clock = base::SystemClock(),
          .timer = timer_,
          .requests = requests_,
          .background = background_,
          .builds = builds_,
          .budget = *budget_,
          .metrics = *metrics_,
          .traffic = read_traffic_};
}

absl::StatusOr<Roles> Host::Connect(const Roles& direct) {
  if (config_.role_calls != "wire") return direct;
  wire_.emplace(requests_);
  RETURN_IF_ERROR(wire_->Listen(direct));
  return wire_->clients();
}

void Host::StopThreads() {
  if (wire_.has_value()) wire_->Stop();
  timer_.Stop();
  builds_.Stop();
  background_.Stop();
  requests_.Stop();
}

}  // namespace elanus::server
