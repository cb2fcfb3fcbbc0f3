// Connection, version, health and time.
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "access/ddl/call.h"
#include "access/ddl/ddl.h"
#include "base/join.h"

namespace elanus::access {
namespace {

// The version of Milvus whose protocol is spoken: clients compare it to decide
// what they may call.
constexpr char kVersion[] = "v2.6.0";
constexpr char kDeployMode[] = "STANDALONE";

// Who has to be reached for the server to be of use.
enum Part { kRoot, kData, kQuery, kParts };
constexpr std::array<std::string_view, kParts> kPartNames = {
    "rootcoord", "datacoord", "querycoord"};

// The roles that are told about, each with the coordinator that speaks for it.
struct RoleOfPart {
  std::string_view role;
  Part part;
};
constexpr std::array<RoleOfPart, 7> kRoles = {{{"rootcoord", kRoot},
                                               {"proxy", kRoot},
                                               {"datacoord", kData},
                                               {"datanode", kData},
                                               {"indexnode", kData},
                                               {"querycoord", kQuery},
                                               {"querynode", kQuery}}};

using Health = std::array<absl::Status, kParts>;

// Asks each coordinator something cheap; `then(health, done)`.
template <typename Then>
void Examine(Proxy& proxy, const CallContext& ctx, base::Done done, Then then) {
  auto health = std::make_shared<Health>();
  auto join = base::Join::Make(
      kParts, [health, done = std::move(done),
               then = std::move(then)](const absl::Status&) mutable {
        then(std::as_const(*health), std::move(done));
      });
  const auto part = [&health, &join](Part number) -> base::Done {
    return [health, join, number](absl::Status status) {
      (*health)[number] = std::move(status);
      join->Finish(absl::OkStatus());
    };
  };
  const Proxy::Dependencies& deps = proxy.deps();
  internal::AllocTimestampRequest time;
  time.set_count(1);
  AskRole(deps.root_coord, &role::RootCoord::AllocTimestamp, ctx,
          std::move(time), part(kRoot),
          [](const internal::AllocTimestampReply&, base::Done next) {
            next(absl::OkStatus());
          });
  AskRole(deps.data_coord, &role::DataCoord::GetCompactionState, ctx,
          internal::CompactionIdRequest(), part(kData),
          [](const internal::GetCompactionStateReply&, base::Done next) {
            next(absl::OkStatus());
          });
  AskRole(deps.query_coord, &role::QueryCoord::ListLoaded, ctx,
          internal::Empty(), part(kQuery),
          [](const internal::ListLoadedReply&, base::Done next) {
            next(absl::OkStatus());
          });
}

// The id of a connection is a timestamp: nobody else has it.
void Connect(Proxy& proxy, CallContext& ctx, const wire::ConnectRequest&,
             wire::ConnectResponse* reply, base::Done done) {
  internal::DescribeDatabaseRequest database;
  database.set_database_name(ctx.db_name);
  AskRole(
      proxy.deps().root_coord, &role::RootCoord::DescribeDatabase, ctx,
      std::move(database), std::move(done),
      [&proxy, reply](const internal::DescribeDatabaseReply&, base::Done then) {
        proxy.times().Next(
            1, [reply, then = std::move(then)](
                   absl::StatusOr<base::Timestamp> time) mutable {
              if (!time.ok()) return then(time.status());
              common::ServerInfo& info = *reply->mutable_server_info();
              info.set_build_tags(kVersion);
              info.set_deploy_mode(kDeployMode);
              reply->set_identifier(static_cast<std::int64_t>(time->value));
              then(absl::OkStatus());
            });
      });
}

void GetVersion(Proxy&, CallContext&, const wire::GetVersionRequest&,
                wire::GetVersionResponse* reply, base::Done done) {
  reply->set_version(kVersion);
  done(absl::OkStatus());
}

void CheckHealth(Proxy& proxy, CallContext& ctx,
                 const wire::CheckHealthRequest&,
                 wire::CheckHealthResponse* reply, base::Done done) {
  Examine(proxy, ctx, std::move(done),
          [reply](const Health& health, base::Done then) {
            for (std::size_t i = 0; i < health.size(); ++i) {
              if (health[i].ok()) continue;
              reply->add_reasons(fmt::format("{}: {}", kPartNames[i],
                                             base::MessageOf(health[i])));
            }
            reply->set_ishealthy(reply->reasons_size() == 0);
            then(absl::OkStatus());
          });
}

void GetComponentStates(Proxy& proxy, CallContext& ctx,
                        const wire::GetComponentStatesRequest&,
                        wire::ComponentStates* reply, base::Done done) {
  const bool has_index_node = proxy.config().index_node_enabled;
  Examine(proxy, ctx, std::move(done),
          [reply, has_index_node](const Health& health, base::Done then) {
            bool all_healthy = true;
            for (const auto& [role, part] : kRoles) {
              if (role == "indexnode" && !has_index_node) continue;
              const bool is_healthy = health[part].ok();
              all_healthy = all_healthy && is_healthy;
              wire::ComponentInfo& info = *reply->add_subcomponent_states();
              info.set_role(std::string(role));
              info.set_state_code(is_healthy ? common::StateCode::Healthy
                                             : common::StateCode::Abnormal);
            }
            reply->mutable_state()->set_role("standalone");
            reply->mutable_state()->set_state_code(
                all_healthy ? common::StateCode::Healthy
                            : common::StateCode::Abnormal);
            then(absl::OkStatus());
          });
}

void AllocTimestamp(Proxy& proxy, CallContext&,
                    const wire::AllocTimestampRequest&,
                    wire::AllocTimestampResponse* reply, base::Done done) {
  proxy.times().Next(1, [reply, done = std::move(done)](
                            absl::StatusOr<base::Timestamp> time) mutable {
    if (time.ok()) reply->set_timestamp(time->value);
    done(time.status());
  });
}

}  // namespace

void RegisterConnect(Proxy& proxy, Dispatch& dispatch) {
  AddCall(dispatch, "Connect", proxy, Connect);
  AddCall(dispatch, "GetVersion", proxy, GetVersion);
  AddCall(dispatch, "CheckHealth", proxy, CheckHealth);
  AddCall(dispatch, "GetComponentStates", proxy, GetComponentStates);
  AddCall(dispatch, "AllocTimestamp", proxy, AllocTimestamp);
}

}  // namespace elanus::access
