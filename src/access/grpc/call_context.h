// What the proxy knows of one call besides its request: deadline, database,
// user, connection.
//
// Threads:   written before the handler runs, read afterwards.
// Ownership: lives until the call's Done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/op_context.h"

namespace elanus::access {

struct CallContext {
  // Deadline, cancellation by the client, request id.
  base::OpContext op;
  // The request's db_name, else the metadata's, else "default".
  std::string db_name;
  // Set by Gate::Authenticate; empty while authentication is off.
  std::string user;
  // Of Connect, as the client sends it along; 0 if it does not. A claim, not a
  // proof of identity.
  std::int64_t connection_id = 0;
  std::size_t request_bytes = 0;  // as they came, serialised
  std::string peer;               // "ipv4:127.0.0.1:50312"
  std::string user_agent;         // gRPC's library and version
};

}  // namespace elanus::access
