#include "proxies/proxy_pair.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/join.h"

namespace elanus::proxies {

server::Roles ProxyPair::Join(server::Roles direct) {
  {
    base::MutexLock lock(mutex_);
    proxies_.push_back(direct.proxy);
  }
  direct.proxy = this;
  links_ = direct;
  return direct;
}

void ProxyPair::AddSecond(const server::RoleServices& services,
                          base::Metrics& metrics, base::Done done) {
  struct Call {
    internal::AllocIdRequest request;
    internal::AllocIdReply reply;
  };
  auto call = std::make_shared<Call>();
  call->request.set_count(1);
  links_.root_coord->AllocId(
      base::OpContext(), call->request, &call->reply,
      [this, call, services, &metrics,
       done = std::move(done)](absl::Status status) mutable {
        if (!status.ok()) return done(std::move(status));
        second_.emplace(server::ProxyDependencies(
            services, links_, metrics,
            base::WriterId{static_cast<std::uint64_t>(call->reply.first())}));
        {
          base::MutexLock lock(mutex_);
          proxies_.push_back(&*second_);
        }
        done(absl::OkStatus());
      });
}

void ProxyPair::InvalidateCache(const base::OpContext& ctx,
                                const internal::InvalidateCacheRequest& request,
                                internal::Empty* reply, base::Done done) {
  std::vector<role::Proxy*> proxies;
  {
    base::MutexLock lock(mutex_);
    proxies = proxies_;
  }
  const auto join = base::Join::Make(proxies.size(), std::move(done));
  for (role::Proxy* proxy : proxies) {
    if (is_away_ != nullptr && is_away_()) {
      join->Finish(base::MakeRetriable(base::ErrorCode::kServiceUnavailable,
                                       "a proxy is away (injected)"));
    } else {
      proxy->InvalidateCache(ctx, request, reply, base::Join::Part(join));
    }
  }
}

}  // namespace elanus::proxies
