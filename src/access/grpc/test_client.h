// A blocking gRPC client for tests that sends any bytes to any path.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "role/rpc_bytes.h"

namespace elanus::access {

struct TestAnswer {
  grpc::Status status;
  std::string bytes;

  template <typename Reply>
  Reply As() const {
    Reply reply;
    if (!reply.ParseFromString(bytes)) reply.Clear();
    return reply;
  }
};

class TestClient {
 public:
  // Every client has a connection of its own.
  explicit TestClient(int port) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxSendMessageSize(-1);
    arguments.SetMaxReceiveMessageSize(-1);
    channel_ = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port),
                                         grpc::InsecureChannelCredentials(),
                                         arguments);
    stub_ = std::make_unique<grpc::GenericStub>(channel_);
  }

  TestAnswer Call(const std::string& path, const std::string& request,
                  const std::map<std::string, std::string>& metadata = {}) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(20));
    // A port of a test that hangs up early may do so before gRPC has begun.
    context.set_wait_for_ready(true);
    for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
    const auto bytes = role::WrapBytes(base::Buffer::FromString(request));
    grpc::CompletionQueue queue;
    auto call = stub_->PrepareUnaryCall(&context, path, bytes, &queue);
    role::MarkSent();
    call->StartCall();
    TestAnswer answer;
    grpc::ByteBuffer reply;
    call->Finish(&reply, &answer.status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    role::MarkReceived();
    answer.bytes = std::string(role::TakeBytes(reply).view());
    return answer;
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::GenericStub> stub_;
};

}  // namespace elanus::access
