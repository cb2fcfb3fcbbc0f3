#include "role/proxy_rpc.h"

#include <utility>

#include "role/rpc_service.h"

namespace elanus::role {
namespace {

constexpr char kInvalidateCache[] = "/elanus.internal.Proxy/InvalidateCache";

}  // namespace

void ProxyClient::InvalidateCache(
    const base::OpContext& ctx, const internal::InvalidateCacheRequest& request,
    internal::Empty* reply, base::Done done) {
  channel_.Call(kInvalidateCache, request, reply, ctx, std::move(done));
}

void ServeProxy(RpcServer& server, Proxy& role) {
  BindMethod(server, kInvalidateCache, role, &Proxy::InvalidateCache);
}

}  // namespace elanus::role
