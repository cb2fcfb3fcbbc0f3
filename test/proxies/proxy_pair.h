// A second proxy beside that of a role set, with caches, blocks of timestamps
// and ids and a writer id of its own: what one proposes is older or newer than
// what the other does. Root coord tells both what they must forget.
//
//   ProxyPair pair;
//   RoleSet roles(services, [&](const Roles& direct) {
//     return pair.Join(direct);      // or what reaches these over a wire
//   });
//   roles.Start(...);
//   pair.AddSecond(services, metrics, [](absl::Status status) { ... });
//   pair.second().Register(dispatch);
//
// Threads:   any; Join, then AddSecond, once each.
// Ownership: the roles are borrowed. The pair outlives the calls to it.
// Errors:    AddSecond: those of root coord.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "access/proxy.h"
#include "base/executor.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "role/proxy.h"
#include "server/role_links.h"
#include "server/role_set.h"

namespace elanus::proxies {

class ProxyPair final : public role::Proxy {
 public:
  // Whether a proxy cannot be told now; drawn for each that should be.
  using IsAway = std::function<bool()>;

  explicit ProxyPair(IsAway is_away = nullptr) : is_away_(std::move(is_away)) {}

  // The same roles, with this pair as the proxy.
  server::Roles Join(server::Roles direct);
  // How the second proxy reaches the others; by default as Join gave them.
  void SetLinks(const server::Roles& links) { links_ = links; }
  // `done` when there is a second proxy. With an id of its own; the metrics
  // must not be the first proxy's.
  void AddSecond(const server::RoleServices& services, base::Metrics& metrics,
                 base::Done done);
  access::Proxy& second() { return *second_; }

  void InvalidateCache(const base::OpContext& ctx,
                       const internal::InvalidateCacheRequest& request,
                       internal::Empty* reply, base::Done done) override;

 private:
  const IsAway is_away_;
  server::Roles links_;
  std::optional<access::Proxy> second_;
  base::Mutex mutex_;
  std::vector<role::Proxy*> proxies_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace elanus::proxies
