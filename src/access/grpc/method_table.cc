#include "access/grpc/method_table.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "proto/health/health.pb.h"
#include "proto/milvus/common.pb.h"
#include "proto/milvus/milvus.pb.h"

namespace elanus::access {
namespace {

namespace common = milvus::proto::common;

// Any user may call these: they need a login and no privilege.
constexpr std::string_view kLoginOnly[] = {
    "AllocTimestamp",
    "CalcDistance",
    "Check",
    "CheckHealth",
    "Connect",
    "CreateReplicateStream",
    "DescribeSegmentIndexData",
    "Dummy",
    "DumpMessages",
    "GetCompactionState",
    "GetCompactionStateWithPlans",
    "GetComponentStates",
    "GetFlushAllState",
    "GetImportState",
    "GetMetrics",
    "GetPersistentSegmentInfo",
    "GetQuerySegmentInfo",
    "GetReplicas",
    "GetReplicateInfo",
    "GetVersion",
    "HasCollection",
    "ListDatabases",
    "ListImportTasks",
    "ListIndexedSegment",
    "RegisterLink",
    "ReplicateMessage",
    "RunAnalyzer",
    "ShowCollections",
    "Watch",
};

// Requests of 2.6 that got their annotation in a later version.
struct LaterAnnotation {
  std::string_view method;
  common::ObjectPrivilege privilege;
  common::ObjectType object_type;
  int name_field;
};
constexpr LaterAnnotation kLaterAnnotations[] = {
    {"GetPartitionStatistics", common::PrivilegeGetStatistics,
     common::Collection, 3},
};

Access MakeAccess(common::ObjectPrivilege privilege,
                  common::ObjectType object_type, int name_field) {
  constexpr std::string_view kPrefix = "Privilege";
  Access access;
  access.privilege =
      common::ObjectPrivilege_Name(privilege).substr(kPrefix.size());
  access.object_type = common::ObjectType_Name(object_type);
  access.name_field = std::max(name_field, 0);
  return access;
}

std::optional<Access> AccessOf(
    const google::protobuf::MethodDescriptor& method) {
  const auto& options = method.input_type()->options();
  if (options.HasExtension(common::privilege_ext_obj)) {
    const common::PrivilegeExt& needed =
        options.GetExtension(common::privilege_ext_obj);
    const int field = needed.object_name_indexs() > 0
                          ? needed.object_name_indexs()
                          : needed.object_name_index();
    return MakeAccess(needed.object_privilege(), needed.object_type(), field);
  }
  for (const LaterAnnotation& later : kLaterAnnotations) {
    if (later.method == method.name()) {
      return MakeAccess(later.privilege, later.object_type, later.name_field);
    }
  }
  if (std::ranges::find(kLoginOnly, method.name()) != std::end(kLoginOnly)) {
    return Access{};
  }
  return std::nullopt;
}

RequestFields FieldsToPeek(const google::protobuf::Descriptor& request,
                           const Access& access) {
  RequestFields fields;
  const auto* db_name = request.FindFieldByName("db_name");
  if (db_name != nullptr) fields.db_name = db_name->number();
  const auto* object = request.FindFieldByNumber(access.name_field);
  if (object != nullptr) {
    fields.object_name = object->number();
    fields.object_name_repeated = object->is_repeated();
  }
  return fields;
}

void AddService(const google::protobuf::ServiceDescriptor& service,
                std::vector<Method>& methods) {
  for (int i = 0; i < service.method_count(); ++i) {
    const google::protobuf::MethodDescriptor& descriptor = *service.method(i);
    std::optional<Access> access = AccessOf(descriptor);
    if (!access) continue;
    Method method;
    method.path = "/" + service.full_name() + "/" + descriptor.name();
    method.name = descriptor.name();
    method.request = descriptor.input_type();
    method.reply = descriptor.output_type();
    method.is_streaming =
        descriptor.client_streaming() || descriptor.server_streaming();
    method.peeked = FieldsToPeek(*method.request, *access);
    method.access = *std::move(access);
    methods.push_back(std::move(method));
  }
}

}  // namespace

std::vector<Method> PublicMethods() {
  std::vector<Method> methods;
  for (const google::protobuf::FileDescriptor* file :
       {milvus::proto::milvus::ConnectRequest::descriptor()->file(),
        ::grpc::health::v1::HealthCheckRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      AddService(*file->service(i), methods);
    }
  }
  return methods;
}

}  // namespace elanus::access
