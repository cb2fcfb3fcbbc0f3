// A library to preload (LD_PRELOAD) that writes down what a process does to the
// files below a folder, so that test/chaos/power_cut.py can tell what a power
// cut would have left of them.
//
//   POWER_CUT_FOLDER   the folder, as realpath prints it
//   POWER_CUT_JOURNAL  the file to append to, elsewhere
//
// The model of durability, which power_cut.py carries out and which promises no
// more than POSIX does:
//
// - A change of a file's bytes or length lasts from the moment an fsync or
//   fdatasync of the file has returned that began after it.
// - A change of a folder's entries (create, mkdir, link, rename, unlink, rmdir)
//   lasts from the moment an fsync of that folder has returned that began after
//   it. A sync of a file does not make its name last, that of a folder not the
//   bytes of its files, that of one folder not the other side of a rename.
// - sync_file_range makes nothing last: it is a hint, see its manual page.
// - Everything else lasts or not, as chance has it: a write in units of 512
//   bytes, a change of a folder whole.
//
// Nothing is synced in truth: a call waits a millisecond and says yes. What the
// folder should hold after the cut is computed from a copy of the start and the
// journal, never from the folder itself; so a call that was made and not yet
// written down when the process was killed counts as never made.
//
// One lock is held over the call and its record, so the journal has the order
// in which things happened. Files are told by inode, and a descriptor is looked
// up anew in each call: no table of descriptors can go stale. Writes through a
// mapping and other calls that the model lacks are written down as such, and
// power_cut.py then refuses to judge. What goes around this library (stdio,
// sendfile) it notices by the file's length at the next sync, and by a
// comparison of the journal with the folder.
//
// Threads: any. Errors: a journal that cannot be written ends the process.

// The checked variants of the C library would collide with the definitions.
#undef _FORTIFY_SOURCE
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace elanus::chaos {
namespace {

constexpr useconds_t kSyncMicroseconds = 1000;

// Letters, so that a journal can be looked at. power_cut.py has the same.
enum class Kind : std::uint32_t {
  kWrite = 'W',      // object, at, data
  kTruncate = 'T',   // object, at: the new length
  kGrow = 'G',       // object, at: the least length
  kZero = 'Z',       // object, at, size
  kCreate = 'C',     // object: folder, other: the file, name; size 1: a folder
  kLink = 'L',       // object: folder, other: the file, name
  kRename = 'R',     // object: folder, name, other: folder, data: new name
  kUnlink = 'U',     // object: folder, name
  kSync = 'B',       // object, at: number of this sync, size: of the file
  kSynced = 'E',     // at: number of the sync that has returned
  kUnmodelled = 'V'  // name: the call
};

// In front of name and data, as the machine stores it.
struct Record {
  Kind kind;
  std::uint32_t name_size = 0;
  std::uint64_t object = 0;  // inode
  std::uint64_t other = 0;   // inode
  std::uint64_t at = 0;
  std::uint64_t size = 0;
  std::uint64_t data_size = 0;
};

// The calls themselves, past every library.
template <typename... Arguments>
long Call(long number, Arguments... arguments) {
  return ::syscall(number, arguments...);
}

// Keeps errno as the call left it.
class KeepErrno {
 public:
  KeepErrno() = default;
  ~KeepErrno() { errno = error_; }
  KeepErrno(const KeepErrno&) = delete;
  KeepErrno& operator=(const KeepErrno&) = delete;

 private:
  const int error_ = errno;
};

class Journal {
 public:
  // Before that all calls pass through: memory cannot be had at any time, as
  // the allocator's own start makes calls.
  static void Start() {
    if (::getenv("POWER_CUT_FOLDER") != nullptr) instance_ = new Journal;
  }
  static bool IsOn() { return instance_ != nullptr; }
  static Journal& Get() { return *instance_; }

  std::mutex& mutex() { return mutex_; }
  std::uint64_t NextSync() { return ++syncs_; }

  // The inode, if the descriptor is a file or folder that is watched.
  std::optional<std::uint64_t> Watched(int fd) const {
    struct stat info;
    if (fd < 0 || ::fstat(fd, &info) != 0) return std::nullopt;
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return std::nullopt;
    char name[64];
    ::snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    char target[4096];
    const ssize_t size = ::readlink(name, target, sizeof(target));
    if (size < 0) return std::nullopt;
    const std::string_view path(target, static_cast<std::size_t>(size));
    const bool below =
        path.starts_with(folder_) &&
        (path.size() == folder_.size() || path[folder_.size()] == '/');
    if (!below) return std::nullopt;
    return info.st_ino;
  }

  // With the mutex held.
  void Append(Record record, std::string_view name, const iovec* data = nullptr,
              std::size_t data_size = 0) {
    record.name_size = static_cast<std::uint32_t>(name.size());
    record.data_size = data_size;
    buffer_.assign(reinterpret_cast<const char*>(&record), sizeof(record));
    buffer_.append(name);
    for (; data_size > 0; ++data) {
      const std::size_t part = std::min(data_size, data->iov_len);
      buffer_.append(static_cast<const char*>(data->iov_base), part);
      data_size -= part;
    }
    for (std::string_view rest = buffer_; !rest.empty();) {
      const long written = Call(SYS_write, fd_, rest.data(), rest.size());
      if (written <= 0) ::abort();
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  Journal() {
    const char* const folder = ::getenv("POWER_CUT_FOLDER");
    const char* const path = ::getenv("POWER_CUT_JOURNAL");
    if (path == nullptr) ::abort();
    folder_ = folder;
    fd_ =
        static_cast<int>(Call(SYS_openat, AT_FDCWD, path,
                              O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    if (fd_ < 0) ::abort();
  }

  static inline Journal* instance_ = nullptr;  // outlives every thread

  std::string folder_;
  int fd_ = -1;
  std::mutex mutex_;
  std::string buffer_;
  std::uint64_t syncs_ = 0;
};

// A folder and the name of an entry in it.
class Place {
 public:
  Place(int folder, const char* path) {
    const KeepErrno keep;
    const std::string_view whole(path);
    std::size_t end = whole.find_last_not_of('/');
    end = end == std::string_view::npos ? 0 : end + 1;
    const std::size_t slash = whole.substr(0, end).find_last_of('/');
    std::string parent(".");
    if (slash != std::string_view::npos) {
      parent = slash == 0 ? "/" : std::string(whole.substr(0, slash));
      name_ = whole.substr(slash + 1, end - slash - 1);
    } else {
      name_ = whole.substr(0, end);
    }
    fd_ = static_cast<int>(Call(SYS_openat, folder, parent.c_str(),
                                O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
    if (fd_ >= 0) folder_ = Journal::Get().Watched(fd_);
  }
  ~Place() {
    const KeepErrno keep;
    if (fd_ >= 0) ::close(fd_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  // Of the folder, if it is watched.
  const std::optional<std::uint64_t>& folder() const { return folder_; }
  const std::string& name() const { return name_; }

  // The inode of the entry, if there is one.
  std::optional<std::uint64_t> Find() const {
    const KeepErrno keep;
    struct stat info;
    if (::fstatat(fd_, name_.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return std::nullopt;
    }
    return info.st_ino;
  }

 private:
  int fd_ = -1;
  std::optional<std::uint64_t> folder_;
  std::string name_;
};

void Unmodelled(std::string_view call) {
  Journal::Get().Append({.kind = Kind::kUnmodelled}, call);
}

// `open()` opens, or fails with less than zero; `fd_of` gives the descriptor.
template <typename Result, typename Open, typename FdOf>
Result OpenFile(const Place& place, bool truncates, Open open, FdOf fd_of) {
  Journal& journal = Journal::Get();
  const bool existed = place.Find().has_value();
  const Result result = open();
  const KeepErrno keep;
  const auto file = journal.Watched(fd_of(result));
  if (!file) return result;
  if (!place.folder()) {
    Unmodelled("open through a link");
  } else if (!existed) {
    journal.Append(
        {.kind = Kind::kCreate, .object = *place.folder(), .other = *file},
        place.name());
  } else if (truncates) {
    journal.Append({.kind = Kind::kTruncate, .object = *file}, "");
  }
  return result;
}

int OpenAt(int folder, const char* path, int flags, mode_t mode) {
  const auto open = [&] {
    return static_cast<int>(Call(SYS_openat, folder, path, flags, mode));
  };
  const bool unnamed = (flags & O_TMPFILE) == O_TMPFILE;
  if (!Journal::IsOn() || (!unnamed && (flags & (O_CREAT | O_TRUNC)) == 0)) {
    return open();
  }
  const std::lock_guard lock(Journal::Get().mutex());
  if (unnamed) {
    if (Place(folder, path).folder()) Unmodelled("O_TMPFILE");
    return open();
  }
  const Place place(folder, path);
  return OpenFile<int>(place, (flags & O_TRUNC) != 0, open,
                       [](int fd) { return fd; });
}

using OpenStream = FILE* (*)(const char*, const char*);

FILE* OpenByName(const char* name, const char* path, const char* mode) {
  const auto real = reinterpret_cast<OpenStream>(::dlsym(RTLD_NEXT, name));
  if (!Journal::IsOn() || std::strchr("wa", mode[0]) == nullptr) {
    return real(path, mode);
  }
  const std::lock_guard lock(Journal::Get().mutex());
  const Place place(AT_FDCWD, path);
  return OpenFile<FILE*>(
      place, mode[0] == 'w', [&] { return real(path, mode); },
      [](FILE* file) { return file == nullptr ? -1 : ::fileno(file); });
}

// `write()` writes parts, `at` tells where after it returned.
template <typename Write, typename At>
ssize_t WriteParts(int fd, const iovec* parts, Write write, At at) {
  if (!Journal::IsOn()) return write();
  Journal& journal = Journal::Get();
  const auto file = journal.Watched(fd);
  if (!file) return write();
  const std::lock_guard lock(journal.mutex());
  const ssize_t written = write();
  if (written <= 0) return written;
  const KeepErrno keep;
  journal.Append({.kind = Kind::kWrite,
                  .object = *file,
                  .at = static_cast<std::uint64_t>(at(written))},
                 "", parts, static_cast<std::size_t>(written));
  return written;
}

// Where a write began that has moved the file's position.
auto Before(int fd) {
  return [fd](ssize_t written) { return ::lseek(fd, 0, SEEK_CUR) - written; };
}

// Makes `call()`, which changes the file, and then notes `record`.
template <typename Change>
int ChangeFile(int fd, Change call, Record record) {
  if (!Journal::IsOn()) return call();
  Journal& journal = Journal::Get();
  const auto file = journal.Watched(fd);
  if (!file) return call();
  const std::lock_guard lock(journal.mutex());
  const int result = call();
  const KeepErrno keep;
  record.object = *file;
  if (result == 0) journal.Append(record, "");
  return result;
}

int Truncate(int fd, off_t size) {
  return ChangeFile(
      fd, [&] { return static_cast<int>(Call(SYS_ftruncate, fd, size)); },
      {.kind = Kind::kTruncate, .at = static_cast<std::uint64_t>(size)});
}

int Allocate(int fd, int mode, off_t at, off_t size) {
  const auto call = [&] {
    return static_cast<int>(Call(SYS_fallocate, fd, mode, at, size));
  };
  const auto begin = static_cast<std::uint64_t>(at);
  const auto length = static_cast<std::uint64_t>(size);
  constexpr int kHole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  if (mode == 0) {
    return ChangeFile(fd, call, {.kind = Kind::kGrow, .at = begin + length});
  }
  if (mode == FALLOC_FL_KEEP_SIZE) return call();
  if (mode == kHole || mode == (FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE)) {
    return ChangeFile(fd, call,
                      {.kind = Kind::kZero, .at = begin, .size = length});
  }
  return ChangeFile(fd, call, {.kind = Kind::kUnmodelled});
}

int Sync(int fd, long number) {
  const auto call = [&] { return static_cast<int>(Call(number, fd)); };
  if (!Journal::IsOn()) return call();
  Journal& journal = Journal::Get();
  const auto object = journal.Watched(fd);
  if (!object) return call();
  Record begun{.kind = Kind::kSync, .object = *object};
  {
    const std::lock_guard lock(journal.mutex());
    struct stat info;
    if (::fstat(fd, &info) != 0) return -1;
    begun.at = journal.NextSync();
    begun.size = static_cast<std::uint64_t>(info.st_size);
    journal.Append(begun, "");
  }
  ::usleep(kSyncMicroseconds);
  const std::lock_guard lock(journal.mutex());
  journal.Append({.kind = Kind::kSynced, .at = begun.at}, "");
  return 0;
}

int RenameAt(int from_folder, const char* from, int to_folder, const char* to,
             unsigned flags) {
  const auto call = [&] {
    return static_cast<int>(
        Call(SYS_renameat2, from_folder, from, to_folder, to, flags));
  };
  if (!Journal::IsOn()) return call();
  Journal& journal = Journal::Get();
  const std::lock_guard lock(journal.mutex());
  const Place source(from_folder, from);
  const Place target(to_folder, to);
  const bool is_same = source.Find() == target.Find();
  const int result = call();
  const KeepErrno keep;
  if (result != 0 || (!source.folder() && !target.folder()) || is_same) {
    return result;
  }
  if (!source.folder() || !target.folder() || (flags & RENAME_EXCHANGE) != 0) {
    Unmodelled("rename across the border or as an exchange");
    return result;
  }
  const iovec name{const_cast<char*>(target.name().data()),
                   target.name().size()};
  journal.Append({.kind = Kind::kRename,
                  .object = *source.folder(),
                  .other = *target.folder()},
                 source.name(), &name, name.iov_len);
  return result;
}

int LinkAt(int from_folder, const char* from, int to_folder, const char* to,
           int flags) {
  const auto call = [&] {
    return static_cast<int>(
        Call(SYS_linkat, from_folder, from, to_folder, to, flags));
  };
  if (!Journal::IsOn()) return call();
  Journal& journal = Journal::Get();
  const std::lock_guard lock(journal.mutex());
  const Place target(to_folder, to);
  const int result = call();
  const KeepErrno keep;
  const auto file = target.Find();
  if (result == 0 && target.folder() && file) {
    journal.Append(
        {.kind = Kind::kLink, .object = *target.folder(), .other = *file},
        target.name());
  }
  return result;
}

int UnlinkAt(int folder, const char* path, int flags) {
  const auto call = [&] {
    return static_cast<int>(Call(SYS_unlinkat, folder, path, flags));
  };
  if (!Journal::IsOn()) return call();
  Journal& journal = Journal::Get();
  const std::lock_guard lock(journal.mutex());
  const Place place(folder, path);
  const int result = call();
  const KeepErrno keep;
  if (result == 0 && place.folder()) {
    journal.Append({.kind = Kind::kUnlink, .object = *place.folder()},
                   place.name());
  }
  return result;
}

int MakeFolderAt(int folder, const char* path, mode_t mode) {
  const auto call = [&] {
    return static_cast<int>(Call(SYS_mkdirat, folder, path, mode));
  };
  if (!Journal::IsOn()) return call();
  Journal& journal = Journal::Get();
  const std::lock_guard lock(journal.mutex());
  const Place place(folder, path);
  const int result = call();
  const KeepErrno keep;
  const auto made = place.Find();
  if (result == 0 && place.folder() && made) {
    journal.Append({.kind = Kind::kCreate,
                    .object = *place.folder(),
                    .other = *made,
                    .size = 1},
                   place.name());
  }
  return result;
}

int MakeSymlinkAt(const char* target, int folder, const char* path) {
  if (Journal::IsOn() && Place(folder, path).folder()) {
    const std::lock_guard lock(Journal::Get().mutex());
    Unmodelled("symlink");
  }
  return static_cast<int>(Call(SYS_symlinkat, target, folder, path));
}

void* Map(void* address, size_t size, int protection, int flags, int fd,
          off_t offset) {
  if ((protection & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0 &&
      Journal::IsOn() && Journal::Get().Watched(fd)) {
    const std::lock_guard lock(Journal::Get().mutex());
    Unmodelled("a shared mapping for writing");
  }
  return reinterpret_cast<void*>(
      Call(SYS_mmap, address, size, protection, flags, fd, offset));
}

[[gnu::constructor]] void Start() { Journal::Start(); }

// Only calls that can make a file have a mode.
mode_t ModeOf(int flags, va_list arguments) {
  const bool has_mode =
      (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has_mode ? va_arg(arguments, mode_t) : 0;
}

}  // namespace
}  // namespace elanus::chaos

using namespace elanus::chaos;  // NOLINT: the functions below are C

#define OPEN(name)                                \
  int name(const char* path, int flags, ...) {    \
    va_list arguments;                            \
    va_start(arguments, flags);                   \
    const mode_t mode = ModeOf(flags, arguments); \
    va_end(arguments);                            \
    return OpenAt(AT_FDCWD, path, flags, mode);   \
  }
#define OPEN_AT(name)                                      \
  int name(int folder, const char* path, int flags, ...) { \
    va_list arguments;                                     \
    va_start(arguments, flags);                            \
    const mode_t mode = ModeOf(flags, arguments);          \
    va_end(arguments);                                     \
    return OpenAt(folder, path, flags, mode);              \
  }
#define PWRITE(name)                                                   \
  ssize_t name(int fd, const void* bytes, size_t size, off_t offset) { \
    const iovec part{const_cast<void*>(bytes), size};                  \
    return WriteParts(                                                 \
        fd, &part,                                                     \
        [&] { return Call(SYS_pwrite64, fd, bytes, size, offset); },   \
        [&](ssize_t) { return offset; });                              \
  }
#define PWRITEV(name)                                                    \
  ssize_t name(int fd, const iovec* parts, int count, off_t offset) {    \
    return WriteParts(                                                   \
        fd, parts,                                                       \
        [&] { return Call(SYS_pwritev, fd, parts, count, offset, 0L); }, \
        [&](ssize_t) { return offset; });                                \
  }

#define PWRITEV2(name)                                                    \
  ssize_t name(int fd, const iovec* parts, int count, off_t offset,       \
               int flags) {                                               \
    return WriteParts(                                                    \
        fd, parts,                                                        \
        [&] {                                                             \
          return Call(SYS_pwritev2, fd, parts, count, offset, 0L, flags); \
        },                                                                \
        [&](ssize_t written) {                                            \
          return offset < 0 ? Before(fd)(written) : offset;               \
        });                                                               \
  }

// The *64 names are what programs built with 64-bit offsets call.
extern "C" {

OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)
int creat(const char* path, mode_t mode) {
  return OpenAt(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
int creat64(const char* path, mode_t mode) { return creat(path, mode); }
FILE* fopen(const char* path, const char* mode) {
  return OpenByName("fopen", path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  return OpenByName("fopen64", path, mode);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  const iovec part{const_cast<void*>(bytes), size};
  return WriteParts(
      fd, &part, [&] { return Call(SYS_write, fd, bytes, size); }, Before(fd));
}
ssize_t writev(int fd, const iovec* parts, int count) {
  return WriteParts(
      fd, parts, [&] { return Call(SYS_writev, fd, parts, count); },
      Before(fd));
}
PWRITE(pwrite)
PWRITE(pwrite64)
PWRITEV(pwritev)
PWRITEV(pwritev64)
PWRITEV2(pwritev2)
PWRITEV2(pwritev64v2)

int ftruncate(int fd, off_t size) noexcept { return Truncate(fd, size); }
int ftruncate64(int fd, off_t size) noexcept { return Truncate(fd, size); }
int truncate(const char* path, off_t size) noexcept {
  const int fd = OpenAt(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int result = Truncate(fd, size);
  const KeepErrno keep;
  ::close(fd);
  return result;
}
int truncate64(const char* path, off_t size) noexcept {
  return truncate(path, size);
}
int fallocate(int fd, int mode, off_t at, off_t size) {
  return Allocate(fd, mode, at, size);
}
int fallocate64(int fd, int mode, off_t at, off_t size) {
  return Allocate(fd, mode, at, size);
}
int posix_fallocate(int fd, off_t at, off_t size) {
  const KeepErrno keep;
  return Allocate(fd, 0, at, size) == 0 ? 0 : errno;
}
int posix_fallocate64(int fd, off_t at, off_t size) {
  return posix_fallocate(fd, at, size);
}

int fsync(int fd) { return Sync(fd, SYS_fsync); }
int fdatasync(int fd) { return Sync(fd, SYS_fdatasync); }

int rename(const char* from, const char* to) noexcept {
  return RenameAt(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int renameat(int from_folder, const char* from, int to_folder,
             const char* to) noexcept {
  return RenameAt(from_folder, from, to_folder, to, 0);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to,
              unsigned flags) noexcept {
  return RenameAt(from_folder, from, to_folder, to, flags);
}
int link(const char* from, const char* to) noexcept {
  return LinkAt(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int linkat(int from_folder, const char* from, int to_folder, const char* to,
           int flags) noexcept {
  return LinkAt(from_folder, from, to_folder, to, flags);
}
int symlink(const char* target, const char* path) noexcept {
  return MakeSymlinkAt(target, AT_FDCWD, path);
}
int symlinkat(const char* target, int folder, const char* path) noexcept {
  return MakeSymlinkAt(target, folder, path);
}
int unlink(const char* path) noexcept { return UnlinkAt(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char* path, int flags) noexcept {
  return UnlinkAt(folder, path, flags);
}
int rmdir(const char* path) noexcept {
  return UnlinkAt(AT_FDCWD, path, AT_REMOVEDIR);
}
int remove(const char* path) noexcept {
  if (UnlinkAt(AT_FDCWD, path, 0) == 0) return 0;
  return errno == EISDIR ? UnlinkAt(AT_FDCWD, path, AT_REMOVEDIR) : -1;
}
int mkdir(const char* path, mode_t mode) noexcept {
  return MakeFolderAt(AT_FDCWD, path, mode);
}
int mkdirat(int folder, const char* path, mode_t mode) noexcept {
  return MakeFolderAt(folder, path, mode);
}

void* mmap(void* address, size_t size, int protection, int flags, int fd,
           off_t offset) noexcept {
  return Map(address, size, protection, flags, fd, offset);
}
void* mmap64(void* address, size_t size, int protection, int flags, int fd,
             off_t offset) noexcept {
  return Map(address, size, protection, flags, fd, offset);
}

}  // extern "C"
