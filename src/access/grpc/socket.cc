#include "access/grpc/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace elanus::access {
namespace {

constexpr int kBacklog = 1024;

absl::StatusOr<Fd> ListenAt(const addrinfo& address) {
  Fd fd(socket(address.ai_family,
               address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
               address.ai_protocol));
  if (!fd.is_open()) {
    return base::Error(base::ErrorCode::kServiceInternal, "socket: {}",
                       std::strerror(errno));
  }
  const int on = 1;
  // A restarted server need not wait for old connections to die.
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0) {
    return base::Error(base::ErrorCode::kServiceInternal, "bind: {}",
                       std::strerror(errno));
  }
  if (listen(fd.get(), kBacklog) != 0) {
    return base::Error(base::ErrorCode::kServiceInternal, "listen: {}",
                       std::strerror(errno));
  }
  return fd;
}

}  // namespace

void Fd::Reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

absl::StatusOr<Fd> Listen(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    return base::Error(base::ErrorCode::kParameterInvalid,
                       "cannot listen on '{}': {}", host, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(
      found, &freeaddrinfo);
  absl::StatusOr<Fd> fd = ListenAt(*addresses);
  if (fd.ok()) return fd;
  return base::Annotate(fd.status(), "cannot listen on {}:{}", host, port);
}

int LocalPort(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return 0;
  }
  // The port stands in the same place in both families.
  return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

void SetNoDelay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace elanus::access
