#include "role/rpc_wire_error.h"

#include <string>

#include "role/status_convert.h"

namespace elanus::role {
namespace {

// The text stands in the details in full; this one is for people with other
// gRPC tools.
constexpr std::size_t kGrpcTextBytesMax = 512;

base::ErrorCode CodeOfTransport(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::CANCELLED:
      return base::ErrorCode::kCancelled;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return base::ErrorCode::kDeadlineExceeded;
    case grpc::StatusCode::UNAVAILABLE:
      return base::ErrorCode::kServiceUnavailable;
    case grpc::StatusCode::UNIMPLEMENTED:
      return base::ErrorCode::kUnimplemented;
    case grpc::StatusCode::UNAUTHENTICATED:
      return base::ErrorCode::kNotAuthenticated;
    case grpc::StatusCode::PERMISSION_DENIED:
      return base::ErrorCode::kNotPermitted;
    case grpc::StatusCode::INVALID_ARGUMENT:
      return base::ErrorCode::kParameterInvalid;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      // A message beyond the limit; too many calls come with details.
      return base::ErrorCode::kParameterTooLarge;
    default:  // gRPC's other codes are made by no transport
      return base::ErrorCode::kServiceInternal;
  }
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& error) {
  if (error.ok()) return grpc::Status::OK;
  milvus::proto::common::Status details = ToProto(error);
  details.clear_detail();  // the same as reason
  if (details.reason().size() > kErrorTextBytesMax) {
    details.set_reason(
        ReadableText(details.reason().substr(0, kErrorTextBytesMax)));
  }
  return grpc::Status(
      static_cast<grpc::StatusCode>(error.code()),
      std::string(base::MessageOf(error).substr(0, kGrpcTextBytesMax)),
      details.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  milvus::proto::common::Status details;
  if (!status.error_details().empty() &&
      details.ParseFromString(status.error_details())) {
    const absl::Status error = FromProto(details);
    if (!error.ok()) return error;
  }
  return base::MakeStatus(CodeOfTransport(status.error_code()),
                          base::Fault::kServer, status.error_message());
}

}  // namespace elanus::role
