#include "role/root_coord_rpc.h"

#include <utility>

#include "role/rpc_service.h"

namespace elanus::role {
namespace {

constexpr char kAllocTimestamp[] = "/elanus.internal.RootCoord/AllocTimestamp";
constexpr char kAllocId[] = "/elanus.internal.RootCoord/AllocId";
constexpr char kCreateCollection[] =
    "/elanus.internal.RootCoord/CreateCollection";
constexpr char kDropCollection[] = "/elanus.internal.RootCoord/DropCollection";
constexpr char kRenameCollection[] =
    "/elanus.internal.RootCoord/RenameCollection";
constexpr char kDescribeCollection[] =
    "/elanus.internal.RootCoord/DescribeCollection";
constexpr char kListCollections[] =
    "/elanus.internal.RootCoord/ListCollections";
constexpr char kCreatePartition[] =
    "/elanus.internal.RootCoord/CreatePartition";
constexpr char kDropPartition[] = "/elanus.internal.RootCoord/DropPartition";
constexpr char kCreateAlias[] = "/elanus.internal.RootCoord/CreateAlias";
constexpr char kAlterAlias[] = "/elanus.internal.RootCoord/AlterAlias";
constexpr char kDropAlias[] = "/elanus.internal.RootCoord/DropAlias";
constexpr char kDescribeAlias[] = "/elanus.internal.RootCoord/DescribeAlias";
constexpr char kListAliases[] = "/elanus.internal.RootCoord/ListAliases";
constexpr char kListDatabases[] = "/elanus.internal.RootCoord/ListDatabases";
constexpr char kDescribeDatabase[] =
    "/elanus.internal.RootCoord/DescribeDatabase";

}  // namespace

void RootCoordClient::AllocTimestamp(
    const base::OpContext& ctx, const internal::AllocTimestampRequest& request,
    internal::AllocTimestampReply* reply, base::Done done) {
  channel_.Call(kAllocTimestamp, request, reply, ctx, std::move(done));
}

void RootCoordClient::AllocId(const base::OpContext& ctx,
                              const internal::AllocIdRequest& request,
                              internal::AllocIdReply* reply, base::Done done) {
  channel_.Call(kAllocId, request, reply, ctx, std::move(done));
}

void RootCoordClient::CreateCollection(
    const base::OpContext& ctx,
    const internal::CreateCollectionRequest& request,
    internal::DescribeCollectionReply* reply, base::Done done) {
  channel_.Call(kCreateCollection, request, reply, ctx, std::move(done));
}

void RootCoordClient::DropCollection(const base::OpContext& ctx,
                                     const internal::CollectionRef& request,
                                     internal::Empty* reply, base::Done done) {
  channel_.Call(kDropCollection, request, reply, ctx, std::move(done));
}

void RootCoordClient::RenameCollection(
    const base::OpContext& ctx,
    const internal::RenameCollectionRequest& request, internal::Empty* reply,
    base::Done done) {
  channel_.Call(kRenameCollection, request, reply, ctx, std::move(done));
}

void RootCoordClient::DescribeCollection(
    const base::OpContext& ctx, const internal::CollectionRef& request,
    internal::DescribeCollectionReply* reply, base::Done done) {
  channel_.Call(kDescribeCollection, request, reply, ctx, std::move(done));
}

void RootCoordClient::ListCollections(
    const base::OpContext& ctx, const internal::ListCollectionsRequest& request,
    internal::ListCollectionsReply* reply, base::Done done) {
  channel_.Call(kListCollections, request, reply, ctx, std::move(done));
}

void RootCoordClient::CreatePartition(const base::OpContext& ctx,
                                      const internal::PartitionRequest& request,
                                      internal::Empty* reply, base::Done done) {
  channel_.Call(kCreatePartition, request, reply, ctx, std::move(done));
}

void RootCoordClient::DropPartition(const base::OpContext& ctx,
                                    const internal::PartitionRequest& request,
                                    internal::Empty* reply, base::Done done) {
  channel_.Call(kDropPartition, request, reply, ctx, std::move(done));
}

void RootCoordClient::CreateAlias(const base::OpContext& ctx,
                                  const internal::AliasRequest& request,
                                  internal::Empty* reply, base::Done done) {
  channel_.Call(kCreateAlias, request, reply, ctx, std::move(done));
}

void RootCoordClient::AlterAlias(const base::OpContext& ctx,
                                 const internal::AliasRequest& request,
                                 internal::Empty* reply, base::Done done) {
  channel_.Call(kAlterAlias, request, reply, ctx, std::move(done));
}

void RootCoordClient::DropAlias(const base::OpContext& ctx,
                                const internal::AliasRequest& request,
                                internal::Empty* reply, base::Done done) {
  channel_.Call(kDropAlias, request, reply, ctx, std::move(done));
}

void RootCoordClient::DescribeAlias(const base::OpContext& ctx,
                                    const internal::AliasRequest& request,
                                    internal::DescribeAliasReply* reply,
                                    base::Done done) {
  channel_.Call(kDescribeAlias, request, reply, ctx, std::move(done));
}

void RootCoordClient::ListAliases(const base::OpContext& ctx,
                                  const internal::AliasRequest& request,
                                  internal::ListAliasesReply* reply,
                                  base::Done done) {
  channel_.Call(kListAliases, request, reply, ctx, std::move(done));
}

void RootCoordClient::ListDatabases(const base::OpContext& ctx,
                                    const internal::Empty& request,
                                    internal::ListDatabasesReply* reply,
                                    base::Done done) {
  channel_.Call(kListDatabases, request, reply, ctx, std::move(done));
}

void RootCoordClient::DescribeDatabase(
    const base::OpContext& ctx,
    const internal::DescribeDatabaseRequest& request,
    internal::DescribeDatabaseReply* reply, base::Done done) {
  channel_.Call(kDescribeDatabase, request, reply, ctx, std::move(done));
}

void ServeRootCoord(RpcServer& server, RootCoord& role) {
  BindMethod(server, kAllocTimestamp, role, &RootCoord::AllocTimestamp);
  BindMethod(server, kAllocId, role, &RootCoord::AllocId);
  BindMethod(server, kCreateCollection, role, &RootCoord::CreateCollection);
  BindMethod(server, kDropCollection, role, &RootCoord::DropCollection);
  BindMethod(server, kRenameCollection, role, &RootCoord::RenameCollection);
  BindMethod(server, kDescribeCollection, role, &RootCoord::DescribeCollection);
  BindMethod(server, kListCollections, role, &RootCoord::ListCollections);
  BindMethod(server, kCreatePartition, role, &RootCoord::CreatePartition);
  BindMethod(server, kDropPartition, role, &RootCoord::DropPartition);
  BindMethod(server, kCreateAlias, role, &RootCoord::CreateAlias);
  BindMethod(server, kAlterAlias, role, &RootCoord::AlterAlias);
  BindMethod(server, kDropAlias, role, &RootCoord::DropAlias);
  BindMethod(server, kDescribeAlias, role, &RootCoord::DescribeAlias);
  BindMethod(server, kListAliases, role, &RootCoord::ListAliases);
  BindMethod(server, kListDatabases, role, &RootCoord::ListDatabases);
  BindMethod(server, kDescribeDatabase, role, &RootCoord::DescribeDatabase);
}

}  // namespace elanus::role
