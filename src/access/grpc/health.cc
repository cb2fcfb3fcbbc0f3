#include "access/grpc/health.h"

#include <utility>

#include "proto/health/health.pb.h"

namespace elanus::access {

using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;

void RegisterHealth(Dispatch& dispatch, std::function<bool()> is_serving) {
  dispatch.Register<HealthCheckRequest, HealthCheckResponse>(
      "/grpc.health.v1.Health/Check",
      [is_serving = std::move(is_serving)](
          CallContext&, const HealthCheckRequest& request,
          HealthCheckResponse* reply, base::Done done) {
        if (!request.service().empty() &&
            request.service() != "milvus.proto.milvus.MilvusService") {
          done(absl::NotFoundError("unknown service " + request.service()));
          return;
        }
        reply->set_status(is_serving() ? HealthCheckResponse::SERVING
                                       : HealthCheckResponse::NOT_SERVING);
        done(absl::OkStatus());
      });
}

}  // namespace elanus::access
