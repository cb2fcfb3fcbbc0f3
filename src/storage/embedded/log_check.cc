#include "storage/embedded/log_check.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "storage/embedded/log_file.h"
#include "storage/embedded/log_format.h"
#include "storage/embedded/log_scan.h"
#include "storage/embedded/log_table.h"
#include "storage/embedded/posix_log_folder.h"

namespace elanus::storage {
namespace {

absl::Status ReadOnly() {
  return base::Error(base::ErrorCode::kServiceInternal,
                     "the log is open for reading only");
}

// Reading goes through; what a scan would change, it leaves.
class ReadOnlyFile final : public LogFile {
 public:
  explicit ReadOnlyFile(std::unique_ptr<LogFile> file)
      : file_(std::move(file)) {}
  absl::Status Append(std::span<const std::span<const std::byte>>) override {
    return ReadOnly();
  }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::Status Read(std::uint64_t offset,
                    std::span<std::byte> out) const override {
    return file_->Read(offset, out);
  }
  absl::Status Truncate(std::uint64_t) override { return absl::OkStatus(); }
  std::uint64_t size() const override { return file_->size(); }

 private:
  const std::unique_ptr<LogFile> file_;
};

class ReadOnlyFolder final : public LogFolder {
 public:
  explicit ReadOnlyFolder(std::unique_ptr<LogFolder> folder)
      : folder_(std::move(folder)) {}
  absl::StatusOr<std::unique_ptr<LogFile>> Create(std::string_view) override {
    return ReadOnly();
  }
  absl::StatusOr<std::unique_ptr<LogFile>> Open(
      std::string_view name) override {
    ASSIGN_OR_RETURN(std::unique_ptr<LogFile> file, folder_->Open(name));
    return std::make_unique<ReadOnlyFile>(std::move(file));
  }
  absl::Status Remove(std::string_view) override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<std::string>> List() override {
    return folder_->List();
  }
  absl::Status Replace(std::string_view, std::string_view) override {
    return ReadOnly();
  }
  std::string PathOf(std::string_view name) const override {
    return folder_->PathOf(name);
  }

 private:
  const std::unique_ptr<LogFolder> folder_;
};

class Counter final : public LogVisitor {
 public:
  void OnFile(std::uint64_t start, std::shared_ptr<LogFile>) override {
    ++files;
    end = start + kLogFileHeaderBytes;
  }
  void OnRecord(const RecordHeader& record) override {
    ++records_of[record.topic];
    ++records;
    end = record.place + RecordSpace(record.size);
  }

  std::map<std::uint32_t, std::uint64_t> records_of;  // by topic number
  std::uint64_t files = 0;
  std::uint64_t records = 0;
  std::uint64_t end = 0;
};

}  // namespace

absl::StatusOr<LogCheck> CheckLog(const std::string& folder) {
  ASSIGN_OR_RETURN(std::unique_ptr<LogFolder> posix,
                   OpenPosixLogFolder(folder));
  ReadOnlyFolder files(std::move(posix));
  ASSIGN_OR_RETURN(const std::optional<LogTable> table, ReadLogTable(files));
  LogCheck check;
  if (!table.has_value()) return check;
  Counter counter;
  ASSIGN_OR_RETURN(const LogScan scan, ScanLog(files, *table, counter));
  check.torn_bytes = scan.cut_bytes;
  check.files = counter.files;
  check.records = counter.records;
  check.end = PositionOf(counter.end);
  for (const auto& [name, topic] : table->topics) {
    check.topics[name] = {.truncated = PositionOf(topic.truncated),
                          .records = counter.records_of[topic.number]};
  }
  return check;
}

}  // namespace elanus::storage
