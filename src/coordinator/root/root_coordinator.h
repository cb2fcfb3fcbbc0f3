// Root coord: names, ids and time of the cluster.
//
//   RootCoordinator root(deps, RootOptionsOf(config));
//   RETURN_IF_ERROR(root.Start());       // ids and timestamps from here on
//   ...                                  // the other roles start
//   root.ResumeIntents();                // finishes what a crash left half
//   made
//
// Every change is a saga that turns on the state of one record in the meta
// store; reads are answered from memory.
//
// Threads:   any.
// Ownership: see root_core.h. The proxies outlive the coordinator or are taken
//            away by SetProxies.
// Errors:    kServiceNotReady before Start; role/root_coord.h.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/config.h"
#include "coordinator/root/root_core.h"
#include "role/root_coord.h"

namespace elanus::coordinator {

RootCoordinatorOptions RootOptionsOf(const base::Config& config);

class RootCoordinator final : public role::RootCoord {
 public:
  RootCoordinator(const RootDeps& deps, const RootCoordinatorOptions& options);

  // Blocks on storage.
  absl::Status Start();
  // Once data coord and query coord answer; goes on in the background.
  void ResumeIntents() { core_->ResumeIntents(); }
  void SetProxies(std::vector<role::Proxy*> proxies) {
    core_->SetProxies(std::move(proxies));
  }

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
  absl::Status CheckStarted() const;
  absl::StatusOr<internal::DatabaseMeta> ReadDatabase() const;

  const std::shared_ptr<RootCore> core_;
  std::atomic<bool> started_{false};
};

}  // namespace elanus::coordinator
