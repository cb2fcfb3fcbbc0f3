// The calls that write and read rows. Each is in a file of its own name.
//
// Threads: the handlers run on the request executor.
#pragma once

#include "access/grpc/dispatch.h"

namespace elanus::access {

class Proxy;

void RegisterDataVerbs(Proxy& proxy, Dispatch& dispatch);

}  // namespace elanus::access
