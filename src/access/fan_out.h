// One read sent to every node that leads a shard of the collection.
//
//   FanOut<internal::SearchShardsRequest, internal::SearchShardsReply>::Start(
//       proxy, ctx.op, &role::QueryNode::Search,
//       {.collection_name = "books", .partitions = {...}}, std::move(request),
//       [](absl::StatusOr<std::vector<internal::SearchShardsReply>> replies) {
//       });
//
// A node that no longer serves a shard has it asked for once more, at the
// leader of then. What is being loaded, as after a start, is waited for.
//
// Threads:   `done` runs on the thread of the last answer, perhaps before Start
//            returns.
// Ownership: the call owns its requests and replies.
// Errors:    query coord's and the nodes', unchanged; kNodeNotAvailable;
//            kCollectionNotFullyLoaded after waiting.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "access/proxy.h"
#include "access/read_scope.h"
#include "base/join.h"
#include "base/op_context.h"
#include "base/status.h"

namespace elanus::access {

template <typename Request, typename Reply>
class FanOut : public std::enable_shared_from_this<FanOut<Request, Reply>> {
 public:
  using Method = void (role::QueryNode::*)(const base::OpContext&,
                                           const Request&, Reply*, base::Done);
  using Finished = absl::AnyInvocable<void(absl::StatusOr<std::vector<Reply>>)>;

  // `request` is whole but for its shards.
  static void Start(Proxy& proxy, const base::OpContext& ctx, Method method,
                    ReadTarget target, Request request, Finished done) {
    auto call = std::shared_ptr<FanOut>(
        new FanOut(proxy, ctx, method, std::move(target), std::move(request),
                   std::move(done)));
    call->AskLeaders();
  }

 private:
  using Milliseconds = std::chrono::milliseconds;
  static constexpr Milliseconds kLoadPatience{10'000};
  static constexpr Milliseconds kLoadPollMin{2};
  static constexpr Milliseconds kLoadPollMax{100};

  FanOut(Proxy& proxy, const base::OpContext& ctx, Method method,
         ReadTarget target, Request request, Finished done)
      : proxy_(proxy),
        ctx_(ctx),
        method_(method),
        target_(std::move(target)),
        request_(std::move(request)),
        names_partitions_(!request_.scope().partition_ids().empty()),
        done_(std::move(done)) {}

  void AskLeaders() {
    leaders_.Clear();
    leaders_request_.set_collection_id(request_.scope().collection_id());
    proxy_.deps().query_coord.GetShardLeaders(
        ctx_, leaders_request_, &leaders_,
        [self = this->shared_from_this()](absl::Status status) {
          if (status.ok() && self->leaders_.is_loading()) {
            return self->AskLater();
          }
          if (status.ok()) {
            status = CheckLoaded(self->leaders_, self->target_.partitions);
          }
          if (!status.ok()) return self->done_(std::move(status));
          self->AskNodes();
        });
  }

  void AskLater() {
    const std::int64_t now_ns = proxy_.deps().clock.MonotonicNs();
    if (!waits_since_ns_.has_value()) waits_since_ns_ = now_ns;
    const auto waited = std::chrono::duration_cast<Milliseconds>(
        std::chrono::nanoseconds(now_ns - *waits_since_ns_));
    if (waited >= kLoadPatience) {
      return done_(base::Error(base::ErrorCode::kCollectionNotFullyLoaded,
                               "collection not fully loaded[collection={}]",
                               request_.scope().collection_id()));
    }
    // At first often: after a start most loads are done in milliseconds.
    const auto delay = std::clamp(waited, kLoadPollMin, kLoadPollMax);
    // Many reads may have waited: they do not hold up the timer's executor.
    proxy_.deps().timer.After(delay, [self = this->shared_from_this()] {
      self->proxy_.deps().requests.Submit([self] { self->AskAgain(); });
    });
  }

  void AskAgain() {
    const absl::Status status = ctx_.Check();
    if (!status.ok()) return done_(status);
    AskLeaders();
  }

  void AskNodes() {
    const std::vector<NodeShards> nodes = ShardsByNode(leaders_);
    if (nodes.empty()) return done_(NotLoaded(target_.collection_name));
    if (!names_partitions_) {
      // A node may still serve a partition that is released or dropped.
      auto& partitions = *request_.mutable_scope()->mutable_partition_ids();
      if (leaders_.whole_collection()) {
        partitions.Assign(target_.existing.begin(), target_.existing.end());
      } else {
        partitions = leaders_.partition_ids();
      }
    }
    // The first node is asked with the request itself: mostly there is one.
    copies_.assign(nodes.size() - 1, request_);
    replies_.assign(nodes.size(), Reply());
    const auto join = base::Join::Make(
        nodes.size(), [self = this->shared_from_this()](absl::Status status) {
          self->Finish(std::move(status));
        });
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      Request& request = i == 0 ? request_ : copies_[i - 1];
      request.mutable_scope()->mutable_shards()->Assign(nodes[i].shards.begin(),
                                                        nodes[i].shards.end());
      role::QueryNode* node =
          proxy_.deps().find_query_node(nodes[i].node_id, nodes[i].address);
      if (node == nullptr) {
        join->Finish(base::Error(base::ErrorCode::kNodeNotAvailable,
                                 "node not available[node={}]",
                                 nodes[i].node_id));
        continue;
      }
      (node->*method_)(ctx_, request, &replies_[i], base::Join::Part(join));
    }
  }

  void Finish(absl::Status status) {
    if (status.ok()) return done_(std::move(replies_));
    if (base::CodeOf(status) == base::ErrorCode::kCollectionNotLoaded &&
        !retried_) {
      retried_ = true;
      return AskLeaders();
    }
    done_(std::move(status));
  }

  Proxy& proxy_;
  const base::OpContext ctx_;
  const Method method_;
  const ReadTarget target_;
  Request request_;
  const bool names_partitions_;
  Finished done_;

  internal::CollectionIdRequest leaders_request_;
  internal::GetShardLeadersReply leaders_;
  std::vector<Request> copies_;
  std::vector<Reply> replies_;
  bool retried_ = false;
  std::optional<std::int64_t> waits_since_ns_;  // for a load
};

}  // namespace elanus::access
