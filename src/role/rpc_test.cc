#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "proto/milvus/milvus.pb.h"
#include "role/rpc_bytes.h"
#include "role/rpc_channel.h"
#include "role/rpc_server.h"
#include "role/rpc_service.h"
#include "role/status_convert.h"

namespace elanus::role {
namespace {

using milvus::proto::milvus::StringResponse;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr char kEcho[] = "/test.Role/Echo";
constexpr char kFail[] = "/test.Role/Fail";
constexpr char kPark[] = "/test.Role/Park";
constexpr char kBrief[] = "/test.Role/Brief";

base::OpContext ContextWithDeadline(milliseconds left) {
  const base::Clock& clock = base::SystemClock();
  return base::OpContext(clock, clock.MonotonicNs() + left.count() * 1000000,
                         "request-1");
}

// Counts what it hands on.
class CountingExecutor final : public base::Executor {
 public:
  explicit CountingExecutor(base::Executor& to) : to_(to) {}
  void Submit(base::Task task) override {
    ++submitted;
    to_.Submit(std::move(task));
  }
  std::size_t width() const override { return to_.width(); }

  std::atomic<int> submitted{0};

 private:
  base::Executor& to_;
};

// A role with an asynchronous method for each case.
class TestRole {
 public:
  void Echo(const base::OpContext&, const StringResponse& request,
            StringResponse* reply, base::Done done) {
    reply->set_value(request.value());
    *reply->mutable_status() = ToProto(absl::OkStatus());
    done(absl::OkStatus());
  }

  void RequestId(const base::OpContext& ctx, const StringResponse&,
                 StringResponse* reply, base::Done done) {
    reply->set_value(ctx.request_id());
    done(absl::OkStatus());
  }

  void Fail(const base::OpContext&, const StringResponse&, StringResponse*,
            base::Done done) {
    done(error);
  }

  void Park(const base::OpContext& ctx, const StringResponse&, StringResponse*,
            base::Done done) {
    context = ctx;
    parked = std::move(done);
    has_parked.set_value();
  }

  absl::Status error;
  base::OpContext context;
  base::Done parked;
  std::promise<void> has_parked;
};

class RpcTest : public ::testing::Test {
 protected:
  void Start(RpcServerOptions options = {}) {
    options.address = "127.0.0.1:0";
    server_ = std::make_unique<RpcServer>(options, executor_);
    server_->Register(kBrief,
                      [this](std::unique_ptr<RpcCall> call) {
                        if (brief_) brief_(*call);
                        call->Finish(call->request());
                      },
                      {.is_brief = true});
    BindMethod(*server_, kEcho, role_, &TestRole::Echo);
    BindMethod(*server_, "/test.Role/RequestId", role_, &TestRole::RequestId);
    BindMethod(*server_, kFail, role_, &TestRole::Fail);
    BindMethod(*server_, kPark, role_, &TestRole::Park);
    server_->Register("/test.Role/Drop", [](std::unique_ptr<RpcCall>) {});
    server_->Refuse("/test.Role/Stream", "streams are not served");
    ASSERT_TRUE(server_->Start().ok());
    channel_ = client_.Connect(address());
  }

  std::string address() const {
    return "127.0.0.1:" + std::to_string(server_->port());
  }

  absl::Status Call(const std::string& path, const std::string& text,
                    std::string* answer = nullptr,
                    const base::OpContext& ctx = base::OpContext()) {
    StringResponse request;
    request.set_value(text);
    StringResponse reply;
    std::promise<absl::Status> outcome;
    channel_->Call(path, request, &reply, ctx, [&](absl::Status status) {
      outcome.set_value(std::move(status));
    });
    absl::Status status = outcome.get_future().get();
    if (answer != nullptr) *answer = reply.value();
    return status;
  }

  std::future<absl::Status> CallParked(const base::OpContext& ctx) {
    auto outcome = std::make_shared<std::promise<absl::Status>>();
    auto reply = std::make_shared<StringResponse>();
    channel_->Call(
        kPark, StringResponse(), reply.get(), ctx,
        [outcome, reply](absl::Status status) { outcome->set_value(status); });
    role_.has_parked.get_future().wait();
    return outcome->get_future();
  }

  // Until the server trusts that calls come one after another.
  void CallOneByOne() {
    for (int before = -1; before != executor_.submitted;) {
      before = executor_.submitted;
      ASSERT_TRUE(Call(kBrief, "x").ok());
    }
  }

  base::ThreadPool server_threads_{{.name = "server", .threads = 2}};
  CountingExecutor executor_{server_threads_};
  // What a brief call does before it is answered.
  std::function<void(const RpcCall&)> brief_;
  base::ThreadPool client_threads_{{.name = "client", .threads = 2}};
  TestRole role_;
  std::unique_ptr<RpcServer> server_;
  RpcClient client_{{}, client_threads_};
  std::unique_ptr<RpcChannel> channel_;
};

TEST_F(RpcTest, AMessageArrivesAndItsReplyComesBack) {
  Start();
  std::string answer;
  EXPECT_TRUE(Call(kEcho, "hello", &answer).ok());
  EXPECT_EQ(answer, "hello");
  const std::string large(5 << 20, 'x');
  EXPECT_TRUE(Call(kEcho, large, &answer).ok());
  EXPECT_TRUE(answer == large);
  EXPECT_TRUE(Call(kEcho, "", &answer).ok());
  EXPECT_EQ(answer, "");
}

TEST_F(RpcTest, TheRequestIdTravelsWithTheCall) {
  Start();
  std::string answer;
  EXPECT_TRUE(Call("/test.Role/RequestId", "", &answer,
                   ContextWithDeadline(milliseconds(60000)))
                  .ok());
  EXPECT_EQ(answer, "request-1");
  EXPECT_TRUE(Call("/test.Role/RequestId", "", &answer).ok());
  EXPECT_NE(answer, "");  // the server gives one to a call without
}

TEST_F(RpcTest, AnErrorCrossesTheWireUnchanged) {
  Start();
  const absl::Status errors[] = {
      base::InvalidInput(base::ErrorCode::kParameterInvalid, "dim {}", 0),
      base::Error(base::ErrorCode::kCollectionNotFound, "c\xC3\xB6llection"),
      base::MakeRetriable(base::ErrorCode::kLogInternal, "outcome unknown"),
      base::Error(base::ErrorCode::kCancelled, "stopped on purpose"),
      base::Error(base::ErrorCode::kIoFailed, "{}", std::string(10000, 'e')),
  };
  for (const absl::Status& error : errors) {
    role_.error = error;
    const absl::Status got = Call(kFail, "");
    EXPECT_EQ(base::CodeOf(got), base::CodeOf(error));
    EXPECT_EQ(base::FaultOf(got), base::FaultOf(error));
    EXPECT_EQ(base::IsRetriable(got), base::IsRetriable(error));
    EXPECT_EQ(base::MessageOf(got), base::MessageOf(error));
  }
}

TEST_F(RpcTest, AnErrorTooLongForMetadataIsCutNotLost) {
  Start();
  role_.error =
      base::Error(base::ErrorCode::kIoFailed, "{}", std::string(1 << 20, 'e'));
  const absl::Status got = Call(kFail, "");
  EXPECT_EQ(base::CodeOf(got), base::ErrorCode::kIoFailed);
  EXPECT_EQ(base::MessageOf(got).size(), 12u << 10);
}

TEST_F(RpcTest, AnUnknownMethodAndAStreamAreUnimplemented) {
  Start();
  const absl::Status unknown = Call("/test.Role/Nothing", "");
  EXPECT_EQ(base::CodeOf(unknown), base::ErrorCode::kUnimplemented);
  EXPECT_THAT(std::string(base::MessageOf(unknown)),
              HasSubstr("unknown method /test.Role/Nothing"));
  const absl::Status stream = Call("/test.Role/Stream", "");
  EXPECT_EQ(base::CodeOf(stream), base::ErrorCode::kUnimplemented);
  EXPECT_THAT(std::string(base::MessageOf(stream)),
              HasSubstr("streams are not served"));
}

TEST_F(RpcTest, ACallThatItsHandlerDropsFails) {
  Start();
  const absl::Status status = Call("/test.Role/Drop", "");
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kServiceInternal);
}

TEST_F(RpcTest, BytesThatAreNoRequestFail) {
  Start();
  milvus::proto::common::Blob bytes;  // field 1 as bytes, not as a message
  bytes.set_value("\xFF\xFF\xFF");
  StringResponse reply;
  std::promise<absl::Status> outcome;
  channel_->Call(kEcho, bytes, &reply, {}, [&](absl::Status status) {
    outcome.set_value(std::move(status));
  });
  const absl::Status status = outcome.get_future().get();
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kServiceInternal);
  EXPECT_THAT(std::string(base::MessageOf(status)),
              HasSubstr("milvus.proto.milvus.StringResponse"));
}

TEST_F(RpcTest, ACancelledContextEndsTheCallOnBothSides) {
  Start();
  const base::OpContext ctx = ContextWithDeadline(milliseconds(60000));
  std::future<absl::Status> outcome = CallParked(ctx);
  EXPECT_TRUE(role_.context.Check().ok());
  ctx.Cancel();
  EXPECT_EQ(base::CodeOf(outcome.get()), base::ErrorCode::kCancelled);
  while (!role_.context.is_cancelled()) std::this_thread::yield();
  role_.parked(absl::OkStatus());  // the answer that nobody waits for
  std::string answer;
  EXPECT_TRUE(Call(kEcho, "next", &answer).ok());
}

TEST_F(RpcTest, TheDeadlineCrossesTheWire) {
  Start();
  // Connects: a call that is too late for the server never parks.
  ASSERT_TRUE(Call(kEcho, "x").ok());
  std::future<absl::Status> outcome =
      CallParked(ContextWithDeadline(milliseconds(500)));
  // gRPC rounds the time that it sends up.
  EXPECT_LE(role_.context.RemainingNs(), 1000 * 1000000);
  EXPECT_EQ(base::CodeOf(outcome.get()), base::ErrorCode::kDeadlineExceeded);
  while (role_.context.Check().ok()) std::this_thread::yield();
  role_.parked(absl::OkStatus());
}

TEST_F(RpcTest, ANodeThatIsAwayIsUnavailableAndFoundAgain) {
  Start();
  const std::string where = address();
  server_->Stop(milliseconds(0));
  const absl::Status away = Call(kEcho, "x");
  EXPECT_EQ(base::CodeOf(away), base::ErrorCode::kServiceUnavailable);
  EXPECT_TRUE(base::IsRetriable(away));
  EXPECT_THAT(std::string(base::MessageOf(away)), HasSubstr(where));
  server_.reset();
  RpcServer again({.address = where}, server_threads_);
  BindMethod(again, kEcho, role_, &TestRole::Echo);
  ASSERT_TRUE(again.Start().ok());
  while (!Call(kEcho, "x").ok()) std::this_thread::yield();
}

TEST_F(RpcTest, AnOversizedRequestIsRefusedByItsSize) {
  Start({.request_bytes_max = 1 << 20});
  EXPECT_TRUE(Call(kEcho, std::string((1 << 20) - 100, 'x')).ok());
  const absl::Status status = Call(kEcho, std::string((1 << 20) + 1, 'x'));
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kParameterTooLarge);
  EXPECT_TRUE(Call(kEcho, "still served").ok());
}

TEST_F(RpcTest, AnOversizedReplyIsRefusedByItsSize) {
  Start({.reply_bytes_max = 1 << 20});
  const absl::Status status = Call(kEcho, std::string(2 << 20, 'x'));
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kParameterTooLarge);
  EXPECT_THAT(std::string(base::MessageOf(status)), HasSubstr("limit 1048576"));
}

TEST_F(RpcTest, ACallBeyondTheLimitIsRefusedAndMayBeTriedAgain) {
  Start({.calls_max = 1});
  std::future<absl::Status> parked = CallParked({});
  const absl::Status status = Call(kEcho, "x");
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kTooManyRequests);
  EXPECT_TRUE(base::IsRetriable(status));
  role_.parked(absl::OkStatus());
  EXPECT_TRUE(parked.get().ok());
  while (!Call(kEcho, "x").ok()) std::this_thread::yield();
}

TEST_F(RpcTest, RequestsBeyondTheSumOfBytesAreRefused) {
  Start({.requests_bytes_max = 1000});
  EXPECT_TRUE(Call(kEcho, std::string(900, 'x')).ok());
  const absl::Status status = Call(kEcho, std::string(1100, 'x'));
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kTooManyRequests);
  // The refused request counts until gRPC has sent the refusal.
  while (!Call(kEcho, std::string(900, 'x')).ok()) std::this_thread::yield();
}

TEST_F(RpcTest, ManyThreadsCallAtOnceAndEachGetsItsOwnAnswer) {
  Start();
  constexpr int kThreads = 8;
  constexpr int kCalls = 200;
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        const std::string text = std::to_string(t * 1000 + i);
        StringResponse request;
        request.set_value(text);
        StringResponse reply;
        std::promise<absl::Status> outcome;
        channel_->Call(kEcho, request, &reply, {},
                       [&](absl::Status status) { outcome.set_value(status); });
        if (outcome.get_future().get().ok() && reply.value() == text) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, kThreads * kCalls);
}

TEST_F(RpcTest, BriefCallsThatComeOneAfterAnotherAreMostlyNotHandedOver) {
  Start();
  constexpr int kCalls = 1000;
  for (int i = 0; i < kCalls; ++i) ASSERT_TRUE(Call(kBrief, "x").ok());
  EXPECT_GT(executor_.submitted, kCalls / 100);  // looked whether they do
  EXPECT_LT(executor_.submitted, kCalls / 2);
  executor_.submitted = 0;
  for (int i = 0; i < kCalls; ++i) ASSERT_TRUE(Call(kEcho, "x").ok());
  EXPECT_EQ(executor_.submitted, kCalls);
}

TEST_F(RpcTest, ABriefCallBesideAnotherIsHandedOver) {
  Start();
  CallOneByOne();
  std::future<absl::Status> parked = CallParked({});
  executor_.submitted = 0;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Call(kBrief, "x").ok());
  EXPECT_EQ(executor_.submitted, 100);
  role_.parked(absl::OkStatus());
  EXPECT_TRUE(parked.get().ok());
}

TEST_F(RpcTest, ALargeBriefCallIsHandedOver) {
  Start();
  CallOneByOne();
  executor_.submitted = 0;
  ASSERT_TRUE(Call(kBrief, std::string(1 << 20, 'x')).ok());
  EXPECT_EQ(executor_.submitted, 1);
}

TEST_F(RpcTest, ABriefCallThatTakesLongHoldsNobodyUp) {
  Start();
  CallOneByOne();
  brief_ = [this](const RpcCall&) {
    executor_.submitted = 0;
    std::string answer;
    EXPECT_TRUE(Call(kEcho, "beside", &answer).ok());
    EXPECT_EQ(answer, "beside");
    EXPECT_EQ(executor_.submitted, 1);
  };
  std::string answer;
  EXPECT_TRUE(Call(kBrief, "long", &answer).ok());
}

TEST_F(RpcTest, ABriefCallThatTakesLongHearsThatItIsCancelled) {
  Start();
  // Again where the call was handed over, since the thread that ran the one
  // before was not back yet.
  do {
    CallOneByOne();
    const base::OpContext ctx = ContextWithDeadline(milliseconds(60000));
    std::promise<void> runs;
    std::promise<void> over;
    executor_.submitted = 0;
    brief_ = [&](const RpcCall& call) {
      runs.set_value();
      while (!call.context().is_cancelled()) std::this_thread::yield();
      over.set_value();
    };
    std::thread caller(
        [&] { EXPECT_FALSE(Call(kBrief, "x", nullptr, ctx).ok()); });
    runs.get_future().wait();
    ctx.Cancel();
    caller.join();
    over.get_future().wait();
    brief_ = nullptr;
  } while (executor_.submitted != 0);
}

TEST_F(RpcTest, StopCancelsABriefCallThatTakesLong) {
  Start();
  CallOneByOne();
  std::promise<void> runs_here;
  brief_ = [&](const RpcCall& call) {
    runs_here.set_value();
    while (!call.context().is_cancelled()) std::this_thread::yield();
  };
  std::thread caller([&] { EXPECT_FALSE(Call(kBrief, "x").ok()); });
  runs_here.get_future().wait();
  server_->Stop(milliseconds(10));
  caller.join();
}

TEST_F(RpcTest, StopLetsACallInFlightFinish) {
  Start();
  std::future<absl::Status> outcome = CallParked({});
  std::thread stopper([this] { server_->Stop(milliseconds(20000)); });
  // New calls are refused while the old one is let finish.
  while (Call(kEcho, "x").ok()) std::this_thread::yield();
  role_.parked(absl::OkStatus());
  EXPECT_TRUE(outcome.get().ok());
  stopper.join();
}

TEST_F(RpcTest, StopCancelsACallThatDoesNotFinishAndItsLateAnswerIsDropped) {
  Start();
  std::future<absl::Status> outcome = CallParked({});
  server_->Stop(milliseconds(10));
  EXPECT_FALSE(outcome.get().ok());
  EXPECT_TRUE(role_.context.is_cancelled());
  server_.reset();
  role_.parked(absl::OkStatus());
}

TEST_F(RpcTest, AStoppedClientTellsEveryCallItsEnd) {
  Start();
  std::future<absl::Status> outcome = CallParked({});
  client_.Stop();
  EXPECT_EQ(base::CodeOf(outcome.get()), base::ErrorCode::kCancelled);
  const absl::Status late = Call(kEcho, "x");
  EXPECT_EQ(base::CodeOf(late), base::ErrorCode::kServiceUnavailable);
  role_.parked(absl::OkStatus());
}

TEST_F(RpcTest, AnExecutorThatHasStoppedFailsTheCallInsteadOfHangingIt) {
  Start();
  server_threads_.Stop();
  const absl::Status status = Call(kEcho, "x");
  EXPECT_FALSE(status.ok());
}

TEST_F(RpcTest, TwoServersCannotShareAPort) {
  Start();
  RpcServer second({.address = address()}, server_threads_);
  EXPECT_FALSE(second.Start().ok());
}

TEST_F(RpcTest, ACallWithoutAMessageIsRefused) {
  Start();
  auto channel =
      grpc::CreateChannel(address(), grpc::InsecureChannelCredentials());
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  auto stream = stub.PrepareCall(&context, kEcho, &queue);
  int tag = 0;
  void* got = nullptr;
  bool ok = false;
  stream->StartCall(&tag);
  queue.Next(&got, &ok);
  stream->WritesDone(&tag);
  queue.Next(&got, &ok);
  grpc::Status status;
  stream->Finish(&status, &tag);
  queue.Next(&got, &ok);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace elanus::role
