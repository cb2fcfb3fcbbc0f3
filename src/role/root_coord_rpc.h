// Calls of root coord over the wire: the client, and the paths under which a
// process serves it.
//
//   ServeRootCoord(server, root_coord);            // there
//   RootCoordClient client(*channel);   // here: a role::RootCoord
//
// Threads:   any.
// Ownership: the channel outlives the client; see rpc_channel.h and
//            rpc_service.h for requests and replies.
// Errors:    those of the role, unchanged, and those of the channel.
#pragma once

#include "role/root_coord.h"
#include "role/rpc_channel.h"
#include "role/rpc_server.h"

namespace elanus::role {

class RootCoordClient final : public RootCoord {
 public:
  explicit RootCoordClient(RpcChannel& channel) : channel_(channel) {}

  void AllocTimestamp(const base::OpContext& ctx,
                      const internal::AllocTimestampRequest& request,
                      internal::AllocTimestampReply* reply,
                      base::Done done) override;
  void AllocId(const base::OpContext& ctx,
               const internal::AllocIdRequest& request,
               internal::AllocIdReply* reply, base::Done done) override;
  void CreateCollection(const base::OpContext& ctx,
                        const internal::CreateCollectionRequest& request,
                        internal::DescribeCollectionReply* reply,
                        base::Done done) override;
  void DropCollection(const base::OpContext& ctx,
                      const internal::CollectionRef& request,
                      internal::Empty* reply, base::Done done) override;
  void RenameCollection(const base::OpContext& ctx,
                        const internal::RenameCollectionRequest& request,
                        internal::Empty* reply, base::Done done) override;
  void DescribeCollection(const base::OpContext& ctx,
                          const internal::CollectionRef& request,
                          internal::DescribeCollectionReply* reply,
                          base::Done done) override;
  void ListCollections(const base::OpContext& ctx,
                       const internal::ListCollectionsRequest& request,
                       internal::ListCollectionsReply* reply,
                       base::Done done) override;
  void CreatePartition(const base::OpContext& ctx,
                       const internal::PartitionRequest& request,
                       internal::Empty* reply, base::Done done) override;
  void DropPartition(const base::OpContext& ctx,
                     const internal::PartitionRequest& request,
                     internal::Empty* reply, base::Done done) override;
  void CreateAlias(const base::OpContext& ctx,
                   const internal::AliasRequest& request,
                   internal::Empty* reply, base::Done done) override;
  void AlterAlias(const base::OpContext& ctx,
                  const internal::AliasRequest& request, internal::Empty* reply,
                  base::Done done) override;
  void DropAlias(const base::OpContext& ctx,
                 const internal::AliasRequest& request, internal::Empty* reply,
                 base::Done done) override;
  void DescribeAlias(const base::OpContext& ctx,
                     const internal::AliasRequest& request,
                     internal::DescribeAliasReply* reply,
                     base::Done done) override;
  void ListAliases(const base::OpContext& ctx,
                   const internal::AliasRequest& request,
                   internal::ListAliasesReply* reply, base::Done done) override;
  void ListDatabases(const base::OpContext& ctx, const internal::Empty& request,
                     internal::ListDatabasesReply* reply,
                     base::Done done) override;
  void DescribeDatabase(const base::OpContext& ctx,
                        const internal::DescribeDatabaseRequest& request,
                        internal::DescribeDatabaseReply* reply,
                        base::Done done) override;

 private:
  RpcChannel& channel_;
};

// Before the server starts.
void ServeRootCoord(RpcServer& server, RootCoord& role);

}  // namespace elanus::role
