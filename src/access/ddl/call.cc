#include "access/ddl/call.h"

#include "access/ddl/names_check.h"

namespace elanus::access {

void WithCollection(
    Proxy& proxy, const CallContext& ctx, std::string_view database,
    std::string_view name, base::Done done,
    absl::AnyInvocable<void(const EntryRef&, base::Done)> then) {
  absl::Status status =
      CheckCollectionName(name, proxy.config().max_name_length);
  if (!status.ok()) return done(std::move(status));
  proxy.cache().Find(ctx.op, database, name,
                     [done = std::move(done), then = std::move(then)](
                         absl::StatusOr<EntryRef> entry) mutable {
                       if (!entry.ok()) return done(entry.status());
                       then(*entry, std::move(done));
                     });
}

void WithCollection(
    Proxy& proxy, const CallContext& ctx, std::string_view name,
    base::Done done,
    absl::AnyInvocable<void(const EntryRef&, base::Done)> then) {
  WithCollection(proxy, ctx, ctx.db_name, name, std::move(done),
                 std::move(then));
}

void WithCollectionId(Proxy& proxy, const CallContext& ctx,
                      std::string_view name, std::int64_t id, base::Done done,
                      absl::AnyInvocable<void(std::int64_t, base::Done)> then) {
  if (name.empty() && id != 0) return then(id, std::move(done));
  WithCollection(proxy, ctx, name, std::move(done),
                 [then = std::move(then)](const EntryRef& entry,
                                          base::Done finish) mutable {
                   then(entry->meta.id(), std::move(finish));
                 });
}

std::string DatabaseOf(const CallContext& ctx, const std::string& named) {
  return named.empty() ? ctx.db_name : named;
}

}  // namespace elanus::access
