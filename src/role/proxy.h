// Proxy, as the coordinators see it: a cache to be kept true.
//
// Asynchronous: see root_coord.h.
#pragma once

#include "base/executor.h"
#include "base/op_context.h"
#include "proto/internal/proxy.pb.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::role {

class Proxy {
 public:
  virtual ~Proxy() = default;

  virtual void InvalidateCache(const base::OpContext& ctx,
                               const internal::InvalidateCacheRequest& request,
                               internal::Empty* reply, base::Done done) = 0;
};

}  // namespace elanus::role
