#include "storage/embedded/log_scan.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/log.h"

namespace elanus::storage {
namespace {

// Where reading a file stopped: at its end, or at a bad record.
struct FileEnd {
  std::uint64_t good = 0;  // offset behind the last whole record
  // Highest durable place that a whole record behind the bad one states.
  std::uint64_t durable_mark = 0;
  bool bad = false;
};

// Looks for whole records behind a bad one, where each could begin.
std::uint64_t FindDurableMark(std::span<const std::byte> bytes,
                              std::uint64_t start, std::uint64_t from) {
  std::uint64_t mark = 0;
  for (std::uint64_t offset = from + kRecordAlignment; offset < bytes.size();) {
    const auto record = CheckRecord(bytes.subspan(offset), start + offset);
    if (record.has_value()) {
      mark = std::max(mark, record->durable);
      offset += RecordSpace(record->size);
    } else {
      offset += kRecordAlignment;
    }
  }
  return mark;
}

FileEnd ScanBytes(std::span<const std::byte> bytes, std::uint64_t start,
                  LogVisitor& visitor) {
  if (!CheckLogFileHeader(bytes, start)) {
    // Nothing is written behind a header that is not durable.
    return {.good = 0, .durable_mark = start + 1, .bad = true};
  }
  std::uint64_t offset = kLogFileHeaderBytes;
  while (offset < bytes.size()) {
    const auto record = CheckRecord(bytes.subspan(offset), start + offset);
    if (!record.has_value()) {
      return {.good = offset,
              .durable_mark = FindDurableMark(bytes, start, offset),
              .bad = true};
    }
    visitor.OnRecord(*record);
    offset += RecordSpace(record->size);
  }
  return {.good = offset};
}

class Scanner {
 public:
  Scanner(LogFolder& folder, const LogTable& table, LogVisitor& visitor)
      : folder_(folder), table_(table), visitor_(visitor) {}

  absl::StatusOr<LogScan> Run() {
    ASSIGN_OR_RETURN(const std::vector<std::uint64_t> starts, FindFiles());
    for (std::size_t i = 0; i < starts.size(); ++i) {
      RETURN_IF_ERROR(ScanFile(starts[i], i + 1 == starts.size()));
    }
    if (scan_.last == nullptr) RETURN_IF_ERROR(StartLog());
    RETURN_IF_ERROR(scan_.last->Sync());
    return std::move(scan_);
  }

 private:
  // The files that make up the log, ascending; removes those that do not.
  absl::StatusOr<std::vector<std::uint64_t>> FindFiles() {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, folder_.List());
    std::vector<std::uint64_t> starts;
    for (const std::string& name : names) {
      const auto start = ParseLogFileName(name);
      if (!start.has_value()) continue;
      ASSIGN_OR_RETURN(const bool is_unused, IsUnused(name, *start));
      if (IsGivenUp(*start) || is_unused) {
        RETURN_IF_ERROR(folder_.Remove(name));
      } else {
        starts.push_back(*start);
      }
    }
    std::sort(starts.begin(), starts.end());
    return starts;
  }

  bool IsGivenUp(std::uint64_t start) const {
    return start < table_.log_start ||
           std::any_of(table_.gaps.begin(), table_.gaps.end(),
                       [&](const auto& gap) { return gap.start == start; });
  }

  // Without a header nothing was ever written to the file. It may lie anywhere:
  // one that was removed before can be back after a power cut, when the file
  // before it has grown.
  absl::StatusOr<bool> IsUnused(const std::string& name, std::uint64_t start) {
    ASSIGN_OR_RETURN(const std::unique_ptr<LogFile> file, folder_.Open(name));
    if (file->size() > kLogFileHeaderBytes) return false;
    buffer_.resize(file->size());
    RETURN_IF_ERROR(file->Read(0, buffer_));
    if (CheckLogFileHeader(buffer_, start)) return false;
    scan_.cut_bytes += file->size();
    return true;
  }

  // Over the files that were removed on purpose.
  void SkipGaps() {
    for (const LogTable::Gap& gap : table_.gaps) {
      if (gap.start == expected_) expected_ = gap.end;
    }
  }

  absl::Status Missing() const {
    return base::DataLoss("log file {} is missing",
                          folder_.PathOf(LogFileName(expected_)));
  }

  absl::Status ScanFile(std::uint64_t start, bool last) {
    SkipGaps();
    if (start != expected_) return Missing();
    const std::string name = LogFileName(start);
    ASSIGN_OR_RETURN(std::shared_ptr<LogFile> file, folder_.Open(name));
    buffer_.resize(file->size());
    RETURN_IF_ERROR(file->Read(0, buffer_));

    if (CheckLogFileHeader(buffer_, start)) visitor_.OnFile(start, file);
    const FileEnd end = ScanBytes(buffer_, start, visitor_);
    if (end.bad) {
      if (!last || end.durable_mark > start + end.good) {
        return base::DataLoss("log file {} is damaged at offset {}",
                              folder_.PathOf(name), end.good);
      }
      scan_.cut_bytes += buffer_.size() - end.good;
      LOG_WARN("log file {}: cutting a torn tail of {} bytes at offset {}",
               folder_.PathOf(name), scan_.cut_bytes, end.good);
      RETURN_IF_ERROR(file->Truncate(end.good));
    }
    expected_ = start + end.good;
    scan_.last_start = start;
    scan_.last = std::move(file);
    return absl::OkStatus();
  }

  absl::Status StartLog() {
    SkipGaps();
    if (!table_.topics.empty() || expected_ != 0) return Missing();
    ASSIGN_OR_RETURN(scan_.last, CreateLogFile(folder_, expected_));
    visitor_.OnFile(expected_, scan_.last);
    return absl::OkStatus();
  }

  LogFolder& folder_;
  const LogTable& table_;
  LogVisitor& visitor_;
  std::uint64_t expected_ = table_.log_start;
  std::vector<std::byte> buffer_;
  LogScan scan_;
};

}  // namespace

absl::StatusOr<LogScan> ScanLog(LogFolder& folder, const LogTable& table,
                                LogVisitor& visitor) {
  return Scanner(folder, table, visitor).Run();
}

absl::StatusOr<std::shared_ptr<LogFile>> CreateLogFile(LogFolder& folder,
                                                       std::uint64_t start) {
  const std::string name = LogFileName(start);
  ASSIGN_OR_RETURN(std::shared_ptr<LogFile> file, folder.Create(name));
  const LogFileHeaderBytes header = EncodeLogFileHeader(start);
  const std::span<const std::byte> part(header);
  absl::Status status = file->Append(std::span(&part, 1));
  if (status.ok()) status = file->Sync();
  if (!status.ok()) {
    base::LogIfError(folder.Remove(name), "a file without header is cut later");
    return status;
  }
  return file;
}

}  // namespace elanus::storage
