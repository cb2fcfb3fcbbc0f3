// Flush of everything.
//
// The time of a FlushAll is the earliest of its collections' flushes: each of
// them closed its segments at that time or later, so a collection whose
// checkpoint has passed it holds nothing unwritten from before the call.
#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "access/ddl/call.h"
#include "access/ddl/ddl.h"
#include "base/join.h"

namespace elanus::access {
namespace {

// The collections of one database that a call is about.
struct TargetCall {
  std::string database;
  std::set<std::string> names;  // empty = all
  std::vector<internal::CollectionMeta> found;
};

struct AllCall {
  std::vector<TargetCall> targets;
  std::vector<internal::CollectionMeta> collections;  // of all targets
  std::vector<internal::FlushReply> flushed;          // one a collection
  std::vector<internal::GetFlushStateReply> states;   // one a collection
};
using AllCallRef = std::shared_ptr<AllCall>;

absl::Status TakeFound(const internal::ListCollectionsReply& listed,
                       TargetCall& target) {
  std::set<std::string> missing = target.names;
  for (const internal::CollectionMeta& collection : listed.collections()) {
    if (!target.names.empty() && missing.erase(collection.name()) == 0) {
      continue;
    }
    target.found.push_back(collection);
  }
  if (missing.empty()) return absl::OkStatus();
  return base::InvalidInput(base::ErrorCode::kCollectionNotFound,
                            "collection not found[database={}][collection={}]",
                            target.database, *missing.begin());
}

// Finds what the request is about; `then(call, done)`.
template <typename Request, typename Then>
void FindTargets(Proxy& proxy, const CallContext& ctx, const Request& request,
                 base::Done done, Then then) {
  auto call = std::make_shared<AllCall>();
  // Each database is asked once, however often it is named.
  std::map<std::string, TargetCall> targets;
  for (const wire::FlushAllTarget& wanted : request.flush_targets()) {
    const std::string database = DatabaseOf(ctx, wanted.db_name());
    const auto [it, is_new] = targets.try_emplace(database);
    TargetCall& target = it->second;
    target.database = database;
    const bool is_all =
        wanted.collection_names().empty() || (!is_new && target.names.empty());
    target.names.insert(wanted.collection_names().begin(),
                        wanted.collection_names().end());
    if (is_all) target.names.clear();
  }
  for (auto& [database, target] : targets) {
    call->targets.push_back(std::move(target));
  }
  if (call->targets.empty()) call->targets.push_back({.database = ctx.db_name});
  auto join =
      base::Join::Make(call->targets.size(),
                       [call, done = std::move(done),
                        then = std::move(then)](absl::Status status) mutable {
                         if (!status.ok()) return done(std::move(status));
                         for (TargetCall& target : call->targets) {
                           std::move(target.found.begin(), target.found.end(),
                                     std::back_inserter(call->collections));
                         }
                         then(call, std::move(done));
                       });
  for (TargetCall& target : call->targets) {
    internal::ListCollectionsRequest list;
    list.set_database_name(target.database);
    AskRole(
        proxy.deps().root_coord, &role::RootCoord::ListCollections, ctx,
        std::move(list), base::Join::Part(join),
        [call, &target](const internal::ListCollectionsReply& listed,
                        base::Done last) { last(TakeFound(listed, target)); });
  }
}

// Collections without a time were dropped since they were listed.
void FillFlushed(const AllCall& call, wire::FlushAllResponse* reply) {
  std::uint64_t time = std::numeric_limits<std::uint64_t>::max();
  wire::FlushAllResult* result = nullptr;
  for (std::size_t i = 0; i < call.collections.size(); ++i) {
    const internal::CollectionMeta& collection = call.collections[i];
    const internal::FlushReply& flushed = call.flushed[i];
    if (flushed.flush_ts() == 0) continue;
    if (result == nullptr || result->db_name() != collection.database_name()) {
      result = reply->add_flush_results();
      result->set_db_name(collection.database_name());
    }
    wire::FlushCollectionResult& one = *result->add_collection_results();
    one.set_collection_name(collection.name());
    *one.mutable_segment_ids()->mutable_data() = flushed.segment_ids();
    *one.mutable_flush_segment_ids()->mutable_data() = flushed.flushing_ids();
    one.set_seal_time(flushed.seal_time_s());
    one.set_flush_ts(flushed.flush_ts());
    time = std::min(time, flushed.flush_ts());
  }
  reply->set_flush_all_ts(time);
}

// There was nothing to flush, so any time does.
void AnswerNow(Proxy& proxy, wire::FlushAllResponse* reply, base::Done done) {
  proxy.times().Next(1, [reply, done = std::move(done)](
                            absl::StatusOr<base::Timestamp> time) mutable {
    if (time.ok()) reply->set_flush_all_ts(time->value);
    done(time.status());
  });
}

void FlushFound(Proxy& proxy, const CallContext& ctx, const AllCallRef& call,
                wire::FlushAllResponse* reply, base::Done done) {
  if (call->collections.empty())
    return AnswerNow(proxy, reply, std::move(done));
  call->flushed.resize(call->collections.size());
  auto join = base::Join::Make(call->collections.size(),
                               [&proxy, call, reply, done = std::move(done)](
                                   absl::Status status) mutable {
                                 if (!status.ok())
                                   return done(std::move(status));
                                 FillFlushed(*call, reply);
                                 if (!reply->flush_results().empty())
                                   return done(absl::OkStatus());
                                 AnswerNow(proxy, reply, std::move(done));
                               });
  for (std::size_t i = 0; i < call->collections.size(); ++i) {
    internal::CollectionIdRequest which;
    which.set_collection_id(call->collections[i].id());
    // Dropped since it was listed: there is nothing left to flush.
    base::Done part = [join](absl::Status status) {
      const bool is_gone =
          base::CodeOf(status) == base::ErrorCode::kCollectionNotFound;
      join->Finish(is_gone ? absl::OkStatus() : std::move(status));
    };
    AskRole(proxy.deps().data_coord, &role::DataCoord::Flush, ctx,
            std::move(which), std::move(part),
            [call, i](const internal::FlushReply& flushed, base::Done last) {
              call->flushed[i] = flushed;
              last(absl::OkStatus());
            });
  }
}

void FlushAll(Proxy& proxy, CallContext& ctx,
              const wire::FlushAllRequest& request,
              wire::FlushAllResponse* reply, base::Done done) {
  FindTargets(proxy, ctx, request, std::move(done),
              [&proxy, &ctx, reply](const AllCallRef& call, base::Done then) {
                FlushFound(proxy, ctx, call, reply, std::move(then));
              });
}

std::uint64_t TimeOf(const wire::GetFlushAllStateRequest& request) {
  std::uint64_t time = request.flush_all_ts();
  for (const auto& [channel, at] : request.flush_all_tss()) {
    time = std::max(time, at);
  }
  return time;
}

void FillStates(const AllCall& call, wire::GetFlushAllStateResponse* reply) {
  bool all = true;
  wire::FlushAllState* states = nullptr;
  for (std::size_t i = 0; i < call.collections.size(); ++i) {
    const internal::CollectionMeta& collection = call.collections[i];
    if (states == nullptr || states->db_name() != collection.database_name()) {
      states = reply->add_flush_states();
      states->set_db_name(collection.database_name());
    }
    const bool flushed = call.states[i].flushed();
    (*states->mutable_collection_flush_states())[collection.name()] = flushed;
    all = all && flushed;
  }
  reply->set_flushed(all);
}

void AskStates(Proxy& proxy, const CallContext& ctx, const AllCallRef& call,
               std::uint64_t time, wire::GetFlushAllStateResponse* reply,
               base::Done done) {
  // A collection that was made later has nothing from before.
  std::erase_if(call->collections,
                [time](const internal::CollectionMeta& collection) {
                  return collection.created_at() > time;
                });
  call->states.resize(call->collections.size());
  auto join = base::Join::Make(
      call->collections.size(),
      [call, reply, done = std::move(done)](absl::Status status) mutable {
        if (status.ok()) FillStates(*call, reply);
        done(std::move(status));
      });
  for (std::size_t i = 0; i < call->collections.size(); ++i) {
    internal::GetFlushStateRequest ask;
    ask.set_collection_id(call->collections[i].id());
    ask.set_flush_ts(time);
    AskRole(
        proxy.deps().data_coord, &role::DataCoord::GetFlushState, ctx,
        std::move(ask), base::Join::Part(join),
        [call, i](const internal::GetFlushStateReply& state, base::Done last) {
          call->states[i] = state;
          last(absl::OkStatus());
        });
  }
}

void GetFlushAllState(Proxy& proxy, CallContext& ctx,
                      const wire::GetFlushAllStateRequest& request,
                      wire::GetFlushAllStateResponse* reply, base::Done done) {
  const std::uint64_t time = TimeOf(request);
  if (time == 0) {
    return done(
        base::InvalidInput(base::ErrorCode::kParameterMissing,
                           "missing parameter[missing_param=flush_all_ts]"));
  }
  FindTargets(
      proxy, ctx, request, std::move(done),
      [&proxy, &ctx, time, reply](const AllCallRef& call, base::Done then) {
        AskStates(proxy, ctx, call, time, reply, std::move(then));
      });
}

}  // namespace

void RegisterFlushAll(Proxy& proxy, Dispatch& dispatch) {
  AddCall(dispatch, "FlushAll", proxy, FlushAll);
  AddCall(dispatch, "GetFlushAllState", proxy, GetFlushAllState);
}

}  // namespace elanus::access
