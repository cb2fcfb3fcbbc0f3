// Root coord: names, ids and time. Databases, collections, partitions and
// aliases live in the meta store; creating and dropping are sagas that are
// resumed at start.
//
// Asynchronous, as all roles: request and reply live until `done`, which runs
// exactly once, perhaps before the call returns, on any thread. A request is
// const from the call on; nobody keeps it beyond `done`.
//
// Errors: those of `base::ErrorCode`, in Milvus's words.
#pragma once

#include "base/executor.h"
#include "base/op_context.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::role {

class RootCoord {
 public:
  virtual ~RootCoord() = default;

  // Rising over the whole cluster, over restarts too.
  virtual void AllocTimestamp(const base::OpContext& ctx,
                              const internal::AllocTimestampRequest& request,
                              internal::AllocTimestampReply* reply,
                              base::Done done) = 0;
  virtual void AllocId(const base::OpContext& ctx,
                       const internal::AllocIdRequest& request,
                       internal::AllocIdReply* reply, base::Done done) = 0;

  // Creating what is there with the same schema succeeds.
  virtual void CreateCollection(
      const base::OpContext& ctx,
      const internal::CreateCollectionRequest& request,
      internal::DescribeCollectionReply* reply, base::Done done) = 0;
  // Dropping what is not there succeeds. By name only, not by alias.
  virtual void DropCollection(const base::OpContext& ctx,
                              const internal::CollectionRef& request,
                              internal::Empty* reply, base::Done done) = 0;
  virtual void RenameCollection(
      const base::OpContext& ctx,
      const internal::RenameCollectionRequest& request, internal::Empty* reply,
      base::Done done) = 0;
  // By id, name or alias. A collection that is being made or dropped is not
  // found.
  virtual void DescribeCollection(const base::OpContext& ctx,
                                  const internal::CollectionRef& request,
                                  internal::DescribeCollectionReply* reply,
                                  base::Done done) = 0;
  virtual void ListCollections(const base::OpContext& ctx,
                               const internal::ListCollectionsRequest& request,
                               internal::ListCollectionsReply* reply,
                               base::Done done) = 0;

  virtual void CreatePartition(const base::OpContext& ctx,
                               const internal::PartitionRequest& request,
                               internal::Empty* reply, base::Done done) = 0;
  virtual void DropPartition(const base::OpContext& ctx,
                             const internal::PartitionRequest& request,
                             internal::Empty* reply, base::Done done) = 0;

  virtual void CreateAlias(const base::OpContext& ctx,
                           const internal::AliasRequest& request,
                           internal::Empty* reply, base::Done done) = 0;
  virtual void AlterAlias(const base::OpContext& ctx,
                          const internal::AliasRequest& request,
                          internal::Empty* reply, base::Done done) = 0;
  virtual void DropAlias(const base::OpContext& ctx,
                         const internal::AliasRequest& request,
                         internal::Empty* reply, base::Done done) = 0;
  virtual void DescribeAlias(const base::OpContext& ctx,
                             const internal::AliasRequest& request,
                             internal::DescribeAliasReply* reply,
                             base::Done done) = 0;
  // Of one collection, or of all in the database.
  virtual void ListAliases(const base::OpContext& ctx,
                           const internal::AliasRequest& request,
                           internal::ListAliasesReply* reply,
                           base::Done done) = 0;

  virtual void ListDatabases(const base::OpContext& ctx,
                             const internal::Empty& request,
                             internal::ListDatabasesReply* reply,
                             base::Done done) = 0;
  virtual void DescribeDatabase(
      const base::OpContext& ctx,
      const internal::DescribeDatabaseRequest& request,
      internal::DescribeDatabaseReply* reply, base::Done done) = 0;
};

}  // namespace elanus::role
