// A LogFolder in memory that does what disks do: loses what was not synced,
// tears the last write, fails, runs full.
//
//   auto disk = std::make_shared<FaultyDisk>();
//   auto log = EmbeddedLog::Open(disk->OpenFolder(), {});
//   disk->FailNext(FaultyDisk::Op::kSync, status);
//   log.reset();
//   disk->LosePower(/*kept_bytes=*/17);  // of what was not synced
//
// Threads: any.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "storage/embedded/log_file.h"

namespace elanus::testing {

class FaultyDisk : public std::enable_shared_from_this<FaultyDisk> {
 public:
  enum class Op {
    kAppend,
    kSync,
    kRead,
    kTruncate,
    kCreate,
    kRemove,
    kReplace
  };

  std::unique_ptr<storage::LogFolder> OpenFolder();

  // The operation of that kind after `skipped` more fails once, or `times`.
  void FailNext(Op op, absl::Status status, int skipped = 0, int times = 1) {
    base::MutexLock lock(mutex_);
    faults_[op] = {std::move(status), skipped, times};
  }

  // Syncs wait until they are let go.
  void HoldSyncs(bool hold) {
    base::MutexLock lock(mutex_);
    hold_syncs_ = hold;
    changed_.NotifyAll();
  }

  // Syncs answer and do nothing: how far a write came that the power cut.
  void IgnoreSyncs(bool ignore) {
    base::MutexLock lock(mutex_);
    ignore_syncs_ = ignore;
  }

  // Each file keeps what was synced and the first `kept_bytes` behind it. To be
  // called when nobody writes.
  void LosePower(std::size_t kept_bytes = 0) {
    base::MutexLock lock(mutex_);
    for (auto& [name, file] : files_) {
      file->bytes.resize(
          std::min(file->bytes.size(), file->synced + kept_bytes));
      file->synced = file->bytes.size();
    }
  }

  std::string Read(const std::string& name) {
    base::MutexLock lock(mutex_);
    return files_.contains(name) ? files_[name]->bytes : "";
  }
  void Write(const std::string& name, std::string bytes) {
    base::MutexLock lock(mutex_);
    auto& file = files_[name];
    if (file == nullptr) file = std::make_shared<File>();
    file->synced = bytes.size();
    file->bytes = std::move(bytes);
  }
  void Remove(const std::string& name) {
    base::MutexLock lock(mutex_);
    files_.erase(name);
  }
  std::vector<std::string> List() {
    base::MutexLock lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, file] : files_) names.push_back(name);
    return names;
  }

  // A second disk with the same contents.
  std::shared_ptr<FaultyDisk> Clone() {
    auto copy = std::make_shared<FaultyDisk>();
    base::MutexLock lock(mutex_);
    for (const auto& [name, file] : files_) {
      copy->files_[name] = std::make_shared<File>(*file);
    }
    return copy;
  }

 private:
  friend class FaultyFile;
  friend class FaultyFolder;

  struct File {
    std::string bytes;
    std::size_t synced = 0;
  };
  using FilePtr = std::shared_ptr<File>;
  struct Fault {
    absl::Status status;
    int skipped = 0;
    int times = 1;
  };

  absl::Status Strike(Op op) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto fault = faults_.find(op);
    if (fault == faults_.end()) return absl::OkStatus();
    if (fault->second.skipped-- > 0) return absl::OkStatus();
    absl::Status status = fault->second.status;
    if (--fault->second.times == 0) faults_.erase(fault);
    return status;
  }

  base::Mutex mutex_;
  base::CondVar changed_;
  std::map<std::string, FilePtr> files_ ABSL_GUARDED_BY(mutex_);
  std::map<Op, Fault> faults_ ABSL_GUARDED_BY(mutex_);
  bool hold_syncs_ ABSL_GUARDED_BY(mutex_) = false;
  bool ignore_syncs_ ABSL_GUARDED_BY(mutex_) = false;
};

class FaultyFile final : public storage::LogFile {
 public:
  FaultyFile(std::shared_ptr<FaultyDisk> disk, FaultyDisk::FilePtr file)
      : disk_(std::move(disk)), file_(std::move(file)) {
    size_ = file_->bytes.size();
  }

  absl::Status Append(
      std::span<const std::span<const std::byte>> parts) override {
    base::MutexLock lock(disk_->mutex_);
    const absl::Status status = disk_->Strike(FaultyDisk::Op::kAppend);
    file_->bytes.resize(size_);
    for (const auto part : parts) {
      file_->bytes.append(reinterpret_cast<const char*>(part.data()),
                          part.size());
      if (!status.ok()) return status;  // torn behind the first part
    }
    size_ = file_->bytes.size();
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    base::MutexLock lock(disk_->mutex_);
    while (disk_->hold_syncs_) disk_->changed_.Wait(disk_->mutex_);
    RETURN_IF_ERROR(disk_->Strike(FaultyDisk::Op::kSync));
    if (!disk_->ignore_syncs_) file_->synced = file_->bytes.size();
    return absl::OkStatus();
  }

  absl::Status Read(std::uint64_t offset,
                    std::span<std::byte> out) const override {
    base::MutexLock lock(disk_->mutex_);
    RETURN_IF_ERROR(disk_->Strike(FaultyDisk::Op::kRead));
    if (offset + out.size() > file_->bytes.size()) {
      return base::Error(base::ErrorCode::kIoUnexpectedEof,
                         "the file ends at {}", file_->bytes.size());
    }
    std::copy_n(
        reinterpret_cast<const std::byte*>(file_->bytes.data()) + offset,
        out.size(), out.data());
    return absl::OkStatus();
  }

  absl::Status Truncate(std::uint64_t size) override {
    base::MutexLock lock(disk_->mutex_);
    RETURN_IF_ERROR(disk_->Strike(FaultyDisk::Op::kTruncate));
    file_->bytes.resize(size);
    file_->synced = std::min(file_->synced, file_->bytes.size());
    size_ = size;
    return absl::OkStatus();
  }

  std::uint64_t size() const override {
    base::MutexLock lock(disk_->mutex_);
    return size_;
  }

 private:
  const std::shared_ptr<FaultyDisk> disk_;
  const FaultyDisk::FilePtr file_;
  std::size_t size_ = 0;  // guarded by the disk's mutex
};

class FaultyFolder final : public storage::LogFolder {
 public:
  explicit FaultyFolder(std::shared_ptr<FaultyDisk> disk)
      : disk_(std::move(disk)) {}

  absl::StatusOr<std::unique_ptr<storage::LogFile>> Create(
      std::string_view name) override {
    FaultyDisk::FilePtr file = std::make_shared<FaultyDisk::File>();
    {
      base::MutexLock lock(disk_->mutex_);
      RETURN_IF_ERROR(disk_->Strike(FaultyDisk::Op::kCreate));
      disk_->files_[std::string(name)] = file;
    }
    return std::make_unique<FaultyFile>(disk_, std::move(file));
  }

  absl::StatusOr<std::unique_ptr<storage::LogFile>> Open(
      std::string_view name) override {
    FaultyDisk::FilePtr file;
    {
      base::MutexLock lock(disk_->mutex_);
      const auto found = disk_->files_.find(std::string(name));
      if (found == disk_->files_.end()) {
        return base::Error(base::ErrorCode::kIoFailed, "no file {}", name);
      }
      file = found->second;
    }
    return std::make_unique<FaultyFile>(disk_, std::move(file));
  }

  absl::Status Remove(std::string_view name) override {
    base::MutexLock lock(disk_->mutex_);
    RETURN_IF_ERROR(disk_->Strike(FaultyDisk::Op::kRemove));
    disk_->files_.erase(std::string(name));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List() override {
    return disk_->List();
  }

  absl::Status Replace(std::string_view name, std::string_view bytes) override {
    {
      base::MutexLock lock(disk_->mutex_);
      RETURN_IF_ERROR(disk_->Strike(FaultyDisk::Op::kReplace));
    }
    disk_->Write(std::string(name), std::string(bytes));
    return absl::OkStatus();
  }

  std::string PathOf(std::string_view name) const override {
    return "disk/" + std::string(name);
  }

 private:
  const std::shared_ptr<FaultyDisk> disk_;
};

inline std::unique_ptr<storage::LogFolder> FaultyDisk::OpenFolder() {
  return std::make_unique<FaultyFolder>(shared_from_this());
}

}  // namespace elanus::testing
