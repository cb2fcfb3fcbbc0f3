// Databases: listed and described.
#include <string>
#include <utility>

#include "access/ddl/call.h"
#include "access/ddl/ddl.h"
#include "access/ddl/names_check.h"

namespace elanus::access {
namespace {

void ListDatabases(Proxy& proxy, CallContext& ctx,
                   const wire::ListDatabasesRequest&,
                   wire::ListDatabasesResponse* reply, base::Done done) {
  AskRole(proxy.deps().root_coord, &role::RootCoord::ListDatabases, ctx,
          internal::Empty(), std::move(done),
          [reply](const internal::ListDatabasesReply& found, base::Done then) {
            for (const internal::DatabaseMeta& database : found.databases()) {
              reply->add_db_names(database.name());
              reply->add_db_ids(database.id());
              reply->add_created_timestamp(database.created_at());
            }
            then(absl::OkStatus());
          });
}

void DescribeDatabase(Proxy& proxy, CallContext& ctx,
                      const wire::DescribeDatabaseRequest&,
                      wire::DescribeDatabaseResponse* reply, base::Done done) {
  absl::Status status =
      CheckDatabaseName(ctx.db_name, proxy.config().max_name_length);
  if (!status.ok()) return done(std::move(status));
  internal::DescribeDatabaseRequest which;
  which.set_database_name(ctx.db_name);
  AskRole(
      proxy.deps().root_coord, &role::RootCoord::DescribeDatabase, ctx,
      std::move(which), std::move(done),
      [reply](const internal::DescribeDatabaseReply& found, base::Done then) {
        const internal::DatabaseMeta& database = found.database();
        reply->set_db_name(database.name());
        reply->set_dbid(database.id());
        reply->set_created_timestamp(database.created_at());
        *reply->mutable_properties() = database.properties();
        then(absl::OkStatus());
      });
}

}  // namespace

void RegisterDatabases(Proxy& proxy, Dispatch& dispatch) {
  AddCall(dispatch, "ListDatabases", proxy, ListDatabases);
  AddCall(dispatch, "DescribeDatabase", proxy, DescribeDatabase);
}

}  // namespace elanus::access
