#include "access/grpc/dispatch.h"

#include <google/protobuf/message.h>

#include <charconv>

#include "base/log.h"
#include "role/status_convert.h"

namespace elanus::access {
namespace {

namespace common = milvus::proto::common;
using google::protobuf::Message;

constexpr char kDefaultDatabase[] = "default";

// As StatusOf, for a reply whose type is known only by its descriptor.
common::Status* StatusOfAny(Message& reply) {
  const google::protobuf::Descriptor* type = reply.GetDescriptor();
  if (type == common::Status::descriptor()) {
    return static_cast<common::Status*>(&reply);
  }
  const auto* field = type->FindFieldByName("status");
  if (field == nullptr ||
      field->message_type() != common::Status::descriptor()) {
    return nullptr;
  }
  return static_cast<common::Status*>(
      reply.GetReflection()->MutableMessage(&reply, field));
}

std::int64_t NumberOr0(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

Dispatch::Dispatch(Gate& gate) : gate_(gate) {
  for (Method& method : PublicMethods()) {
    auto row = std::make_unique<Row>();
    row->handler = UnimplementedHandler(method);
    row->method = std::move(method);
    rows_.push_back(std::move(row));
  }
}

Dispatch::~Dispatch() = default;

Dispatch::Row& Dispatch::RowOf(std::string_view method,
                               const google::protobuf::Descriptor* request,
                               const google::protobuf::Descriptor* reply) {
  const std::string path =
      method.starts_with('/')
          ? std::string(method)
          : std::string(kMilvusServicePrefix).append(method);
  for (const std::unique_ptr<Row>& row : rows_) {
    if (row->method.path != path) continue;
    CHECK(row->method.request == request);
    CHECK(row->method.reply == reply);
    CHECK(!row->method.is_streaming);
    return *row;
  }
  base::Die(__FILE__, __LINE__, "no method " + path);
}

void Dispatch::Install(role::RpcServer& server) {
  for (const std::unique_ptr<Row>& row : rows_) {
    if (row->method.is_streaming) {
      server.Refuse(row->method.path,
                    "service unimplemented: " + row->method.name +
                        " is not supported by this version");
      continue;
    }
    server.Register(
        row->method.path,
        [this, &row = *row](std::unique_ptr<role::RpcCall> call) {
          Serve(row, std::move(call));
        },
        row->options);
  }
}

void Dispatch::Serve(std::unique_ptr<role::RpcCall> call) {
  for (const std::unique_ptr<Row>& row : rows_) {
    if (row->method.path != call->method() || row->method.is_streaming) {
      continue;
    }
    return Serve(*row, std::move(call));
  }
  call->Fail(absl::StatusCode::kUnimplemented,
             "unknown method " + call->method());
}

void Dispatch::Serve(const Row& row, std::unique_ptr<role::RpcCall> call) {
  auto owned = std::make_unique<Entered>();
  Entered& entered = *owned;
  entered.call = std::move(call);
  FillContext(entered);
  const std::string_view authorization =
      entered.call->Metadata("authorization").value_or("");
  gate_.Authenticate(
      entered.context, authorization,
      [this, &row, owned = std::move(owned)](absl::Status status) mutable {
        if (status.ok()) {
          Authorise(row, std::move(owned));
        } else {
          owned->call->Fail(status.code(), base::MessageOf(status));
        }
      });
}

void Dispatch::Authorise(const Row& row, std::unique_ptr<Entered> owned) {
  Entered& entered = *owned;
  const absl::Status peeked = PeekNames(entered.call->request().view(),
                                        row.method.peeked, &entered.names);
  if (!peeked.ok()) {
    RefuseRequest(*entered.call, row.method.request->full_name(),
                  base::MessageOf(peeked));
    return;
  }
  if (!entered.names.db_name.empty()) {
    entered.context.db_name = entered.names.db_name;
  }
  gate_.Authorise(
      entered.context, row.method.access, entered.names.objects,
      [&row, owned = std::move(owned)](absl::Status status) mutable {
        if (status.ok()) {
          row.handler(std::move(owned));
        } else {
          owned->call->Fail(status.code(), base::MessageOf(status));
        }
      });
}

void Dispatch::FillContext(Entered& entered) {
  const role::RpcCall& call = *entered.call;
  CallContext& context = entered.context;
  context.op = call.context();
  context.db_name = call.Metadata("dbname").value_or("");
  if (context.db_name.empty()) context.db_name = kDefaultDatabase;
  context.connection_id = NumberOr0(call.Metadata("identifier").value_or(""));
  context.request_bytes = call.request().size();
  context.peer = call.peer();
  context.user_agent = call.Metadata("user-agent").value_or("");
}

void Dispatch::RefuseRequest(role::RpcCall& call, std::string_view type,
                             std::string_view reason) {
  call.Fail(absl::StatusCode::kInvalidArgument,
            fmt::format("{}: the request is not a {}: {}", call.method(), type,
                        reason));
}

Dispatch::EnteredHandler Dispatch::UnimplementedHandler(const Method& method) {
  const absl::Status outcome =
      base::Error(base::ErrorCode::kUnimplemented,
                  "service unimplemented: {} is not supported by this version",
                  method.name);
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(
          method.reply);
  return [prototype, outcome](std::unique_ptr<Entered> entered) {
    const std::unique_ptr<Message> reply(prototype->New());
    Answer(*entered->call, *reply, &StatusOfAny, outcome);
  };
}

void Dispatch::Answer(role::RpcCall& call, Message& reply,
                      common::Status* (*status_of)(Message&),
                      const absl::Status& outcome) {
  if (!outcome.ok()) reply.Clear();
  // Asked for on success too: some clients fail on a reply without a Status.
  common::Status* status = status_of(reply);
  if (outcome.ok()) {
    call.Finish(reply);
  } else if (status != nullptr) {
    *status = role::ToProto(outcome);
    call.Finish(reply);
  } else {
    call.Fail(outcome.code(), role::ReadableText(base::MessageOf(outcome)));
  }
}

}  // namespace elanus::access
