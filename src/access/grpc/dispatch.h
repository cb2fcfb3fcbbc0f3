// The one table of the public port: path -> (privilege, handler). Every call
// goes frame -> authenticate -> authorise -> parse -> handle; there is no
// second way in.
//
//   Dispatch dispatch(gate);
//   dispatch.Register<HasCollectionRequest, BoolResponse>(
//       "HasCollection",
//       [&](CallContext& ctx, const HasCollectionRequest& request,
//           BoolResponse* reply, base::Done done) { ... });
//   dispatch.Install(rpc_server);
//
// A failed Done becomes the Status of the reply. A call without a handler is
// answered with code 10, in the type that the client waits for.
//
// Threads:   Register before Install; handlers run on the server's executor,
//            those of brief methods also on its polling thread, many at once.
// Ownership: gate and dispatch outlive the calls of the server. Context,
//            request and reply of a handler live until its Done.
// Errors:    bytes that are no such request are gRPC's INVALID_ARGUMENT;
//            a reply type without a Status fails with a gRPC status.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "access/grpc/call_context.h"
#include "access/grpc/gate.h"
#include "access/grpc/method_table.h"
#include "base/buffer.h"
#include "base/executor.h"
#include "proto/milvus/common.pb.h"
#include "role/rpc_server.h"
#include "role/rpc_service.h"

namespace elanus::access {

// The Status in which `reply` tells its outcome; null without one.
template <typename Reply>
milvus::proto::common::Status* StatusOf(Reply& reply) {
  if constexpr (std::is_same_v<Reply, milvus::proto::common::Status>) {
    return &reply;
  } else if constexpr (requires {
                         reply.mutable_status()->set_retriable(true);
                       }) {
    return reply.mutable_status();
  } else {
    return nullptr;
  }
}

class Dispatch {
 public:
  template <typename Request, typename Reply>
  using Handler =
      std::function<void(CallContext&, const Request&, Reply*, base::Done)>;
  explicit Dispatch(Gate& gate);
  ~Dispatch();
  Dispatch(const Dispatch&) = delete;
  Dispatch& operator=(const Dispatch&) = delete;

  // `method`: a name of MilvusService, or a whole path of another service.
  // Request: the method's message, or a class that holds one and has its
  // descriptor() and bool Parse(const base::Buffer&), which may keep views of
  // the bytes.
  template <typename Request, typename Reply>
  void Register(std::string_view method, Handler<Request, Reply> handler,
                role::MethodOptions options = {});

  // Puts all rows into `server`, which has not been started.
  void Install(role::RpcServer& server);
  // Serves a call that came another way, of the row that its method names.
  void Serve(std::unique_ptr<role::RpcCall> call);

 private:
  // A call that has been let in, with what its handler needs.
  struct Entered {
    std::unique_ptr<role::RpcCall> call;
    CallContext context;
    RequestNames names;
  };
  using EnteredHandler = std::function<void(std::unique_ptr<Entered>)>;
  struct Row {
    Method method;
    EnteredHandler handler;
    role::MethodOptions options;
  };
  template <typename Reply>
  struct Exchange;

  Row& RowOf(std::string_view method,
             const google::protobuf::Descriptor* request,
             const google::protobuf::Descriptor* reply);
  void Serve(const Row& row, std::unique_ptr<role::RpcCall> call);
  void Authorise(const Row& row, std::unique_ptr<Entered> entered);
  static void FillContext(Entered& entered);
  static void RefuseRequest(role::RpcCall& call, std::string_view type,
                            std::string_view reason);
  static EnteredHandler UnimplementedHandler(const Method& method);
  // Sends `reply`, whose outcome is `outcome`, which stands in `status`.
  static void Answer(
      role::RpcCall& call, google::protobuf::Message& reply,
      milvus::proto::common::Status* (*status)(google::protobuf::Message&),
      const absl::Status& outcome);
  template <typename Reply>
  static milvus::proto::common::Status* StatusOfMessage(
      google::protobuf::Message& reply) {
    return StatusOf(static_cast<Reply&>(reply));
  }

  Gate& gate_;
  std::vector<std::unique_ptr<Row>> rows_;  // their addresses stay
};

template <typename Reply>
struct Dispatch::Exchange {
  explicit Exchange(std::unique_ptr<Entered> call) : entered(std::move(call)) {}
  void Answer(const absl::Status& outcome) {
    Dispatch::Answer(*entered->call, reply, &StatusOfMessage<Reply>, outcome);
  }
  std::unique_ptr<Entered> entered;
  Reply reply;
};

template <typename Request, typename Reply>
void Dispatch::Register(std::string_view method,
                        Handler<Request, Reply> handler,
                        role::MethodOptions options) {
  struct Parsed : Exchange<Reply> {
    using Exchange<Reply>::Exchange;
    Request request;
  };
  Row& row = RowOf(method, Request::descriptor(), Reply::descriptor());
  row.options = options;
  row.handler = [handler =
                     std::move(handler)](std::unique_ptr<Entered> entered) {
    auto owned = std::make_unique<Parsed>(std::move(entered));
    Parsed& exchange = *owned;
    role::RpcCall& call = *exchange.entered->call;
    bool is_parsed = false;
    if constexpr (requires { exchange.request.Parse(call.request()); }) {
      is_parsed = exchange.request.Parse(call.request());
    } else {
      is_parsed = role::ParseRequest(call.request(), exchange.request);
    }
    if (!is_parsed) {
      RefuseRequest(call, Request::descriptor()->full_name(),
                    "it cannot be parsed");
      return;
    }
    handler(exchange.entered->context, exchange.request, &exchange.reply,
            [owned = std::move(owned)](absl::Status outcome) {
              owned->Answer(outcome);
            });
  };
}

}  // namespace elanus::access
