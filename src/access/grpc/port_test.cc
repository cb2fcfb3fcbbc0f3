#include "access/grpc/port.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "access/grpc/dispatch.h"
#include "access/grpc/socket.h"
#include "access/grpc/test_client.h"
#include "proto/milvus/milvus.pb.h"

namespace elanus::access {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kVersionPath =
    std::string(kMilvusServicePrefix) + "GetVersion";
// Connection preface of HTTP/2 and an empty SETTINGS frame.
const std::string kHttp2Start(
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    "\0\0\0\4\0\0\0\0\0",
    24 + 9);

// A client that works byte by byte.
class RawClient {
 public:
  explicit RawClient(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = connect(fd_.get(), reinterpret_cast<sockaddr*>(&address),
                            sizeof(address)) == 0;
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    SetNoDelay(fd_.get());
  }

  bool is_connected() const { return is_connected_; }

  void Send(const std::string& bytes) {
    send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void SendByteByByte(const std::string& bytes) {
    for (const char byte : bytes) {
      Send(std::string(1, byte));
      std::this_thread::sleep_for(milliseconds(1));
    }
  }

  // Up to `size` bytes, or what came until the other side ended.
  std::string Receive(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const ssize_t got = recv(fd_.get(), &bytes[have], size - have, 0);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
  }

  // True when the other side has closed without sending anything.
  bool IsEnded() {
    char byte = 0;
    const ssize_t got = recv(fd_.get(), &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }

  void Close() { fd_.Reset(); }

 private:
  Fd fd_;
  bool is_connected_ = false;
};

class PortTest : public ::testing::Test {
 protected:
  void Start(PortOptions options = {}, HttpConnectionHandler* http = nullptr) {
    server_ = std::make_unique<role::RpcServer>(
        role::RpcServerOptions{.adopts_connections = true}, threads_);
    dispatch_.Install(*server_);
    ASSERT_TRUE(server_->Start().ok());
    port_ = std::make_unique<Port>(options, *server_, http);
    ASSERT_TRUE(port_->Start().ok());
  }

  bool IsServed(TestClient& client) {
    return client.Call(kVersionPath, "")
               .As<milvus::proto::milvus::GetVersionResponse>()
               .status()
               .code() == 10;
  }
  bool IsServed() {
    TestClient client(port_->port());
    return IsServed(client);
  }

  void WaitForConnections(std::size_t count) {
    for (int i = 0; i < 4000 && port_->connections() != count; ++i) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    EXPECT_EQ(port_->connections(), count);
  }

  base::ThreadPool threads_{{.name = "server", .threads = 2}};
  OpenGate gate_;
  Dispatch dispatch_{gate_};
  std::unique_ptr<role::RpcServer> server_;
  std::unique_ptr<Port> port_;
};

TEST_F(PortTest, GrpcIsServed) {
  Start();
  EXPECT_TRUE(IsServed());
}

TEST_F(PortTest, AGrpcClientThatSendsByteByByteIsServed) {
  Start();
  RawClient client(port_->port());
  client.SendByteByByte(kHttp2Start);
  const std::string answer = client.Receive(9);
  ASSERT_EQ(answer.size(), 9u);
  EXPECT_EQ(answer[3], 4);  // a SETTINGS frame
}

TEST_F(PortTest, AnHttpClientIsToldThatRestIsNotServed) {
  Start();
  const std::string request =
      "GET /v2/vectordb/collections/list HTTP/1.1\r\nHost: x\r\n\r\n";
  RawClient at_once(port_->port());
  at_once.Send(request);
  const std::string answer = at_once.Receive(4096);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 501 Not Implemented\r\n"));
  const std::size_t body = answer.find("\r\n\r\n") + 4;
  EXPECT_THAT(answer, HasSubstr("Content-Length: " +
                                std::to_string(answer.size() - body)));
  RawClient slowly(port_->port());
  slowly.SendByteByByte("GET ");
  EXPECT_THAT(slowly.Receive(4096), HasSubstr("REST is not served"));
  WaitForConnections(0);
}

// Keeps what it is given.
class TestHttp final : public HttpConnectionHandler {
 public:
  void Adopt(int fd, std::shared_ptr<void> slot) override {
    const std::lock_guard lock(mutex);
    adopted.emplace_back(Fd(fd), std::move(slot));
  }
  std::mutex mutex;
  std::vector<std::pair<Fd, std::shared_ptr<void>>> adopted;
};

TEST_F(PortTest, AnHttpConnectionIsHandedOverUnread) {
  TestHttp http;
  Start({}, &http);
  RawClient client(port_->port());
  client.Send("POST /v2 HTTP/1.1\r\n");
  WaitForConnections(1);
  std::string bytes(64, '\0');
  while (true) {
    const std::lock_guard lock(http.mutex);
    if (!http.adopted.empty()) break;
  }
  const int fd = http.adopted[0].first.get();
  bytes.resize(static_cast<std::size_t>(recv(fd, bytes.data(), 64, 0)));
  EXPECT_EQ(bytes, "POST /v2 HTTP/1.1\r\n");
  EXPECT_EQ(port_->connections(), 1u);
  http.adopted.clear();
  EXPECT_EQ(port_->connections(), 0u);
  EXPECT_TRUE(client.IsEnded());
}

TEST_F(PortTest, TlsGarbageAndHalfAPrefaceAreClosed) {
  Start();
  const std::string beginnings[] = {
      std::string("\x16\x03\x01\x02\x00\x01\x00", 7), "SSH-2.0-x\r\n",
      std::string(64, '\0'), "PRI * HTTP/1.1\r\n", "GARBAGE / HTTP/1.1\r\n"};
  for (const std::string& beginning : beginnings) {
    RawClient client(port_->port());
    client.SendByteByByte(beginning);
    EXPECT_TRUE(client.IsEnded()) << beginning;
  }
  {
    RawClient client(port_->port());
    client.Send("PRI * H");
    client.Close();
  }
  WaitForConnections(0);
  EXPECT_TRUE(IsServed());
}

TEST_F(PortTest, ConnectionsThatSayNothingAreClosedAndHoldNobodyUp) {
  Start({.undecided_timeout = milliseconds(300)});
  std::vector<RawClient> silent;
  for (int i = 0; i < 50; ++i) silent.emplace_back(port_->port());
  RawClient half(port_->port());
  half.Send("PRI * ");
  EXPECT_TRUE(IsServed());
  for (RawClient& client : silent) EXPECT_TRUE(client.IsEnded());
  EXPECT_TRUE(half.IsEnded());
}

TEST_F(PortTest, OfTooManySilentConnectionsTheOldestGoFirst) {
  Start({.undecided_max = 10, .undecided_timeout = milliseconds(60000)});
  TestClient served(port_->port());
  EXPECT_TRUE(IsServed(served));
  std::vector<RawClient> silent;
  for (int i = 0; i < 30; ++i) silent.emplace_back(port_->port());
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(silent[static_cast<std::size_t>(i)].IsEnded()) << i;
  }
  WaitForConnections(11);
  EXPECT_TRUE(IsServed(served));
}

TEST_F(PortTest, TwoHundredConnectionsAreServedAndCountedUntilTheyEnd) {
  Start();
  {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 200; ++i) {
      clients.push_back(std::make_unique<TestClient>(port_->port()));
      EXPECT_TRUE(IsServed(*clients.back()));
    }
    EXPECT_EQ(port_->connections(), 200u);
    for (const auto& client : clients) EXPECT_TRUE(IsServed(*client));
  }
  WaitForConnections(0);
  EXPECT_TRUE(IsServed());
}

TEST_F(PortTest, BeyondTheLimitAConnectionIsClosedAtOnce) {
  Start({.connections_max = 2});
  auto first = std::make_unique<TestClient>(port_->port());
  TestClient second(port_->port());
  EXPECT_TRUE(IsServed(*first));
  EXPECT_TRUE(IsServed(second));
  RawClient third(port_->port());
  EXPECT_TRUE(third.IsEnded());
  EXPECT_TRUE(IsServed(second));
  first.reset();
  WaitForConnections(1);
  EXPECT_TRUE(IsServed());
}

TEST_F(PortTest, AStoppedPortTakesNoConnectionAndKeepsThoseItHas) {
  Start();
  TestClient client(port_->port());
  EXPECT_TRUE(IsServed(client));
  const int port = port_->port();
  port_->Stop();
  EXPECT_FALSE(RawClient(port).is_connected());
  EXPECT_TRUE(IsServed(client));
}

TEST_F(PortTest, AStoppedServerClosesWhatThePortHandsOver) {
  Start();
  server_->Stop(milliseconds(0));
  RawClient client(port_->port());
  client.Send(kHttp2Start);
  EXPECT_TRUE(client.IsEnded());
  WaitForConnections(0);
}

TEST_F(PortTest, AnAddressInUseIsNamed) {
  Start();
  Port second({.port = port_->port()}, *server_);
  const absl::Status status = second.Start();
  EXPECT_THAT(std::string(base::MessageOf(status)),
              HasSubstr("127.0.0.1:" + std::to_string(port_->port())));
}

}  // namespace
}  // namespace elanus::access
