// The list of all calls that the public port knows, read from the descriptors
// of the protocol: path, types, privilege. No handler stands here.
//
// Threads: pure function.
// Errors:  a method of the protocol that neither names a privilege nor stands
//          in our own list of methods without one is left out: the server does
//          not know it (deny by default).
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "access/grpc/gate.h"
#include "access/grpc/request_peek.h"

namespace elanus::access {

// A call of MilvusService may be named without its service.
inline constexpr char kMilvusServicePrefix[] =
    "/milvus.proto.milvus.MilvusService/";

struct Method {
  std::string path;  // "/milvus.proto.milvus.MilvusService/Search"
  std::string name;  // "Search"
  const google::protobuf::Descriptor* request = nullptr;
  const google::protobuf::Descriptor* reply = nullptr;
  bool is_streaming = false;
  Access access;
  RequestFields peeked;
};

// MilvusService, ProxyService and grpc.health.v1.Health.
std::vector<Method> PublicMethods();

}  // namespace elanus::access
