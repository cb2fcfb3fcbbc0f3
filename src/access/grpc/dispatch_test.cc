#include "access/grpc/dispatch.h"

#include <gmock/gmock.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "access/grpc/health.h"
#include "access/grpc/test_client.h"
#include "proto/health/health.pb.h"
#include "proto/milvus/milvus.pb.h"

namespace elanus::access {
namespace {

namespace common = milvus::proto::common;
namespace proto = milvus::proto::milvus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Path(const std::string& rpc) { return kMilvusServicePrefix + rpc; }

// Lets in who says "right" and refuses what it is told to; remembers what it
// was asked.
class TestGate final : public Gate {
 public:
  void Authenticate(CallContext& ctx, std::string_view authorization,
                    base::Done done) override {
    ++authenticated;
    if (authorization != "right") {
      done(base::InvalidInput(base::ErrorCode::kNotAuthenticated,
                              "who are you?"));
      return;
    }
    ctx.user = "alice";
    // The answer may come from elsewhere, and later.
    threads.Submit(
        [done = std::move(done)]() mutable { done(absl::OkStatus()); });
  }

  void Authorise(const CallContext& ctx, const Access& wanted,
                 const std::vector<std::string_view>& wanted_names,
                 base::Done done) override {
    user = ctx.user;
    db_name = ctx.db_name;
    access = wanted;
    names.assign(wanted_names.begin(), wanted_names.end());
    ++authorised;
    if (is_powerless && !wanted.privilege.empty()) {
      done(base::InvalidInput(base::ErrorCode::kNotPermitted, "not you"));
      return;
    }
    done(absl::OkStatus());
  }

  std::atomic<int> authenticated{0};
  std::atomic<int> authorised{0};
  bool is_powerless = false;
  std::string user;
  std::string db_name;
  Access access;
  std::vector<std::string> names;
  base::ThreadPool threads{{.name = "gate"}};
};

class DispatchTest : public ::testing::Test {
 protected:
  void Start(Gate& gate) {
    dispatch_ = std::make_unique<Dispatch>(gate);
    if (register_rows_) register_rows_(*dispatch_);
    server_ = std::make_unique<role::RpcServer>(
        role::RpcServerOptions{.address = "127.0.0.1:0"}, threads_);
    dispatch_->Install(*server_);
    ASSERT_TRUE(server_->Start().ok());
    client_ = std::make_unique<TestClient>(server_->port());
  }

  base::ThreadPool threads_{{.name = "server", .threads = 2}};
  OpenGate open_gate_;
  std::function<void(Dispatch&)> register_rows_;
  std::unique_ptr<Dispatch> dispatch_;
  std::unique_ptr<role::RpcServer> server_;
  std::unique_ptr<TestClient> client_;
};

TEST(MethodTableTest, EveryMethodOfTheProtocolHasARow) {
  std::set<std::string> rows;
  for (const Method& method : PublicMethods()) rows.insert(method.path);
  const auto* file = proto::ConnectRequest::descriptor()->file();
  std::size_t methods = 2;  // of the health check
  for (int s = 0; s < file->service_count(); ++s) {
    for (int m = 0; m < file->service(s)->method_count(); ++m) {
      ++methods;
      EXPECT_TRUE(rows.contains("/" + file->service(s)->full_name() + "/" +
                                file->service(s)->method(m)->name()))
          << file->service(s)->method(m)->name()
          << " has neither a privilege nor a place in the list without one";
    }
  }
  EXPECT_EQ(rows.size(), methods);
  EXPECT_EQ(rows.size(), 120u);
}

TEST(MethodTableTest, PrivilegesAreThoseOfTheProtocol) {
  std::map<std::string, Method> rows;
  for (const Method& method : PublicMethods()) rows[method.path] = method;
  const Method& search = rows.at(Path("Search"));
  EXPECT_EQ(search.access.privilege, "Search");
  EXPECT_EQ(search.access.object_type, "Collection");
  EXPECT_EQ(search.peeked.object_name, 3);
  EXPECT_EQ(search.peeked.db_name, 2);
  const Method& flush = rows.at(Path("Flush"));
  EXPECT_EQ(flush.access.privilege, "Flush");
  EXPECT_TRUE(flush.peeked.object_name_repeated);
  const Method& create = rows.at(Path("CreateCollection"));
  EXPECT_EQ(create.access.privilege, "CreateCollection");
  EXPECT_EQ(create.access.object_type, "Global");
  EXPECT_EQ(create.peeked.object_name, 0);
  EXPECT_EQ(rows.at(Path("Connect")).access.privilege, "");
  EXPECT_EQ(rows.at(Path("GetPartitionStatistics")).access.privilege,
            "GetStatistics");
}

TEST_F(DispatchTest, EveryMethodWithoutAHandlerAnswersInItsOwnType) {
  Start(open_gate_);
  int with_status = 0;
  for (const Method& method : PublicMethods()) {
    SCOPED_TRACE(method.path);
    const TestAnswer answer = client_->Call(method.path, "");
    const std::string text = "service unimplemented: " + method.name +
                             " is not supported by this version";
    const auto* field = method.reply->FindFieldByName("status");
    const bool has_status =
        method.reply == common::Status::descriptor() ||
        (field != nullptr &&
         field->message_type() == common::Status::descriptor());
    if (method.is_streaming || !has_status) {
      EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
      EXPECT_EQ(answer.status.error_message(), text);
      continue;
    }
    ++with_status;
    ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
    const std::unique_ptr<google::protobuf::Message> reply(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(method.reply)
            ->New());
    ASSERT_TRUE(reply->ParseFromString(answer.bytes));
    const auto& status =
        field == nullptr
            ? static_cast<const common::Status&>(*reply)
            : static_cast<const common::Status&>(
                  reply->GetReflection()->GetMessage(*reply, field));
    EXPECT_EQ(status.code(), 10);
    EXPECT_EQ(status.error_code(), common::UnexpectedError);
    EXPECT_EQ(status.reason(), text);
  }
  EXPECT_EQ(with_status, 114);
}

TEST_F(DispatchTest, NoMethodAnswersACallerWithoutCredentials) {
  TestGate gate;
  Start(gate);
  for (const Method& method : PublicMethods()) {
    if (method.is_streaming) continue;  // never served
    SCOPED_TRACE(method.path);
    for (const char* token : {"", "wrong"}) {
      const TestAnswer answer =
          client_->Call(method.path, "", {{"authorization", token}});
      EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
      EXPECT_EQ(answer.status.error_message(), "who are you?");
      EXPECT_EQ(answer.bytes, "");
    }
  }
  EXPECT_EQ(gate.authorised, 0);
}

TEST_F(DispatchTest, APowerlessUserReachesNothingThatTakesAPrivilege) {
  TestGate gate;
  gate.is_powerless = true;
  Start(gate);
  for (const Method& method : PublicMethods()) {
    if (method.is_streaming) continue;
    SCOPED_TRACE(method.path);
    const TestAnswer answer =
        client_->Call(method.path, "", {{"authorization", "right"}});
    EXPECT_EQ(answer.status.error_code() == grpc::StatusCode::PERMISSION_DENIED,
              !method.access.privilege.empty());
  }
}

TEST_F(DispatchTest, TheGateIsAskedForTheObjectThatTheRequestNames) {
  TestGate gate;
  Start(gate);
  proto::SearchRequest search;
  search.set_collection_name("books");
  client_->Call(Path("Search"), search.SerializeAsString(),
                {{"authorization", "right"}, {"dbname", "shop"}});
  EXPECT_EQ(gate.user, "alice");
  EXPECT_EQ(gate.access.privilege, "Search");
  EXPECT_EQ(gate.db_name, "shop");
  EXPECT_THAT(gate.names, ElementsAre("books"));
}

TEST_F(DispatchTest, ARequestIsAnsweredByItsHandlerWithAStatus) {
  register_rows_ = [](Dispatch& dispatch) {
    dispatch.Register<proto::HasCollectionRequest, proto::BoolResponse>(
        "HasCollection",
        [](CallContext&, const proto::HasCollectionRequest& request,
           proto::BoolResponse* reply, base::Done done) {
          reply->set_value(request.collection_name() == "books");
          done(absl::OkStatus());
        });
  };
  Start(open_gate_);
  proto::HasCollectionRequest request;
  request.set_collection_name("books");
  const TestAnswer answer =
      client_->Call(Path("HasCollection"), request.SerializeAsString());
  ASSERT_TRUE(answer.status.ok());
  const auto reply = answer.As<proto::BoolResponse>();
  EXPECT_TRUE(reply.value());
  EXPECT_TRUE(reply.has_status());
  EXPECT_EQ(reply.status().code(), 0);
}

TEST_F(DispatchTest, AFailedDoneIsTheRepliesStatusAndNothingElse) {
  register_rows_ = [](Dispatch& dispatch) {
    dispatch.Register<proto::HasCollectionRequest, proto::BoolResponse>(
        "HasCollection", [](CallContext&, const proto::HasCollectionRequest&,
                            proto::BoolResponse* reply, base::Done done) {
          reply->set_value(true);  // half an answer
          done(base::InvalidInput(base::ErrorCode::kParameterInvalid,
                                  "collection name is empty"));
        });
    dispatch.Register<proto::DropCollectionRequest, common::Status>(
        "DropCollection", [](CallContext&, const proto::DropCollectionRequest&,
                             common::Status*, base::Done done) {
          done(base::Error(base::ErrorCode::kServiceNotReady, "starting"));
        });
  };
  Start(open_gate_);
  const auto has =
      client_->Call(Path("HasCollection"), "").As<proto::BoolResponse>();
  EXPECT_FALSE(has.value());
  EXPECT_EQ(has.status().code(), 1100);
  EXPECT_EQ(has.status().error_code(), common::IllegalArgument);
  EXPECT_EQ(has.status().extra_info().at("is_input_error"), "true");
  const auto drop =
      client_->Call(Path("DropCollection"), "").As<common::Status>();
  EXPECT_EQ(drop.code(), 1);
  EXPECT_TRUE(drop.retriable());
}

// Keeps the bytes instead of parsing them.
struct WholeInsert {
  static const google::protobuf::Descriptor* descriptor() {
    return proto::InsertRequest::descriptor();
  }
  bool Parse(const base::Buffer& buffer) {
    bytes = buffer.view();
    return !bytes.empty();
  }
  std::string_view bytes;
};

TEST_F(DispatchTest, ARequestOfAClassOfItsOwnIsParsedByIt) {
  std::string seen;
  register_rows_ = [&seen](Dispatch& dispatch) {
    dispatch.Register<WholeInsert, proto::MutationResult>(
        "Insert", [&seen](CallContext&, const WholeInsert& request,
                          proto::MutationResult* reply, base::Done done) {
          seen = std::string(request.bytes);
          reply->set_insert_cnt(3);
          done(absl::OkStatus());
        });
  };
  Start(open_gate_);
  proto::InsertRequest request;
  request.set_collection_name(std::string(3 << 20, 'x'));
  const std::string bytes = request.SerializeAsString();
  const TestAnswer answer = client_->Call(Path("Insert"), bytes);
  EXPECT_TRUE(seen == bytes);
  EXPECT_EQ(answer.As<proto::MutationResult>().insert_cnt(), 3);
  EXPECT_EQ(client_->Call(Path("Insert"), "").status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(DispatchTest, TheContextTellsDatabaseConnectionAndRequest) {
  CallContext seen;
  register_rows_ = [&seen](Dispatch& dispatch) {
    dispatch.Register<proto::ShowCollectionsRequest,
                      proto::ShowCollectionsResponse>(
        "ShowCollections",
        [&seen](CallContext& ctx, const proto::ShowCollectionsRequest&,
                proto::ShowCollectionsResponse*, base::Done done) {
          seen = ctx;
          done(absl::OkStatus());
        });
  };
  Start(open_gate_);
  const std::string path = Path("ShowCollections");
  proto::ShowCollectionsRequest named;
  named.set_db_name("of_request");
  client_->Call(path, named.SerializeAsString(),
                {{"dbname", "of_metadata"},
                 {"identifier", "461234567890"},
                 {"client-request-id", "r-17"}});
  EXPECT_EQ(seen.db_name, "of_request");
  EXPECT_EQ(seen.connection_id, 461234567890);
  EXPECT_EQ(seen.op.request_id(), "r-17");
  EXPECT_THAT(seen.peer, HasSubstr("127.0.0.1"));
  EXPECT_THAT(seen.user_agent, HasSubstr("grpc"));
  // The client gives 20 s; gRPC rounds the time that it sends up.
  EXPECT_GT(seen.op.RemainingNs(), 0);
  EXPECT_LE(seen.op.RemainingNs(), 25'000'000'000);
  client_->Call(path, "", {{"dbname", "of_metadata"}, {"identifier", "abc"}});
  EXPECT_EQ(seen.db_name, "of_metadata");
  EXPECT_EQ(seen.connection_id, 0);
  client_->Call(path, "");
  EXPECT_EQ(seen.db_name, "default");
}

TEST_F(DispatchTest, BytesThatAreNoRequestAreRefusedByTheTypesName) {
  register_rows_ = [](Dispatch& dispatch) {
    dispatch.Register<proto::HasCollectionRequest, proto::BoolResponse>(
        "HasCollection",
        [](CallContext&, const proto::HasCollectionRequest&,
           proto::BoolResponse*, base::Done done) { done(absl::OkStatus()); });
  };
  Start(open_gate_);
  const std::string broken[] = {
      "\xFF\xFF\xFF",  // no tag
      "\x1A\x7F"
      "short",             // a name of 127 bytes that has 5
      "\x1A\x02\xC3\x28",  // a name that is not UTF-8
  };
  for (const std::string& bytes : broken) {
    const TestAnswer answer = client_->Call(Path("HasCollection"), bytes);
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(answer.status.error_message(),
                HasSubstr("milvus.proto.milvus.HasCollectionRequest"));
  }
}

TEST_F(DispatchTest, AHandlerThatForgetsItsDoneFailsTheCall) {
  register_rows_ = [](Dispatch& dispatch) {
    dispatch.Register<proto::HasCollectionRequest, proto::BoolResponse>(
        "HasCollection", [](CallContext&, const proto::HasCollectionRequest&,
                            proto::BoolResponse*, base::Done) {});
  };
  Start(open_gate_);
  EXPECT_EQ(client_->Call(Path("HasCollection"), "").status.error_code(),
            grpc::StatusCode::INTERNAL);
}

TEST_F(DispatchTest, HealthTellsWhetherTheServerServes) {
  using ::grpc::health::v1::HealthCheckRequest;
  using ::grpc::health::v1::HealthCheckResponse;
  std::atomic<bool> is_serving{false};
  register_rows_ = [&is_serving](Dispatch& dispatch) {
    RegisterHealth(dispatch, [&is_serving] { return is_serving.load(); });
  };
  Start(open_gate_);
  const std::string path = "/grpc.health.v1.Health/Check";
  EXPECT_EQ(client_->Call(path, "").As<HealthCheckResponse>().status(),
            HealthCheckResponse::NOT_SERVING);
  is_serving = true;
  HealthCheckRequest request;
  request.set_service("milvus.proto.milvus.MilvusService");
  EXPECT_EQ(client_->Call(path, request.SerializeAsString())
                .As<HealthCheckResponse>()
                .status(),
            HealthCheckResponse::SERVING);
  request.set_service("another");
  EXPECT_EQ(
      client_->Call(path, request.SerializeAsString()).status.error_code(),
      grpc::StatusCode::NOT_FOUND);
}

TEST_F(DispatchTest, ManyCallsAtOnceEachGetTheirOwnReply) {
  register_rows_ = [](Dispatch& dispatch) {
    dispatch
        .Register<proto::DescribeAliasRequest, proto::DescribeAliasResponse>(
            "DescribeAlias",
            [](CallContext&, const proto::DescribeAliasRequest& request,
               proto::DescribeAliasResponse* reply, base::Done done) {
              reply->set_alias(request.alias());
              done(absl::OkStatus());
            });
  };
  Start(open_gate_);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        proto::DescribeAliasRequest request;
        request.set_alias(std::to_string(t * 1000 + i));
        const auto reply =
            client_->Call(Path("DescribeAlias"), request.SerializeAsString())
                .As<proto::DescribeAliasResponse>();
        if (reply.alias() == request.alias()) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 400);
}

}  // namespace
}  // namespace elanus::access
