#include "role/query_coord_rpc.h"

#include <utility>

#include "role/rpc_service.h"

namespace elanus::role {
namespace {

constexpr char kLoad[] = "/elanus.internal.QueryCoord/Load";
constexpr char kRelease[] = "/elanus.internal.QueryCoord/Release";
constexpr char kGetLoadState[] = "/elanus.internal.QueryCoord/GetLoadState";
constexpr char kListLoaded[] = "/elanus.internal.QueryCoord/ListLoaded";
constexpr char kGetShardLeaders[] =
    "/elanus.internal.QueryCoord/GetShardLeaders";
constexpr char kTargetChanged[] = "/elanus.internal.QueryCoord/TargetChanged";
constexpr char kServedSegments[] = "/elanus.internal.QueryCoord/ServedSegments";
constexpr char kGetQuerySegmentInfo[] =
    "/elanus.internal.QueryCoord/GetQuerySegmentInfo";

}  // namespace

void QueryCoordClient::Load(const base::OpContext& ctx,
                            const internal::LoadRequest& request,
                            internal::Empty* reply, base::Done done) {
  channel_.Call(kLoad, request, reply, ctx, std::move(done));
}

void QueryCoordClient::Release(const base::OpContext& ctx,
                               const internal::ReleaseRequest& request,
                               internal::Empty* reply, base::Done done) {
  channel_.Call(kRelease, request, reply, ctx, std::move(done));
}

void QueryCoordClient::GetLoadState(
    const base::OpContext& ctx, const internal::GetLoadStateRequest& request,
    internal::GetLoadStateReply* reply, base::Done done) {
  channel_.Call(kGetLoadState, request, reply, ctx, std::move(done));
}

void QueryCoordClient::ListLoaded(const base::OpContext& ctx,
                                  const internal::Empty& request,
                                  internal::ListLoadedReply* reply,
                                  base::Done done) {
  channel_.Call(kListLoaded, request, reply, ctx, std::move(done));
}

void QueryCoordClient::GetShardLeaders(
    const base::OpContext& ctx, const internal::CollectionIdRequest& request,
    internal::GetShardLeadersReply* reply, base::Done done) {
  channel_.Call(kGetShardLeaders, request, reply, ctx, std::move(done));
}

void QueryCoordClient::TargetChanged(
    const base::OpContext& ctx, const internal::TargetChangedRequest& request,
    internal::Empty* reply, base::Done done) {
  channel_.Call(kTargetChanged, request, reply, ctx, std::move(done));
}

void QueryCoordClient::ServedSegments(
    const base::OpContext& ctx, const internal::ServedSegmentsRequest& request,
    internal::ServedSegmentsReply* reply, base::Done done) {
  channel_.Call(kServedSegments, request, reply, ctx, std::move(done));
}

void QueryCoordClient::GetQuerySegmentInfo(
    const base::OpContext& ctx, const internal::CollectionIdRequest& request,
    internal::GetQuerySegmentInfoReply* reply, base::Done done) {
  channel_.Call(kGetQuerySegmentInfo, request, reply, ctx, std::move(done));
}

void ServeQueryCoord(RpcServer& server, QueryCoord& role) {
  BindMethod(server, kLoad, role, &QueryCoord::Load);
  BindMethod(server, kRelease, role, &QueryCoord::Release);
  BindMethod(server, kGetLoadState, role, &QueryCoord::GetLoadState);
  BindMethod(server, kListLoaded, role, &QueryCoord::ListLoaded);
  BindMethod(server, kGetShardLeaders, role, &QueryCoord::GetShardLeaders);
  BindMethod(server, kTargetChanged, role, &QueryCoord::TargetChanged);
  BindMethod(server, kServedSegments, role, &QueryCoord::ServedSegments);
  BindMethod(server, kGetQuerySegmentInfo, role,
             &QueryCoord::GetQuerySegmentInfo);
}

}  // namespace elanus::role
