// The embedded log's files: any bytes as the topic table, and any bytes as the
// last log file, are refused by name, cut, or safe to read. Any bytes as the
// meta store's log: what is cut as torn was torn, and the rest is whole.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>

#include "base/crc32c.h"
#include "base/log.h"
#include "storage/embedded/log_format.h"
#include "storage/embedded/log_scan.h"
#include "storage/embedded/log_table.h"
#include "storage/embedded/rocks_log_tail.h"
#include "testing/faulty_log_folder.h"

namespace {

using namespace elanus;  // NOLINT: a program of one page

class Reader final : public storage::LogVisitor {
 public:
  void OnFile(std::uint64_t, std::shared_ptr<storage::LogFile> file) override {
    file_ = std::move(file);
  }
  void OnRecord(const storage::RecordHeader& record) override {
    // Inside the file.
    std::string bytes(record.size, '\0');
    const absl::Status read = file_->Read(
        record.place + storage::kRecordHeaderBytes,
        std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
    if (!read.ok()) __builtin_trap();
  }

 private:
  std::shared_ptr<storage::LogFile> file_;
};

void ReadTable(const std::string& bytes) {
  const auto table = storage::DecodeLogTable(bytes, "fuzzed");
  if (!table.ok()) return;
  const auto again =
      storage::DecodeLogTable(storage::EncodeLogTable(*table), "again");
  if (!again.ok() || !(*again == *table)) __builtin_trap();
}

void ReadFile(const std::string& bytes) {
  const auto disk = std::make_shared<testing::FaultyDisk>();
  disk->Write(storage::LogFileName(0), bytes);
  const auto folder = disk->OpenFolder();
  storage::LogTable table;
  table.topics["topic"].number = 1;
  table.next_topic = 2;
  Reader reader;
  const auto scan = storage::ScanLog(*folder, table, reader);
  if (!scan.ok()) return;
  // What was cut stays cut.
  const auto again = storage::ScanLog(*folder, table, reader);
  if (!again.ok() || again->cut_bytes != 0) __builtin_trap();
}

void ReadRocksLog(std::span<const std::byte> log) {
  const auto torn = storage::FindTornTail(log);
  if (!torn.has_value()) return;
  if (*torn >= log.size() ||
      storage::FindTornTail(log.first(*torn)).has_value()) {
    __builtin_trap();
  }
}

std::string WithRightCrc(std::string bytes) {
  if (bytes.size() < 4) return bytes;
  const std::uint32_t crc =
      base::Crc32c(std::as_bytes(std::span(bytes)).first(bytes.size() - 4));
  std::memcpy(bytes.data() + bytes.size() - 4, &crc, sizeof(crc));
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  // Each torn tail is told.
  static const bool is_quiet = [] {
    base::InitLog({.level = base::LogLevel::kError});
    return true;
  }();
  (void)is_quiet;
  const std::string input(reinterpret_cast<const char*>(data), size);
  ReadTable(input);
  ReadTable(WithRightCrc(input));
  ReadFile(input);
  ReadRocksLog(std::as_bytes(std::span(data, size)));
  return 0;
}
