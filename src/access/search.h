// The Search call of the public port.
//
// Threads: the handler runs on the request executor, or, for a call that comes
//          alone, on the port's polling thread.
#pragma once

#include "access/grpc/dispatch.h"

namespace elanus::access {

class Proxy;

void RegisterSearch(Proxy& proxy, Dispatch& dispatch);

}  // namespace elanus::access
