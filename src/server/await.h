// Waits for an asynchronous step: only where a process starts and stops, on
// its main thread, may one.
//
//   RETURN_IF_ERROR(
//       Await([&](base::Done done) { roles.Start(std::move(done)); }));
//
// Threads: `done` is called on any other.
#pragma once

#include <future>
#include <memory>
#include <utility>

#include "base/executor.h"
#include "base/status.h"

namespace elanus::server {

template <typename Step>
absl::Status Await(Step step) {
  auto outcome = std::make_shared<std::promise<absl::Status>>();
  std::future<absl::Status> waiting = outcome->get_future();
  step([outcome](absl::Status status) {
    outcome->set_value(std::move(status));
  });
  return waiting.get();
}

}  // namespace elanus::server
