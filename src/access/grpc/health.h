// grpc.health.v1.Health/Check: what load balancers and orchestrators ask.
//
//   RegisterHealth(dispatch, [&] { return proxy.IsReady(); });
//
// Threads: `is_serving` is asked from any thread.
// Errors:  NOT_FOUND for a service that is not ours, as the protocol of the
//          health check demands.
#pragma once

#include <functional>

#include "access/grpc/dispatch.h"

namespace elanus::access {

void RegisterHealth(Dispatch& dispatch, std::function<bool()> is_serving);

}  // namespace elanus::access
