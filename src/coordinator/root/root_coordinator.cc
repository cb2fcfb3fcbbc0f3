#include "coordinator/root/root_coordinator.h"

#include <utility>

#include "coordinator/meta_records.h"
#include "coordinator/root/alias.h"
#include "coordinator/root/create_collection.h"
#include "coordinator/root/describe.h"
#include "coordinator/root/drop_collection.h"
#include "coordinator/root/names.h"
#include "coordinator/root/partition.h"
#include "coordinator/root/rename_collection.h"

namespace elanus::coordinator {
namespace {

// 64 ms of time; a proxy takes at most 50 ms.
constexpr std::uint32_t kBlockMax = 1U << 24;

absl::Status CheckCount(std::uint32_t count) {
  if (count >= 1 && count <= kBlockMax) return absl::OkStatus();
  return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                            "invalid parameter[{} out of range 1 <= count <= "
                            "{}]",
                            count, kBlockMax);
}

// Answers with the error, if there is one.
bool Refuse(absl::Status status, base::Done& done) {
  if (status.ok()) return false;
  done(std::move(status));
  return true;
}

}  // namespace

RootCoordinatorOptions RootOptionsOf(const base::Config& config) {
  return {.pchannels = config.pchannels,
          .max_collections = config.max_collections,
          .max_partitions = config.max_partitions};
}

RootCoordinator::RootCoordinator(const RootDeps& deps,
                                 const RootCoordinatorOptions& options)
    : core_(std::make_shared<RootCore>(deps, options)) {}

absl::Status RootCoordinator::Start() {
  RETURN_IF_ERROR(core_->Start());
  started_.store(true);
  return absl::OkStatus();
}

absl::Status RootCoordinator::CheckStarted() const {
  if (started_.load()) return absl::OkStatus();
  return base::Error(base::ErrorCode::kServiceNotReady,
                     "service not ready: root coord is starting");
}

void RootCoordinator::AllocTimestamp(
    const base::OpContext&, const internal::AllocTimestampRequest& request,
    internal::AllocTimestampReply* reply, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  if (Refuse(CheckCount(request.count()), done)) return;
  core_->times->Allocate(
      request.count(), [count = request.count(), reply, done = std::move(done)](
                           absl::StatusOr<std::uint64_t> first) mutable {
        if (first.ok()) {
          reply->set_first(*first);
          reply->set_count(count);
        }
        done(first.status());
      });
}

void RootCoordinator::AllocId(const base::OpContext&,
                              const internal::AllocIdRequest& request,
                              internal::AllocIdReply* reply, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  if (Refuse(CheckCount(request.count()), done)) return;
  core_->ids->Allocate(request.count(),
                       [count = request.count(), reply, done = std::move(done)](
                           absl::StatusOr<std::uint64_t> first) mutable {
                         if (first.ok()) {
                           reply->set_first(static_cast<std::int64_t>(*first));
                           reply->set_count(count);
                         }
                         done(first.status());
                       });
}

void RootCoordinator::CreateCollection(
    const base::OpContext&, const internal::CreateCollectionRequest& request,
    internal::DescribeCollectionReply* reply, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  coordinator::CreateCollection(core_, request, reply, std::move(done));
}

void RootCoordinator::DropCollection(const base::OpContext&,
                                     const internal::CollectionRef& request,
                                     internal::Empty*, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  coordinator::DropCollection(core_, request, std::move(done));
}

void RootCoordinator::RenameCollection(
    const base::OpContext&, const internal::RenameCollectionRequest& request,
    internal::Empty*, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  coordinator::RenameCollection(core_, request, std::move(done));
}

void RootCoordinator::DescribeCollection(
    const base::OpContext&, const internal::CollectionRef& request,
    internal::DescribeCollectionReply* reply, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  done(coordinator::DescribeCollection(core_->catalog, request, reply));
}

void RootCoordinator::ListCollections(
    const base::OpContext&, const internal::ListCollectionsRequest& request,
    internal::ListCollectionsReply* reply, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  done(coordinator::ListCollections(core_->catalog, request, reply));
}

void RootCoordinator::CreatePartition(const base::OpContext&,
                                      const internal::PartitionRequest& request,
                                      internal::Empty*, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  coordinator::CreatePartition(core_, request, std::move(done));
}

void RootCoordinator::DropPartition(const base::OpContext&,
                                    const internal::PartitionRequest& request,
                                    internal::Empty*, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  coordinator::DropPartition(core_, request, std::move(done));
}

void RootCoordinator::CreateAlias(const base::OpContext&,
                                  const internal::AliasRequest& request,
                                  internal::Empty*, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  coordinator::CreateAlias(core_, request, std::move(done));
}

void RootCoordinator::AlterAlias(const base::OpContext&,
                                 const internal::AliasRequest& request,
                                 internal::Empty*, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  coordinator::AlterAlias(core_, request, std::move(done));
}

void RootCoordinator::DropAlias(const base::OpContext&,
                                const internal::AliasRequest& request,
                                internal::Empty*, base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  coordinator::DropAlias(core_, request, std::move(done));
}

void RootCoordinator::DescribeAlias(const base::OpContext&,
                                    const internal::AliasRequest& request,
                                    internal::DescribeAliasReply* reply,
                                    base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  done(coordinator::DescribeAlias(core_->catalog, request, reply));
}

void RootCoordinator::ListAliases(const base::OpContext&,
                                  const internal::AliasRequest& request,
                                  internal::ListAliasesReply* reply,
                                  base::Done done) {
  if (Refuse(CheckStarted(), done)) return;
  done(coordinator::ListAliases(core_->catalog, request, reply));
}

absl::StatusOr<internal::DatabaseMeta> RootCoordinator::ReadDatabase() const {
  RETURN_IF_ERROR(CheckStarted());
  ASSIGN_OR_RETURN(auto record,
                   GetRecord<internal::DatabaseMeta>(
                       core_->deps.store, keys::Database(kDefaultDatabase)));
  if (!record.has_value()) return DatabaseNotFound(kDefaultDatabaseName);
  return std::move(record->message);
}

void RootCoordinator::ListDatabases(const base::OpContext&,
                                    const internal::Empty&,
                                    internal::ListDatabasesReply* reply,
                                    base::Done done) {
  core_->deps.executor.Submit(
      [this, core = core_, reply, done = std::move(done)]() mutable {
        absl::StatusOr<internal::DatabaseMeta> database = ReadDatabase();
        if (database.ok()) *reply->add_databases() = *std::move(database);
        done(database.status());
      });
}

void RootCoordinator::DescribeDatabase(
    const base::OpContext&, const internal::DescribeDatabaseRequest& request,
    internal::DescribeDatabaseReply* reply, base::Done done) {
  if (Refuse(CheckDatabase(request.database_name()), done)) return;
  core_->deps.executor.Submit(
      [this, core = core_, reply, done = std::move(done)]() mutable {
        absl::StatusOr<internal::DatabaseMeta> database = ReadDatabase();
        if (database.ok()) *reply->mutable_database() = *std::move(database);
        done(database.status());
      });
}

}  // namespace elanus::coordinator
