#include "storage/embedded/rocks_tailless_env.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "rocksdb/file_system.h"

namespace elanus::storage {
namespace {

// Ends after so many bytes.
class ShorterFile final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  ShorterFile(std::unique_ptr<rocksdb::FSSequentialFile> file,
              std::uint64_t bytes)
      : FSSequentialFileOwnerWrapper(std::move(file)), left_(bytes) {}

  rocksdb::IOStatus Read(std::size_t n, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = FSSequentialFileOwnerWrapper::Read(
        std::min<std::uint64_t>(n, left_), options, result, scratch, debug);
    if (status.ok()) left_ -= result->size();
    return status;
  }
  rocksdb::IOStatus Skip(std::uint64_t n) override {
    const std::uint64_t skipped = std::min(n, left_);
    left_ -= skipped;
    return FSSequentialFileOwnerWrapper::Skip(skipped);
  }

 private:
  std::uint64_t left_;
};

class TaillessFiles final : public rocksdb::FileSystemWrapper {
 public:
  explicit TaillessFiles(std::vector<TornTail> tails)
      : FileSystemWrapper(rocksdb::Env::Default()->GetFileSystem()),
        tails_(std::move(tails)) {}

  const char* Name() const override { return "TaillessFiles"; }

  // All that opening reads from front to back: manifest and logs.
  rocksdb::IOStatus NewSequentialFile(
      const std::string& path, const rocksdb::FileOptions& options,
      std::unique_ptr<rocksdb::FSSequentialFile>* file,
      rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status =
        FileSystemWrapper::NewSequentialFile(path, options, file, debug);
    if (!status.ok()) return status;
    for (const TornTail& tail : tails_) {
      if (NameOf(tail.path) != NameOf(path)) continue;
      *file = std::make_unique<ShorterFile>(std::move(*file), tail.begin);
    }
    return status;
  }

 private:
  static std::filesystem::path NameOf(const std::string& path) {
    return std::filesystem::path(path).filename();
  }

  const std::vector<TornTail> tails_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> EnvWithoutTails(std::vector<TornTail> tails) {
  return rocksdb::NewCompositeEnv(
      std::make_shared<TaillessFiles>(std::move(tails)));
}

}  // namespace elanus::storage
