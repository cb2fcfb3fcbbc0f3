// The client side of role calls: asynchronous unary calls by path. One thread
// polls gRPC for all channels of a process and never runs a callback; replies
// are parsed and callbacks run on an Executor.
//
//   RpcClient client({}, executor);
//   std::unique_ptr<RpcChannel> node = client.Connect("10.0.0.7:19531");
//   node->Call("/elanus.QueryNode/Search", request, &reply, ctx,
//              [](absl::Status status) { ... });
//
// A cancelled or expired OpContext ends the call on the server as well.
//
// Threads:   any.
// Ownership: `reply` lives until the callback; `request` only until Call
//            returns. The client outlives its channels. The executor outlives
//            the client.
// Errors:    what the server's method answered, unchanged; if it was not
//            reached: kServiceUnavailable (retriable), kDeadlineExceeded, ...
#pragma once

#include <google/protobuf/message_lite.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/executor.h"
#include "base/op_context.h"

namespace elanus::role {

struct RpcClientOptions {
  std::size_t message_bytes_max = 256u << 20;
  // How often the contexts of calls under way are looked at.
  std::chrono::milliseconds cancel_check{20};
  // A silent connection is pinged, then given up.
  std::chrono::milliseconds keepalive{10000};
  std::chrono::milliseconds keepalive_timeout{5000};
};

class RpcChannel;

class RpcClient final {
 public:
  RpcClient(RpcClientOptions options, base::Executor& executor);
  ~RpcClient();  // Stop()
  RpcClient(const RpcClient&) = delete;
  RpcClient& operator=(const RpcClient&) = delete;

  // Connects in the background, and again whenever the connection is lost.
  std::unique_ptr<RpcChannel> Connect(const std::string& address);

  // Cancels the calls under way and waits until they have been handed to the
  // executor; calls that come later fail at once. Idempotent.
  void Stop();

 private:
  friend class RpcChannel;
  class State;
  std::shared_ptr<State> state_;
};

class RpcChannel final {
 public:
  ~RpcChannel();
  RpcChannel(const RpcChannel&) = delete;
  RpcChannel& operator=(const RpcChannel&) = delete;

  void Call(const std::string& path,
            const google::protobuf::MessageLite& request,
            google::protobuf::MessageLite* reply, const base::OpContext& ctx,
            base::Done done);

  const std::string& address() const;

 private:
  friend class RpcClient;
  class Stub;
  RpcChannel(std::shared_ptr<RpcClient::State> client,
             std::unique_ptr<Stub> stub);
  std::shared_ptr<RpcClient::State> client_;
  std::unique_ptr<Stub> stub_;
};

}  // namespace elanus::role
