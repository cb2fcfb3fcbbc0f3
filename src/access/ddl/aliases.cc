// Aliases: other names of collections.
#include <string>
#include <utility>

#include "access/ddl/call.h"
#include "access/ddl/ddl.h"
#include "access/ddl/names_check.h"

namespace elanus::access {
namespace {

internal::AliasRequest AliasOf(const CallContext& ctx, const std::string& alias,
                               const std::string& collection) {
  internal::AliasRequest request;
  request.set_database_name(ctx.db_name);
  request.set_alias(alias);
  request.set_collection_name(collection);
  return request;
}

template <typename Request>
absl::Status CheckBoth(const Proxy& proxy, const Request& request) {
  const std::int64_t max = proxy.config().max_name_length;
  RETURN_IF_ERROR(CheckAliasName(request.alias(), max));
  return CheckCollectionName(request.collection_name(), max);
}

void CreateAlias(Proxy& proxy, CallContext& ctx,
                 const wire::CreateAliasRequest& request, common::Status*,
                 base::Done done) {
  absl::Status status = CheckBoth(proxy, request);
  if (!status.ok()) return done(std::move(status));
  TellRole(proxy.deps().root_coord, &role::RootCoord::CreateAlias, ctx,
           AliasOf(ctx, request.alias(), request.collection_name()),
           std::move(done));
}

void AlterAlias(Proxy& proxy, CallContext& ctx,
                const wire::AlterAliasRequest& request, common::Status*,
                base::Done done) {
  absl::Status status = CheckBoth(proxy, request);
  if (!status.ok()) return done(std::move(status));
  TellRole(proxy.deps().root_coord, &role::RootCoord::AlterAlias, ctx,
           AliasOf(ctx, request.alias(), request.collection_name()),
           std::move(done));
}

void DropAlias(Proxy& proxy, CallContext& ctx,
               const wire::DropAliasRequest& request, common::Status*,
               base::Done done) {
  absl::Status status =
      CheckAliasName(request.alias(), proxy.config().max_name_length);
  if (!status.ok()) return done(std::move(status));
  TellRole(proxy.deps().root_coord, &role::RootCoord::DropAlias, ctx,
           AliasOf(ctx, request.alias(), ""), std::move(done));
}

void DescribeAlias(Proxy& proxy, CallContext& ctx,
                   const wire::DescribeAliasRequest& request,
                   wire::DescribeAliasResponse* reply, base::Done done) {
  absl::Status status =
      CheckAliasName(request.alias(), proxy.config().max_name_length);
  if (!status.ok()) return done(std::move(status));
  AskRole(proxy.deps().root_coord, &role::RootCoord::DescribeAlias, ctx,
          AliasOf(ctx, request.alias(), ""), std::move(done),
          [reply](const internal::DescribeAliasReply& found, base::Done then) {
            reply->set_db_name(found.database_name());
            reply->set_alias(found.alias());
            reply->set_collection(found.collection_name());
            then(absl::OkStatus());
          });
}

void ListAliases(Proxy& proxy, CallContext& ctx,
                 const wire::ListAliasesRequest& request,
                 wire::ListAliasesResponse* reply, base::Done done) {
  if (!request.collection_name().empty()) {
    absl::Status status = CheckCollectionName(request.collection_name(),
                                              proxy.config().max_name_length);
    if (!status.ok()) return done(std::move(status));
  }
  AskRole(proxy.deps().root_coord, &role::RootCoord::ListAliases, ctx,
          AliasOf(ctx, "", request.collection_name()), std::move(done),
          [reply](const internal::ListAliasesReply& found, base::Done then) {
            reply->set_db_name(found.database_name());
            reply->set_collection_name(found.collection_name());
            *reply->mutable_aliases() = found.aliases();
            then(absl::OkStatus());
          });
}

}  // namespace

void RegisterAliases(Proxy& proxy, Dispatch& dispatch) {
  AddCall(dispatch, "CreateAlias", proxy, CreateAlias);
  AddCall(dispatch, "AlterAlias", proxy, AlterAlias);
  AddCall(dispatch, "DropAlias", proxy, DropAlias);
  AddCall(dispatch, "DescribeAlias", proxy, DescribeAlias);
  AddCall(dispatch, "ListAliases", proxy, ListAliases);
}

}  // namespace elanus::access
