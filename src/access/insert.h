// The Insert call of the public port.
//
// Threads: the handler runs on the request executor.
#pragma once

#include "access/grpc/dispatch.h"

namespace elanus::access {

class Proxy;

void RegisterInsert(Proxy& proxy, Dispatch& dispatch);

}  // namespace elanus::access
