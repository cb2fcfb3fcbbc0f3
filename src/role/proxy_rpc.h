// Calls of a proxy over the wire: the client, and the paths under which a
// process serves it.
//
//   ServeProxy(server, proxy);            // there
//   ProxyClient client(*channel);   // here: a role::Proxy
//
// Threads:   any.
// Ownership: the channel outlives the client; see rpc_channel.h and
//            rpc_service.h for requests and replies.
// Errors:    those of the role, unchanged, and those of the channel.
#pragma once

#include "role/proxy.h"
#include "role/rpc_channel.h"
#include "role/rpc_server.h"

namespace elanus::role {

class ProxyClient final : public Proxy {
 public:
  explicit ProxyClient(RpcChannel& channel) : channel_(channel) {}

  void InvalidateCache(const base::OpContext& ctx,
                       const internal::InvalidateCacheRequest& request,
                       internal::Empty* reply, base::Done done) override;

 private:
  RpcChannel& channel_;
};

// Before the server starts.
void ServeProxy(RpcServer& server, Proxy& role);

}  // namespace elanus::role
