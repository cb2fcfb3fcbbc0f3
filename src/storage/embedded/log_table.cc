#include "storage/embedded/log_table.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/byte_io.h"
#include "base/crc32c.h"
#include "storage/embedded/log_format.h"

namespace elanus::storage {
namespace {

constexpr std::uint64_t kMagic = 0x3130'4c42'544e'4c45ULL;  // "ELNTBL01"

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

std::string EncodeLogTable(const LogTable& table) {
  base::ByteWriter out;
  out.Fixed(kMagic);
  out.Fixed(table.log_start);
  out.Fixed(table.next_topic);
  out.Fixed(static_cast<std::uint32_t>(table.topics.size()));
  for (const auto& [name, topic] : table.topics) {
    out.Text(name);
    out.Fixed(topic.number);
    out.Fixed(topic.truncated);
  }
  out.Fixed(static_cast<std::uint32_t>(table.gaps.size()));
  for (const LogTable::Gap& gap : table.gaps) {
    out.Fixed(gap.start);
    out.Fixed(gap.end);
  }
  out.Fixed(base::Crc32c(AsBytes(out.view())));
  return std::move(out).Take();
}

absl::StatusOr<LogTable> DecodeLogTable(std::string_view bytes,
                                        std::string_view name) {
  if (bytes.size() < sizeof(std::uint32_t)) {
    return base::DataLoss("{}: {} bytes are no topic table", name,
                          bytes.size());
  }
  const std::string_view body =
      bytes.substr(0, bytes.size() - sizeof(std::uint32_t));
  base::ByteReader tail(bytes.substr(body.size()), name);
  ASSIGN_OR_RETURN(const std::uint32_t crc, tail.Fixed<std::uint32_t>());
  if (base::Crc32c(AsBytes(body)) != crc) {
    return base::DataLoss("{}: the topic table's checksum is wrong", name);
  }

  LogTable table;
  base::ByteReader in(body, name);
  ASSIGN_OR_RETURN(const std::uint64_t magic, in.Fixed<std::uint64_t>());
  if (magic != kMagic) return base::DataLoss("{} is no topic table", name);
  ASSIGN_OR_RETURN(table.log_start, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(table.next_topic, in.Fixed<std::uint32_t>());
  ASSIGN_OR_RETURN(const std::uint32_t topics, in.Count(16));
  for (std::uint32_t i = 0; i < topics; ++i) {
    ASSIGN_OR_RETURN(const std::string_view topic, in.Text());
    LogTable::Topic& row = table.topics[std::string(topic)];
    ASSIGN_OR_RETURN(row.number, in.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(row.truncated, in.Fixed<std::uint64_t>());
  }
  ASSIGN_OR_RETURN(const std::uint32_t gaps, in.Count(16));
  for (std::uint32_t i = 0; i < gaps; ++i) {
    LogTable::Gap gap;
    ASSIGN_OR_RETURN(gap.start, in.Fixed<std::uint64_t>());
    ASSIGN_OR_RETURN(gap.end, in.Fixed<std::uint64_t>());
    table.gaps.push_back(gap);
  }
  return table;
}

absl::StatusOr<std::optional<LogTable>> ReadLogTable(LogFolder& folder) {
  const std::string path = folder.PathOf(kLogTableName);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, folder.List());
  if (std::find(names.begin(), names.end(), kLogTableName) == names.end()) {
    for (const std::string& name : names) {
      if (!ParseLogFileName(name).has_value()) continue;
      return base::DataLoss("{} is missing, but there is a log file {}", path,
                            name);
    }
    return std::optional<LogTable>();
  }
  ASSIGN_OR_RETURN(const auto file, folder.Open(kLogTableName));
  std::string bytes(file->size(), '\0');
  RETURN_IF_ERROR(file->Read(
      0, std::as_writable_bytes(std::span(bytes.data(), bytes.size()))));
  ASSIGN_OR_RETURN(LogTable table, DecodeLogTable(bytes, path));
  return std::optional<LogTable>(std::move(table));
}

}  // namespace elanus::storage
