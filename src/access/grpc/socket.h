// The few calls of the socket interface that the port needs, with our errors.
//
// Threads: any.
#pragma once

#include <string>
#include <utility>

#include "base/status.h"

namespace elanus::access {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { Reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset();

 private:
  int fd_ = -1;
};

// A listening socket that does not block. host: a name or an address.
absl::StatusOr<Fd> Listen(const std::string& host, int port);

// The port that a socket is bound to.
int LocalPort(int fd);

// Sends small replies at once instead of gathering them.
void SetNoDelay(int fd);

}  // namespace elanus::access
