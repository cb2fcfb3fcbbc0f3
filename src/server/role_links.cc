#include "server/role_links.h"

#include <chrono>

#include <fmt/format.h>

#include "role/data_coord_rpc.h"
#include "role/data_node_rpc.h"
#include "role/index_node_rpc.h"
#include "role/proxy_rpc.h"
#include "role/query_coord_rpc.h"
#include "role/query_node_rpc.h"
#include "role/root_coord_rpc.h"

namespace elanus::server {
namespace {

constexpr std::chrono::milliseconds kStopPatience{1000};

}  // namespace

struct WireRoles::Clients {
  explicit Clients(role::RpcChannel& channel)
      : root_coord(channel),
        data_coord(channel),
        query_coord(channel),
        query_node(channel),
        data_node(channel),
        index_node(channel),
        proxy(channel) {}

  role::RootCoordClient root_coord;
  role::DataCoordClient data_coord;
  role::QueryCoordClient query_coord;
  role::QueryNodeClient query_node;
  role::DataNodeClient data_node;
  role::IndexNodeClient index_node;
  role::ProxyClient proxy;
};

WireRoles::WireRoles(base::Executor& executor) : executor_(executor) {}

WireRoles::~WireRoles() { Stop(); }

absl::Status WireRoles::Listen(const Roles& roles) {
  server_ = std::make_unique<role::RpcServer>(
      role::RpcServerOptions{.address = "127.0.0.1:0"}, executor_);
  role::ServeRootCoord(*server_, *roles.root_coord);
  role::ServeDataCoord(*server_, *roles.data_coord);
  role::ServeQueryCoord(*server_, *roles.query_coord);
  role::ServeQueryNode(*server_, *roles.query_node);
  role::ServeDataNode(*server_, *roles.data_node);
  if (roles.index_node != nullptr) {
    role::ServeIndexNode(*server_, *roles.index_node);
  }
  role::ServeProxy(*server_, *roles.proxy);
  RETURN_IF_ERROR(server_->Start());
  client_ =
      std::make_unique<role::RpcClient>(role::RpcClientOptions{}, executor_);
  channel_ = client_->Connect(fmt::format("127.0.0.1:{}", server_->port()));
  owned_ = std::make_unique<Clients>(*channel_);
  clients_ = {
      .root_coord = &owned_->root_coord,
      .data_coord = &owned_->data_coord,
      .query_coord = &owned_->query_coord,
      .query_node = &owned_->query_node,
      .data_node = &owned_->data_node,
      .index_node = roles.index_node == nullptr ? nullptr : &owned_->index_node,
      .proxy = &owned_->proxy};
  return absl::OkStatus();
}

void WireRoles::Stop() {
  if (client_ != nullptr) client_->Stop();
  if (server_ != nullptr) server_->Stop(kStopPatience);
}

}  // namespace elanus::server
