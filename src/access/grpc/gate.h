// The gate that stands before every call: who is it, and is it allowed? The
// dispatch table asks it before it parses a request.
//
// Threads:   any, for several calls at once. Done is told on a thread on which
//            the handler may run.
// Errors:    kNotAuthenticated and kNotPermitted reach the client as gRPC's
//            UNAUTHENTICATED and PERMISSION_DENIED, as SDKs expect.
// Source:    what privilege a request takes stands in the protocol itself
//            (privilege_ext_obj).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/grpc/call_context.h"
#include "base/executor.h"

namespace elanus::access {

// What a call takes.
struct Access {
  // Empty: a user of any role may call it. Else a privilege as it is granted,
  // "Search", "CreateCollection".
  std::string privilege;
  // "Collection", "Global" or "User"; empty without a privilege.
  std::string object_type;
  // Field of the request with the object's name or names; 0: the whole type.
  int name_field = 0;
};

class Gate {
 public:
  virtual ~Gate() = default;

  // `authorization` is the metadata value, empty without one. Sets ctx.user.
  virtual void Authenticate(CallContext& ctx, std::string_view authorization,
                            base::Done done) = 0;

  // `names`: of the objects that the request is about, as it names them. Valid
  // until Done.
  virtual void Authorise(const CallContext& ctx, const Access& access,
                         const std::vector<std::string_view>& names,
                         base::Done done) = 0;
};

// Lets everybody do everything: authentication is off.
class OpenGate final : public Gate {
 public:
  void Authenticate(CallContext&, std::string_view, base::Done done) override {
    done(absl::OkStatus());
  }
  void Authorise(const CallContext&, const Access&,
                 const std::vector<std::string_view>&,
                 base::Done done) override {
    done(absl::OkStatus());
  }
};

}  // namespace elanus::access
