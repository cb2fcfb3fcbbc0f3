// The checked variants of the C library are macros and inline functions that
// would collide with the definitions below.
#undef _FORTIFY_SOURCE
#include "testing/syscall_faults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>

namespace elanus::testing {
namespace {

// Calls that still go well; below zero: the fault has struck.
std::atomic<int> left{0};
std::atomic<bool> armed{false};
std::atomic<bool> struck{false};
SyscallFaults::Plan plan;  // changes only while not armed

// True if this call shall misbehave.
bool Strikes(bool transfer) {
  if (!armed.load(std::memory_order_acquire)) return false;
  if (plan.kind == SyscallFaults::Kind::kTransfer && !transfer) return false;
  const int before = left.fetch_sub(1);
  if (before > 0) return false;
  if (before < 0 && plan.kind != SyscallFaults::Kind::kForGood) return false;
  struck = true;
  return true;
}

// The function of that name behind ours.
template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

int Fail() {
  errno = plan.error;
  return -1;
}

// `move(size)` transfers that many bytes.
template <typename Move>
ssize_t Transfer(std::size_t size, bool writes, Move move) {
  if (!Strikes(/*transfer=*/true)) return move(size);
  if (plan.kind == SyscallFaults::Kind::kTransfer) {
    return move(size > 1 ? size / 2 : size);
  }
  if (writes && size > 1) move(size / 2);
  return Fail();
}

// For the calls that move no bytes.
bool Strikes() { return Strikes(/*transfer=*/false); }

// Only calls that can make a file have a mode.
mode_t ModeOf(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

void SyscallFaults::Arm(const Plan& next) {
  plan = next;
  left = next.after;
  struck = false;
  armed.store(true, std::memory_order_release);
}

bool SyscallFaults::Disarm() {
  armed = false;
  return struck;
}

}  // namespace elanus::testing

using elanus::testing::Fail;
using elanus::testing::ModeOf;
using elanus::testing::Real;
using elanus::testing::Strikes;
using elanus::testing::Transfer;

#define ELANUS_REAL(name) \
  static const auto real = Real<decltype(&::name)>(#name)

extern "C" {

int open(const char* path, int flags, ...) {
  ELANUS_REAL(open);
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  if (Strikes()) return Fail();
  return real(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  ELANUS_REAL(openat);
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  if (Strikes()) return Fail();
  return real(folder, path, flags, mode);
}

ssize_t pread(int fd, void* bytes, size_t size, off_t offset) {
  ELANUS_REAL(pread);
  return Transfer(size, /*writes=*/false, [&](std::size_t part) {
    return real(fd, bytes, part, offset);
  });
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  ELANUS_REAL(pwrite);
  return Transfer(size, /*writes=*/true, [&](std::size_t part) {
    return real(fd, bytes, part, offset);
  });
}

ssize_t write(int fd, const void* bytes, size_t size) {
  ELANUS_REAL(write);
  return Transfer(size, /*writes=*/true,
                  [&](std::size_t part) { return real(fd, bytes, part); });
}

// Half of the bytes: from the first part that has any.
ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  ELANUS_REAL(pwritev);
  std::size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  return Transfer(size, /*writes=*/true, [&](std::size_t part) -> ssize_t {
    if (part == size) return real(fd, parts, count, offset);
    static const auto one = Real<decltype(&::pwrite)>("pwrite");
    while (parts->iov_len == 0) ++parts;
    return one(fd, parts->iov_base,
               part < parts->iov_len ? part : parts->iov_len, offset);
  });
}

int fsync(int) { return Strikes() ? Fail() : 0; }

int fdatasync(int) { return Strikes() ? Fail() : 0; }

int ftruncate(int fd, off_t size) noexcept {
  ELANUS_REAL(ftruncate);
  return Strikes() ? Fail() : real(fd, size);
}

int fstat(int fd, struct stat* info) noexcept {
  ELANUS_REAL(fstat);
  return Strikes() ? Fail() : real(fd, info);
}

int rename(const char* from, const char* to) noexcept {
  ELANUS_REAL(rename);
  return Strikes() ? Fail() : real(from, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to,
              unsigned flags) noexcept {
  ELANUS_REAL(renameat2);
  if (Strikes()) return Fail();
  return real(from_folder, from, to_folder, to, flags);
}

int link(const char* from, const char* to) noexcept {
  ELANUS_REAL(link);
  return Strikes() ? Fail() : real(from, to);
}

int unlink(const char* path) noexcept {
  ELANUS_REAL(unlink);
  return Strikes() ? Fail() : real(path);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  ELANUS_REAL(unlinkat);
  return Strikes() ? Fail() : real(folder, path, flags);
}

int mkdir(const char* path, mode_t mode) noexcept {
  ELANUS_REAL(mkdir);
  return Strikes() ? Fail() : real(path, mode);
}

int mkdirat(int folder, const char* path, mode_t mode) noexcept {
  ELANUS_REAL(mkdirat);
  return Strikes() ? Fail() : real(folder, path, mode);
}

int rmdir(const char* path) noexcept {
  ELANUS_REAL(rmdir);
  return Strikes() ? Fail() : real(path);
}

void* mmap(void* address, size_t size, int protection, int flags, int fd,
           off_t offset) noexcept {
  ELANUS_REAL(mmap);
  if (fd >= 0 && Strikes()) {
    Fail();
    return MAP_FAILED;
  }
  return real(address, size, protection, flags, fd, offset);
}

DIR* opendir(const char* path) {
  ELANUS_REAL(opendir);
  if (Strikes()) {
    Fail();
    return nullptr;
  }
  return real(path);
}

DIR* fdopendir(int fd) {
  ELANUS_REAL(fdopendir);
  if (Strikes()) {
    Fail();
    return nullptr;
  }
  return real(fd);
}

dirent* readdir(DIR* folder) {
  ELANUS_REAL(readdir);
  if (Strikes()) {
    Fail();
    return nullptr;
  }
  return real(folder);
}

}  // extern "C"
