// A tail does what it is asked between two records, on the thread that is
// inside: these return when it is done.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "segment/tail/vchannel_tail.h"

namespace elanus::segment {

inline absl::Status WaitUntilApplied(VchannelTail& tail,
                                     const storage::Position& position,
                                     const base::OpContext& ctx = {}) {
  std::promise<absl::Status> done;
  tail.WaitFor(position, ctx,
               [&](absl::Status status) { done.set_value(status); });
  return done.get_future().get();
}

inline void Join(VchannelTail& tail, TailUser user,
                 std::shared_ptr<TailListener> listener,
                 absl::FunctionRef<void(const VchannelTail::Joined&)> joined) {
  std::promise<void> done;
  tail.AddListener(user, std::move(listener),
                   [&](const VchannelTail::Joined& here) {
                     joined(here);
                     done.set_value();
                   });
  done.get_future().get();
}

inline VchannelTail::Joined Join(VchannelTail& tail, TailUser user,
                                 std::shared_ptr<TailListener> listener) {
  VchannelTail::Joined joined;
  Join(tail, user, std::move(listener),
       [&](const VchannelTail::Joined& here) { joined = here; });
  return joined;
}

inline void DoAtBoundary(VchannelTail& tail, absl::FunctionRef<void()> task) {
  std::promise<void> done;
  tail.RunAtBoundary([&] {
    task();
    done.set_value();
  });
  done.get_future().get();
}

inline std::optional<SealPoint> SealPointOf(VchannelTail& tail) {
  std::promise<std::optional<SealPoint>> point;
  tail.TrySealPoint([&](auto here) { point.set_value(std::move(here)); });
  return point.get_future().get();
}

}  // namespace elanus::segment
