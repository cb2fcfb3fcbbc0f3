// How the roles of a standalone server reach each other: by direct calls, or,
// with --role-calls=wire, through gRPC to the same process, so that nothing
// but messages crosses from role to role.
//
// Threads:   as the roles.
// Ownership: borrows the roles, which are set once they are there.
#pragma once

#include <memory>
#include <string>

#include "base/executor.h"
#include "base/status.h"
#include "role/data_coord.h"
#include "role/data_node.h"
#include "role/index_node.h"
#include "role/proxy.h"
#include "role/query_coord.h"
#include "role/query_node.h"
#include "role/root_coord.h"
#include "role/rpc_channel.h"
#include "role/rpc_server.h"

namespace elanus::server {

struct Roles {
  role::RootCoord* root_coord = nullptr;
  role::DataCoord* data_coord = nullptr;
  role::QueryCoord* query_coord = nullptr;
  role::QueryNode* query_node = nullptr;
  role::DataNode* data_node = nullptr;
  role::IndexNode* index_node = nullptr;
  role::Proxy* proxy = nullptr;
};

// Serves all roles on a port of the loopback and gives clients of them.
class WireRoles {
 public:
  explicit WireRoles(base::Executor& executor);
  ~WireRoles();  // Stop()

  // The port is known from here on; calls fail until Serve.
  absl::Status Listen(const Roles& roles);
  void Stop();

  // Clients of what Listen serves.
  const Roles& clients() const { return clients_; }

 private:
  struct Clients;

  base::Executor& executor_;
  std::unique_ptr<role::RpcServer> server_;
  std::unique_ptr<role::RpcClient> client_;
  std::unique_ptr<role::RpcChannel> channel_;
  std::unique_ptr<Clients> owned_;
  Roles clients_;
};

}  // namespace elanus::server
