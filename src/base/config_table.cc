#include "base/config_table.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace elanus::base {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;
constexpr std::int64_t kSecondsMax = std::int64_t{10} * 365 * 86400;
constexpr std::int64_t kCountMax = std::int64_t{1} << 30;
constexpr std::int64_t kBytesMax = std::numeric_limits<std::int64_t>::max();

constexpr ConfigKey kTable[] = {
    {"localStorage.path", Text{&Config::data_dir, false},
     "folder of all data; one process at a time"},
    {"proxy.ip", Text{&Config::bind_address, false},
     "address to listen on; 0.0.0.0 for every interface"},
    {"proxy.port", Port{&Config::port}, "port of the clients"},
    {"metrics.port", Port{&Config::management_port},
     "port of /healthz and /metrics"},
    {"elanus.roleCalls", Choice{&Config::role_calls, "direct|wire"},
     "how the roles of one process call each other: as functions, or through "
     "gRPC as in a cluster"},
    {"elanus.memoryLimit", Bytes{&Config::memory_limit_bytes, 0, kBytesMax},
     "bytes that data, indexes and requests may take; 0 = 80 % of the "
     "machine's (or container's) memory"},
    {"proxy.grpc.serverMaxRecvSize",
     Bytes{&Config::max_receive_bytes, kMiB, 64 * kMiB},
     "bytes of the largest request"},
    {"proxy.grpc.serverMaxSendSize",
     Bytes{&Config::max_send_bytes, kMiB, 2047 * kMiB},
     "bytes of the largest reply"},
    {"proxy.maxNameLength", Integer{&Config::max_name_length, 1, 1024},
     "bytes of a name"},
    {"proxy.maxFieldNum", Integer{&Config::max_fields, 1, 256},
     "fields of a collection"},
    {"proxy.maxVectorFieldNum", Integer{&Config::max_vector_fields, 1, 10},
     "vector fields of a collection"},
    {"proxy.maxShardNum", Integer{&Config::max_shards, 1, 1024},
     "shards of a collection"},
    {"proxy.maxDimension", Integer{&Config::max_dimension, 2, 32768},
     "dimension of a dense vector"},
    {"rootCoord.maxPartitionNum", Integer{&Config::max_partitions, 1, 4096},
     "partitions of a collection"},
    {"quotaAndLimits.limits.maxCollectionNum",
     Integer{&Config::max_collections, 1, kCountMax}, "collections"},
    {"quotaAndLimits.limits.topK", Integer{&Config::max_top_k, 1, kCountMax},
     "rows that one search may ask for per query vector"},
    {"quotaAndLimits.limits.nq", Integer{&Config::max_nq, 1, kCountMax},
     "query vectors of one search"},
    {"quotaAndLimits.limits.maxQueryResultWindow",
     Integer{&Config::max_query_window, 1, kCountMax},
     "offset + limit of a search or query"},
    {"quotaAndLimits.limits.maxOutputSize",
     Bytes{&Config::max_output_bytes, kMiB, 2047 * kMiB},
     "bytes of the rows in one reply"},
    {"proxy.maxVarCharLength", Integer{&Config::max_varchar_length, 1, 65535},
     "largest max_length of a VarChar field"},
    {"common.JSONMaxLength", Bytes{&Config::max_json_bytes, 1, 16 * kMiB},
     "bytes of one JSON value"},
    {"rootCoord.dmlChannelNum", Integer{&Config::pchannels, 1, 1024},
     "topics of the log, fixed when the folder is first used"},
    {"dataCoord.segment.maxSize", Integer{&Config::segment_max_mb, 1, 65536},
     "MB of a segment"},
    {"dataCoord.segment.sealProportion",
     Fraction{&Config::segment_seal_proportion, 0, 1},
     "share of the size at which a growing segment is closed"},
    {"dataCoord.segment.maxLife",
     Integer{&Config::segment_max_life_s, 1, kSecondsMax},
     "seconds after which a growing segment is closed"},
    {"dataCoord.segment.maxIdleTime",
     Integer{&Config::segment_max_idle_s, 1, kSecondsMax},
     "seconds without a write after which it is closed"},
    {"rootCoord.minSegmentSizeToEnableIndex",
     Integer{&Config::index_min_rows, 0, kCountMax},
     "rows below which a segment is searched without an index"},
    {"dataCoord.compaction.enableAutoCompaction",
     Switch{&Config::auto_compaction}, "compact without being asked"},
    {"dataCoord.gc.interval", Integer{&Config::gc_interval_s, 1, kSecondsMax},
     "seconds between two removals of unused files"},
    {"dataCoord.gc.dropTolerance",
     Integer{&Config::gc_drop_tolerance_s, 0, kSecondsMax},
     "seconds that the files of a dropped segment are kept"},
    {"dataNode.segment.syncPeriod",
     Integer{&Config::sync_period_s, 1, kSecondsMax},
     "seconds after which growing rows are written to files"},
    {"elanus.log.distanceMb", Integer{&Config::log_distance_mb, 1, 65536},
     "MB of a topic's log that may wait to be written to files"},
    {"common.retentionDuration", Integer{&Config::retention_s, 0, kSecondsMax},
     "seconds that deleted rows stay readable for pinned reads"},
    {"common.gracefulTime",
     Integer{&Config::graceful_time_ms, 0, std::int64_t{3600} * 1000},
     "milliseconds that a Bounded read may lag behind"},
    {"queryNode.mmap.vectorField", Switch{&Config::mmap_enabled},
     "map the columns of sealed segments from their files"},
    {"elanus.threads", Integer{&Config::threads, 0, 1024},
     "threads that serve requests, as many for work in the background, as many "
     "for builds of indexes and compactions; 0 = one a core"},
    {"elanus.indexNode.enabled", Switch{&Config::index_node_enabled},
     "run an index node in this process"},
    {"log.level", Choice{&Config::log_level, "debug|info|warn|error"},
     "least severe message that is logged"},
    {"log.format", Choice{&Config::log_format, "text|json"},
     "form of a line of the log"},
    {"log.file.rootPath", Text{&Config::log_dir, true},
     "folder of log files; empty = standard error only"},
};

constexpr RefusedKey kRefused[] = {
    {"common.security.authorizationEnabled", "false",
     "there is no authentication yet; listen on a private address"},
    {"common.security.tlsMode", "0",
     "there is no TLS yet; put a TLS proxy in front"},
};

absl::Status OutOfRange(const ConfigKey& key, std::string_view value) {
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "'{}' is not allowed, the range is {}", value,
                      ConfigRange(key));
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return lower;
}

template <typename Int>
bool ParseWhole(std::string_view text, Int& value) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

// Sets one member; false if the value is malformed or out of range.
class Setter {
 public:
  Setter(std::string_view value, Config& config)
      : value_(value), config_(config) {}

  bool operator()(const Choice& type) const {
    std::string_view rest = type.names;
    while (!rest.empty()) {
      const std::size_t bar = std::min(rest.find('|'), rest.size());
      if (rest.substr(0, bar) == value_) {
        config_.*type.member = std::string(value_);
        return true;
      }
      rest.remove_prefix(std::min(bar + 1, rest.size()));
    }
    return false;
  }
  bool operator()(const Text& type) const {
    if (value_.empty() && !type.may_be_empty) return false;
    config_.*type.member = std::string(value_);
    return true;
  }
  bool operator()(const Port& type) const {
    std::int32_t port = 0;
    if (!ParseWhole(value_, port) || port < 1 || port > 65535) return false;
    config_.*type.member = port;
    return true;
  }
  bool operator()(const Integer& type) const {
    std::int64_t number = 0;
    return ParseWhole(value_, number) && SetWithin(type, number);
  }
  bool operator()(const Bytes& type) const {
    const absl::StatusOr<std::int64_t> bytes = ParseByteSize(value_);
    return bytes.ok() && SetWithin(type, *bytes);
  }
  bool operator()(const Fraction& type) const {
    double number = 0;
    if (!ParseWhole(value_, number) || !std::isfinite(number)) return false;
    if (number <= type.min || number > type.max) return false;
    config_.*type.member = number;
    return true;
  }
  bool operator()(const Switch& type) const {
    const std::string lower = Lower(value_);
    if (lower != "true" && lower != "false") return false;
    config_.*type.member = lower == "true";
    return true;
  }

 private:
  template <typename Type>
  bool SetWithin(const Type& type, std::int64_t number) const {
    if (number < type.min || number > type.max) return false;
    config_.*type.member = number;
    return true;
  }

  std::string_view value_;
  Config& config_;
};

class Getter {
 public:
  explicit Getter(const Config& config) : config_(config) {}

  std::string operator()(const Switch& type) const {
    return config_.*type.member ? "true" : "false";
  }
  template <typename Type>
  std::string operator()(const Type& type) const {
    return fmt::format("{}", config_.*type.member);
  }

 private:
  const Config& config_;
};

struct RangeText {
  std::string operator()(const Choice& type) const {
    std::string names(type.names);
    for (std::size_t at = 0; (at = names.find('|', at)) != std::string::npos;) {
      names.replace(at, 1, ", ");
    }
    return names;
  }
  std::string operator()(const Text& type) const {
    return type.may_be_empty ? "any text" : "any text but the empty one";
  }
  std::string operator()(const Port&) const { return "1 .. 65535"; }
  std::string operator()(const Integer& type) const {
    return fmt::format("{} .. {}", type.min, type.max);
  }
  std::string operator()(const Bytes& type) const {
    if (type.max == kBytesMax) return fmt::format("{} or more", type.min);
    return fmt::format("{} .. {}", type.min, type.max);
  }
  std::string operator()(const Fraction& type) const {
    return fmt::format("above {}, at most {}", type.min, type.max);
  }
  std::string operator()(const Switch&) const { return "true, false"; }
};

}  // namespace

std::span<const ConfigKey> ConfigTable() { return kTable; }

std::span<const RefusedKey> RefusedKeys() { return kRefused; }

absl::Status SetConfigValue(const ConfigKey& key, std::string_view value,
                            Config& config) {
  if (std::visit(Setter(value, config), key.type)) return absl::OkStatus();
  return OutOfRange(key, value);
}

std::string GetConfigValue(const ConfigKey& key, const Config& config) {
  return std::visit(Getter(config), key.type);
}

std::string ConfigRange(const ConfigKey& key) {
  return std::visit(RangeText(), key.type);
}

absl::StatusOr<std::int64_t> ParseByteSize(std::string_view text) {
  struct Unit {
    std::string_view name;
    int shift;
  };
  // K and KB are 1,024 bytes as well: what memory limits mean everywhere.
  static constexpr Unit kUnits[] = {
      {"", 0},     {"b", 0},   {"k", 10},   {"kb", 10}, {"kib", 10},
      {"m", 20},   {"mb", 20}, {"mib", 20}, {"g", 30},  {"gb", 30},
      {"gib", 30}, {"t", 40},  {"tb", 40},  {"tib", 40}};
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  std::string_view suffix(stop, static_cast<std::size_t>(end - stop));
  while (suffix.starts_with(' ')) suffix.remove_prefix(1);
  const std::string unit = Lower(suffix);
  const auto* const known =
      std::find_if(std::begin(kUnits), std::end(kUnits),
                   [&unit](const Unit& other) { return other.name == unit; });
  const bool valid =
      error == std::errc() && number >= 0 && known != std::end(kUnits);
  if (!valid || number > (kBytesMax >> known->shift)) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "'{}' is not a size in bytes; write 1073741824, 512MB "
                        "or 4GiB",
                        text);
  }
  return number << known->shift;
}

}  // namespace elanus::base
