// A chain of steps on the executor, each begun by the end of the one before.
//
//   class Steps : public Chain {
//     void First() { role.Call(ctx_, request_, &reply_, Then(&Steps::Second));
//     } void Second() { Finish(absl::OkStatus()); }
//   };
//
// A step ends by Finish, or by handing Then(next step) to a call. The chain
// lives as long as some step may still run.
//
// Threads: one step at a time.
#pragma once

#include <memory>
#include <utility>

#include "base/executor.h"
#include "base/op_context.h"
#include "coordinator/root/root_core.h"

namespace elanus::coordinator {

class Chain : public std::enable_shared_from_this<Chain> {
 public:
  Chain(std::shared_ptr<RootCore> core, base::Done done)
      : core_(std::move(core)), done_(std::move(done)) {}
  virtual ~Chain() = default;
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

 protected:
  // A step did not succeed.
  virtual void Failed(absl::Status status) { Finish(std::move(status)); }
  // Answers. The last thing that a chain does; whatever the caller lent it must
  // not be touched afterwards.
  virtual void Finish(absl::Status status) {
    base::Done done = std::move(done_);
    done(std::move(status));
  }

  // Runs `next` if the call succeeded, else Failed; on the executor.
  template <typename Steps>
  base::Done Then(void (Steps::*next)()) {
    auto self = std::static_pointer_cast<Steps>(shared_from_this());
    return [self = std::move(self), next](absl::Status status) mutable {
      base::Executor& executor = self->core_->deps.executor;
      executor.Submit(
          [self = std::move(self), next, status = std::move(status)]() mutable {
            if (status.ok()) {
              (self.get()->*next)();
            } else {
              static_cast<Chain&>(*self).Failed(std::move(status));
            }
          });
    };
  }

  const Catalog& catalog() const { return core_->catalog; }
  Catalog& catalog() { return core_->catalog; }

  const std::shared_ptr<RootCore> core_;
  const base::OpContext ctx_;  // the saga goes on when its caller has gone

 private:
  base::Done done_;
};

}  // namespace elanus::coordinator
