// A standalone server: all seven roles in one process over embedded storage.
//
//   ASSIGN_OR_RETURN(auto server, Standalone::Open(config));
//   RETURN_IF_ERROR(server->Start());
//   ...
//   server->Stop();
//
// Threads:   Open, Start and Stop from one thread.
// Ownership: owns everything; `config` outlives it.
// Errors:    those of storage (a folder in use, damage), a port in use.
#pragma once

#include <memory>
#include <string>

#include "base/config.h"
#include "base/status.h"

namespace elanus::server {

class Standalone {
 public:
  // Opens the data folder. Nothing is served yet.
  static absl::StatusOr<std::unique_ptr<Standalone>> Open(
      const base::Config& config);
  ~Standalone();  // Stop()

  // Returns when clients may connect; what was loaded goes on loading.
  absl::Status Start();
  // Takes no more calls, lets those in flight end, closes the storage.
  // Idempotent.
  void Stop();

  int port() const;
  const std::string& cluster_id() const;

 private:
  class State;
  explicit Standalone(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace elanus::server
