// Sends requests that were serialised beforehand to a gRPC server and measures
// each answer. Replies are kept as bytes and not parsed: the client's own work
// shares the machine with the server that is measured.
//
//   Sender sender("127.0.0.1:19530", {.connections = 2});
//   RETURN_IF_ERROR(sender.Connect());
//   const Outcome outcome = sender.Run({.path = "/pkg.Service/Search",
//                                       .requests = requests,
//                                       .in_flight = 8,
//                                       .count = 10'000});
//
// With a rate, requests leave at fixed times whether or not earlier ones were
// answered, and a latency counts from the time at which its request should
// have left: a slow server cannot hide its delays by slowing the client down
// (Tene, "How NOT to Measure Latency", 2013).
//
// Threads:   one; Run waits.
// Ownership: the requests are borrowed during Run.
// Errors:    kServiceUnavailable if nobody listens; calls that fail are
//            counted in the outcome.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace elanus::bench {

struct SenderOptions {
  int connections = 1;
};

struct Work {
  std::string path;                   // "/package.Service/Method"
  std::vector<std::string> requests;  // sent in turn, again from the first one
  std::size_t in_flight = 1;
  std::size_t count = 0;       // calls in all; 0 = each request once
  double seconds = 0;          // no new call after this time; 0 = no limit
  double rate = 0;             // calls a second; 0 = as soon as one is answered
  bool keeps_replies = false;  // the first one to each request
};

struct Outcome {
  std::size_t answered = 0;
  std::size_t failed = 0;  // by gRPC
  std::string first_error;
  double seconds = 0;
  std::vector<double> latencies_ms;  // of the answered, as they came
  std::vector<std::string> replies;  // by request; empty: none came
};

class Sender {
 public:
  Sender(const std::string& address, const SenderOptions& options);
  ~Sender();

  absl::Status Connect(std::chrono::milliseconds patience);
  Outcome Run(const Work& work);

 private:
  class Session;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
};

}  // namespace elanus::bench
