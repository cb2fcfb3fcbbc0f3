// Binds the methods of a role to paths of an RpcServer, and calls them over an
// RpcChannel: path -> parse the request -> method -> reply.
//
//   BindMethod(server, "/elanus.QueryNode/Search", node, &QueryNode::Search);
//
// Threads:   the method runs on the server's executor.
// Ownership: `role` outlives the server and the calls in flight.
// Errors:    a failed Done crosses the wire unchanged (rpc_wire_error.h).
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "base/executor.h"
#include "base/op_context.h"
#include "role/rpc_server.h"

namespace elanus::role {

template <typename Role, typename Request, typename Reply>
using RoleMethod = void (Role::*)(const base::OpContext&, const Request&,
                                  Reply*, base::Done);

// False for bytes that are no such message.
inline bool ParseRequest(const base::Buffer& bytes,
                         google::protobuf::MessageLite& request) {
  return bytes.size() <= std::numeric_limits<int>::max() &&
         request.ParseFromArray(bytes.bytes().data(),
                                static_cast<int>(bytes.size()));
}

template <typename Role, typename Request, typename Reply>
void BindMethod(RpcServer& server, std::string path, Role& role,
                RoleMethod<Role, Request, Reply> method) {
  // Lives from the call's arrival to its Done.
  struct Exchange {
    std::unique_ptr<RpcCall> call;
    Request request;
    Reply reply;
  };
  server.Register(
      std::move(path), [&role, method](std::unique_ptr<RpcCall> call) {
        auto exchange = std::make_unique<Exchange>();
        exchange->call = std::move(call);
        if (!ParseRequest(exchange->call->request(), exchange->request)) {
          exchange->call->Fail(base::Error(
              base::ErrorCode::kServiceInternal, "{}: the request is not a {}",
              exchange->call->method(), exchange->request.GetTypeName()));
          return;
        }
        Exchange& parts = *exchange;
        (role.*method)(parts.call->context(), parts.request, &parts.reply,
                       [exchange = std::move(exchange)](absl::Status status) {
                         if (status.ok()) {
                           exchange->call->Finish(exchange->reply);
                         } else {
                           exchange->call->Fail(status);
                         }
                       });
      });
}

}  // namespace elanus::role
