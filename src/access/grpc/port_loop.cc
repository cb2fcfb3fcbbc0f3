#include "access/grpc/port_loop.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace elanus::access {
namespace {

// Tags of epoll; connections are numbered from kFirstConnection.
constexpr std::uint64_t kListenerTag = 0;
constexpr std::uint64_t kWakeTag = 1;
constexpr std::uint64_t kFirstConnection = 2;

constexpr int kEventsMax = 64;
constexpr std::chrono::milliseconds kPause{50};
constexpr std::chrono::seconds kTlsLogInterval{10};

constexpr std::string_view kRestNotServed =
    "HTTP/1.1 501 Not Implemented\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 65\r\n"
    "Connection: close\r\n"
    "\r\n"
    R"({"code":10,"message":"service unimplemented: REST is not served"})";

// Sends a short reply and ends the connection. What the client has sent is
// read first: closing a socket with unread bytes would reset the connection
// and could take the reply away.
void SendAndEnd(int fd, std::string_view reply) {
  char unread[4096];
  while (recv(fd, unread, sizeof(unread), MSG_DONTWAIT) > 0) {
  }
  // A reply that does not fit into an empty send buffer is not worth waiting.
  if (send(fd, reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
    shutdown(fd, SHUT_WR);
  }
}

}  // namespace

Port::Loop::Loop(Port& port, Fd listener)
    : port_(port),
      listener_(std::move(listener)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      next_id_(kFirstConnection) {}

Port::Loop::~Loop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  CHECK(write(wake_.get(), &one, sizeof(one)) == sizeof(one));
  thread_.join();
}

absl::Status Port::Loop::Start() {
  if (!epoll_.is_open() || !wake_.is_open() ||
      !Watch(listener_.get(), EPOLLIN, kListenerTag) ||
      !Watch(wake_.get(), EPOLLIN, kWakeTag)) {
    return base::Error(base::ErrorCode::kServiceInternal, "epoll: {}",
                       std::strerror(errno));
  }
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

bool Port::Loop::Watch(int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Port::Loop::Run() {
  pthread_setname_np(pthread_self(), "port");
  epoll_event events[kEventsMax];
  while (true) {
    const int count = epoll_wait(epoll_.get(), events, kEventsMax, WaitMs());
    for (int i = 0; i < std::max(count, 0); ++i) {
      const std::uint64_t tag = events[i].data.u64;
      if (tag == kWakeTag) return;
      if (tag == kListenerTag) {
        AcceptAll();
      } else {
        Look(static_cast<ConnectionId>(tag));
      }
    }
    CloseLate();
    if (is_paused_ && Clock::now() >= resume_at_) ResumeAccepting();
  }
}

int Port::Loop::WaitMs() const {
  if (deadlines_.empty() && !is_paused_) return -1;
  Clock::time_point next = is_paused_ ? resume_at_ : deadlines_.front().at;
  if (!deadlines_.empty()) next = std::min(next, deadlines_.front().at);
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void Port::Loop::AcceptAll() {
  // Bounded, so that a flood of connections leaves time for those that are
  // there; epoll tells again of what is left.
  for (int i = 0; i < kEventsMax && AcceptOne(); ++i) {
  }
}

bool Port::Loop::AcceptOne() {
  Fd fd(
      accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.is_open()) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS &&
        errno != ENOMEM) {
      return true;  // the connection died while it waited
    }
    LOG_WARN("cannot accept a connection: {}", std::strerror(errno));
    PauseAccepting();
    return false;
  }
  if (port_.connections() >= port_.options_.connections_max) return true;
  Add(std::move(fd));
  return true;
}

void Port::Loop::Add(Fd fd) {
  SetNoDelay(fd.get());
  const auto id = static_cast<ConnectionId>(next_id_++);
  // Edge-triggered: peeked bytes stay in the socket and would wake us for ever.
  if (!Watch(fd.get(), EPOLLIN | EPOLLRDHUP | EPOLLET,
             static_cast<std::uint64_t>(id))) {
    return;
  }
  port_.open_->fetch_add(1, std::memory_order_relaxed);
  std::shared_ptr<void> slot(nullptr, [open = port_.open_](void*) {
    open->fetch_sub(1, std::memory_order_relaxed);
  });
  connections_.emplace(id, Connection{std::move(fd), std::move(slot)});
  deadlines_.push_back({Clock::now() + port_.options_.undecided_timeout, id});
  ++undecided_;
  // The bytes may have come before we watched.
  Look(id);
  while (undecided_ > port_.options_.undecided_max) CloseOldestUndecided();
}

void Port::Loop::CloseOldestUndecided() {
  while (!IsUndecided(deadlines_.front().id)) deadlines_.pop_front();
  Close(deadlines_.front().id);
  deadlines_.pop_front();
}

bool Port::Loop::IsUndecided(ConnectionId id) const {
  const auto found = connections_.find(id);
  return found != connections_.end() && found->second.is_undecided;
}

void Port::Loop::Look(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  if (!connection.is_undecided) {
    Close(id);  // gRPC has shut the socket down
    return;
  }
  char bytes[kClassifyBytesMax];
  const ssize_t count =
      recv(connection.fd.get(), bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (count <= 0) {
    Close(id);
    return;
  }
  switch (Classify({bytes, static_cast<std::size_t>(count)})) {
    case Protocol::kUndecided:
      break;
    case Protocol::kGrpc:
      HandToGrpc(id);
      break;
    case Protocol::kHttp1:
      HandToHttp(id);
      break;
    case Protocol::kTls:
      RefuseTls();
      Close(id);
      break;
    case Protocol::kUnknown:
      Close(id);
      break;
  }
}

void Port::Loop::HandToGrpc(ConnectionId id) {
  Connection& connection = connections_.at(id);
  Fd served(fcntl(connection.fd.get(), F_DUPFD_CLOEXEC, 0));
  epoll_event event{};  // no events asked for: the end is always told
  event.data.u64 = static_cast<std::uint64_t>(id);
  if (!served.is_open() || epoll_ctl(epoll_.get(), EPOLL_CTL_MOD,
                                     connection.fd.get(), &event) != 0) {
    Close(id);
    return;
  }
  connection.is_undecided = false;
  --undecided_;
  port_.grpc_.Adopt(served.Release());
}

void Port::Loop::HandToHttp(ConnectionId id) {
  Connection& connection = connections_.at(id);
  if (port_.http_ == nullptr) {
    SendAndEnd(connection.fd.get(), kRestNotServed);
    Close(id);
    return;
  }
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, connection.fd.get(), nullptr);
  const int fd = connection.fd.Release();
  std::shared_ptr<void> slot = std::move(connection.slot);
  Close(id);
  port_.http_->Adopt(fd, std::move(slot));
}

void Port::Loop::RefuseTls() {
  ++tls_refused_;
  const Clock::time_point now = Clock::now();
  if (tls_refused_ > 1 && now - tls_logged_at_ < kTlsLogInterval) return;
  tls_logged_at_ = now;
  LOG_WARN("port {} does not serve TLS: {} connection(s) refused so far",
           port_.port(), tls_refused_);
}

void Port::Loop::Close(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (found->second.is_undecided) --undecided_;
  connections_.erase(found);
}

void Port::Loop::CloseLate() {
  const Clock::time_point now = Clock::now();
  while (!deadlines_.empty()) {
    const auto [at, id] = deadlines_.front();
    const bool is_undecided = IsUndecided(id);
    if (is_undecided && at > now) return;
    if (is_undecided) Close(id);
    deadlines_.pop_front();
  }
}

void Port::Loop::PauseAccepting() {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
  is_paused_ = true;
  resume_at_ = Clock::now() + kPause;
}

void Port::Loop::ResumeAccepting() {
  is_paused_ = false;
  if (!Watch(listener_.get(), EPOLLIN, kListenerTag)) PauseAccepting();
}

}  // namespace elanus::access
