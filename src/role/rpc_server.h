// A gRPC server with one generic service: every unary call arrives in one
// place as path, metadata and raw bytes. One thread polls gRPC; each call is
// handed over once, to an Executor, and may be answered later from any thread.
// A brief call that comes alone runs on the polling thread: waking another one
// costs more than many a read. If it takes long after all, polling goes on
// beside it (base/relay.h).
//
//   RpcServer server({.address = "127.0.0.1:0"}, executor);
//   server.Register("/pkg.Service/Method", [](std::unique_ptr<RpcCall> call) {
//     call->Finish(reply);
//   });
//   RETURN_IF_ERROR(server.Start());
//
// Why generic: no call exists outside the table of paths, so one gate stands
// before all of them; and a large request stays one piece of memory.
//
// Threads:   Register and Refuse before Start; Adopt and Stop from any thread.
// Ownership: `executor` outlives the server. A call may outlive the server:
//            its answer is then dropped.
// Errors:    a path without a handler answers UNIMPLEMENTED, calls beyond the
//            limits RESOURCE_EXHAUSTED, a call that its handler drops INTERNAL.
#pragma once

#include <google/protobuf/message_lite.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "base/executor.h"
#include "base/op_context.h"
#include "base/status.h"

namespace elanus::role {

// The metadata key of the id that follows a request through logs and roles.
inline constexpr std::string_view kRequestIdKey = "client-request-id";

// One call. Answered by exactly one Finish or Fail, from any thread; what
// request() and the other accessors gave stays valid until destruction, which
// answers INTERNAL if nobody did.
class RpcCall {
 public:
  RpcCall() = default;
  virtual ~RpcCall() = default;
  RpcCall(const RpcCall&) = delete;
  RpcCall& operator=(const RpcCall&) = delete;

  virtual const std::string& method() const = 0;  // "/pkg.Service/Method"
  virtual std::string peer() const = 0;           // "ipv4:127.0.0.1:50312"
  virtual const base::Buffer& request() const = 0;
  // Carries the call's deadline; cancelled when the client goes away.
  virtual const base::OpContext& context() const = 0;
  // The first value of a lower-case key.
  virtual std::optional<std::string_view> Metadata(
      std::string_view key) const = 0;

  virtual void Finish(const base::Buffer& reply) = 0;
  virtual void Finish(const google::protobuf::MessageLite& reply) = 0;
  // The gRPC status of the call; the numbers of absl's codes are gRPC's.
  virtual void Fail(absl::StatusCode code, std::string_view text) = 0;
  // As above, and our own client gets `error` back as it is.
  virtual void Fail(const absl::Status& error) = 0;
};

using RpcHandler = std::function<void(std::unique_ptr<RpcCall>)>;

struct MethodOptions {
  // Its handler waits for nobody and is mostly done within a millisecond.
  bool is_brief = false;
};

struct RpcServerOptions {
  // "host:port", port 0 = any free one. Empty: only connections that are
  // handed over by Adopt.
  std::string address;
  bool adopts_connections = false;
  std::size_t request_bytes_max = 64u << 20;
  std::size_t reply_bytes_max = 256u << 20;
  // Calls between arrival and answer, and the sum of their requests' bytes.
  std::size_t calls_max = 4096;
  std::size_t requests_bytes_max = std::size_t{1} << 30;
  // Clients may ping this often, also without a call under way.
  std::chrono::milliseconds ping_interval_min{5000};
  // A connection on which nothing arrives is pinged, then closed.
  std::chrono::milliseconds keepalive{60000};
  std::chrono::milliseconds keepalive_timeout{20000};
};

class RpcServer final {
 public:
  RpcServer(RpcServerOptions options, base::Executor& executor);
  ~RpcServer();  // Stop(0)
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  void Register(std::string path, RpcHandler handler,
                MethodOptions options = {});
  // Calls of `path` fail with UNIMPLEMENTED and `text`; their messages are not
  // read. For streaming methods.
  void Refuse(std::string path, std::string text);

  absl::Status Start();
  // The port that is listened on; 0 without one.
  int port() const;

  // Serves an accepted socket from which nothing has been read. Takes `fd`,
  // which must not block.
  void Adopt(int fd);

  // Takes no more calls, lets those in flight finish until `patience` is
  // spent, cancels the rest and drops their answers. Handlers may still be
  // running afterwards. Idempotent. Not from a handler.
  void Stop(std::chrono::milliseconds patience);

  std::size_t calls_in_flight() const;

 private:
  friend class ServerCall;
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace elanus::role
