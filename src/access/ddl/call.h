// What the handlers of the table share: a call of another role, and the
// collection that a request names.
//
//   AddCall(dispatch, "HasCollection", proxy, HasCollection);
//
//   void HasCollection(Proxy& proxy, CallContext& ctx,
//                      const wire::HasCollectionRequest& request,
//                      wire::BoolResponse* reply, base::Done done);
//
//   AskRole(root, &role::RootCoord::ListDatabases, ctx, internal::Empty(),
//           std::move(done),
//           [reply](const internal::ListDatabasesReply& found,
//                   base::Done then) { ...; then(absl::OkStatus()); });
//
// Threads:   continuations run on whatever thread the answer came.
// Ownership: context, request and reply of a handler live until its Done, so
//            continuations hold them by reference.
// Errors:    a failed call goes to Done as it is; its continuation never runs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "access/grpc/call_context.h"
#include "access/grpc/dispatch.h"
#include "access/meta_cache.h"
#include "access/proxy.h"
#include "base/executor.h"
#include "base/status.h"
#include "proto/milvus/milvus.pb.h"

namespace elanus::access {

namespace common = milvus::proto::common;
namespace wire = milvus::proto::milvus;

template <typename Request, typename Reply>
using CallHandler = void(Proxy&, CallContext&, const Request&, Reply*,
                         base::Done);

template <typename Request, typename Reply>
void AddCall(Dispatch& dispatch, std::string_view method, Proxy& proxy,
             CallHandler<Request, Reply>* handler) {
  dispatch.Register<Request, Reply>(
      method, [&proxy, handler](CallContext& ctx, const Request& request,
                                Reply* reply, base::Done done) {
        handler(proxy, ctx, request, reply, std::move(done));
      });
}

// `then(reply, done)`.
template <typename Role, typename Request, typename Reply, typename Then>
void AskRole(Role& role,
             void (Role::*method)(const base::OpContext&, const Request&,
                                  Reply*, base::Done),
             const CallContext& ctx, Request request, base::Done done,
             Then then) {
  struct Call {
    Request request;
    Reply reply;
  };
  auto call = std::make_unique<Call>();
  call->request = std::move(request);
  Call& parts = *call;
  (role.*method)(ctx.op, parts.request, &parts.reply,
                 [call = std::move(call), done = std::move(done),
                  then = std::move(then)](absl::Status status) mutable {
                   if (!status.ok()) return done(std::move(status));
                   then(std::as_const(call->reply), std::move(done));
                 });
}

// The reply says nothing.
template <typename Role, typename Request>
void TellRole(Role& role,
              void (Role::*method)(const base::OpContext&, const Request&,
                                   internal::Empty*, base::Done),
              const CallContext& ctx, Request request, base::Done done) {
  AskRole(
      role, method, ctx, std::move(request), std::move(done),
      [](const internal::Empty&, base::Done then) { then(absl::OkStatus()); });
}

// Finds the collection of that name or alias and gives it to
// `then(entry, done)`. A name that none can have is refused as such.
void WithCollection(Proxy& proxy, const CallContext& ctx,
                    std::string_view database, std::string_view name,
                    base::Done done,
                    absl::AnyInvocable<void(const EntryRef&, base::Done)> then);

// As above, in the database of the call.
void WithCollection(Proxy& proxy, const CallContext& ctx, std::string_view name,
                    base::Done done,
                    absl::AnyInvocable<void(const EntryRef&, base::Done)> then);

// `then(id, done)`: `id` itself if there is no name. The id is not looked up.
void WithCollectionId(Proxy& proxy, const CallContext& ctx,
                      std::string_view name, std::int64_t id, base::Done done,
                      absl::AnyInvocable<void(std::int64_t, base::Done)> then);

// The ids of partitions, in the order of their names. kPartitionNotFound.
template <typename Names>
absl::StatusOr<std::vector<std::int64_t>> PartitionIds(
    const CollectionEntry& entry, const Names& names) {
  std::vector<std::int64_t> ids;
  for (const std::string& name : names) {
    const internal::PartitionMeta* partition = entry.FindPartition(name);
    if (partition == nullptr) {
      return base::InvalidInput(base::ErrorCode::kPartitionNotFound,
                                "partition not found[partition={}]", name);
    }
    ids.push_back(partition->id());
  }
  return ids;
}

// `dbName`, as some requests spell it, else the database of the call.
std::string DatabaseOf(const CallContext& ctx, const std::string& named);

}  // namespace elanus::access
