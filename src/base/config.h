// The one typed configuration tree: defaults, a YAML file with Milvus's key
// names, environment variables and flags, each value with its origin.
//
// Precedence: flag > environment > file > default. A key that Elanus does not
// know is kept out and reported once (a Milvus file has 186 keys; most have no
// meaning here and must not stop a start). A known key with a bad value is an
// error that names file, key, value and range.
//
// Keys and defaults: docs/configuration.md, made from config_table.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace elanus::base {

struct Config {
  // Where things are.
  std::string data_dir = "./elanus-data";  // localStorage.path
  std::string bind_address = "127.0.0.1";  // proxy.ip
  std::int32_t port = 19530;               // proxy.port
  std::int32_t management_port = 9091;     // metrics.port
  std::string role_calls = "direct";       // elanus.roleCalls: direct | wire
  // Limits.
  std::int64_t memory_limit_bytes =
      0;  // elanus.memoryLimit; 0 = 80 % of the machine
  std::int64_t max_receive_bytes = 67108864;  // proxy.grpc.serverMaxRecvSize
  std::int64_t max_send_bytes = 268435456;    // proxy.grpc.serverMaxSendSize
  std::int64_t max_name_length = 255;         // proxy.maxNameLength
  std::int64_t max_fields = 64;               // proxy.maxFieldNum
  std::int64_t max_vector_fields = 10;        // proxy.maxVectorFieldNum
  std::int64_t max_shards = 16;               // proxy.maxShardNum
  std::int64_t max_dimension = 32768;         // proxy.maxDimension
  std::int64_t max_partitions = 1024;         // rootCoord.maxPartitionNum
  std::int64_t max_collections =
      65536;                       // quotaAndLimits.limits.maxCollectionNum
  std::int64_t max_top_k = 16384;  // quotaAndLimits.limits.topK
  std::int64_t max_nq = 16384;     // quotaAndLimits.limits.nq
  std::int64_t max_query_window =
      16384;  // quotaAndLimits.limits.maxQueryResultWindow
  std::int64_t max_output_bytes =
      104857600;  // quotaAndLimits.limits.maxOutputSize
  std::int64_t max_varchar_length = 65535;  // proxy.maxVarCharLength
  std::int64_t max_json_bytes = 65536;      // common.JSONMaxLength
  // The life of data.
  std::int64_t pchannels = 16;              // rootCoord.dmlChannelNum
  std::int64_t segment_max_mb = 1024;       // dataCoord.segment.maxSize
  double segment_seal_proportion = 0.12;    // dataCoord.segment.sealProportion
  std::int64_t segment_max_life_s = 86400;  // dataCoord.segment.maxLife
  std::int64_t segment_max_idle_s = 600;    // dataCoord.segment.maxIdleTime
  std::int64_t index_min_rows = 1024;  // rootCoord.minSegmentSizeToEnableIndex
  bool auto_compaction = true;  // dataCoord.compaction.enableAutoCompaction
  std::int64_t gc_interval_s = 3600;         // dataCoord.gc.interval
  std::int64_t gc_drop_tolerance_s = 10800;  // dataCoord.gc.dropTolerance
  std::int64_t sync_period_s = 600;          // dataNode.segment.syncPeriod
  std::int64_t log_distance_mb =
      256;  // elanus.log.distanceMb: unwritten log a topic
  std::int64_t retention_s = 300;        // common.retentionDuration
  std::int64_t graceful_time_ms = 5000;  // common.gracefulTime
  bool mmap_enabled = true;              // queryNode.mmap.vectorField
  std::int64_t threads = 0;              // elanus.threads; 0 = one a core
  // Parts that can be left out.
  bool index_node_enabled = true;  // elanus.indexNode.enabled
  // Log.
  std::string log_level = "info";   // log.level
  std::string log_format = "text";  // log.format
  std::string log_dir;              // log.file.rootPath
};

struct ConfigEntry {
  std::string key;     // Milvus's name, e.g. proxy.port
  std::string value;   // as text
  std::string origin;  // "default", "file elanus.yaml:12", "environment
                       // PROXY_PORT", "flag --port"
  std::string meaning;
};

struct ConfigOverride {
  std::string key;  // Milvus's name
  std::string value;
  std::string origin;  // "flag --port"
};

struct LoadedConfig {
  Config config;
  std::vector<ConfigEntry> entries;       // every known key, in table order
  std::vector<std::string> unknown_keys;  // of the file
};

// file:      path of a YAML file, or empty
// overrides: flags, strongest
// Environment variables: the key in upper case, dots as underscores.
// Errors:    kParameterInvalid naming origin, key, value and allowed range.
absl::StatusOr<LoadedConfig> LoadConfig(
    const std::string& file, const std::vector<ConfigOverride>& overrides);

// "512MB", "4GiB", "1073741824" -> bytes.
absl::StatusOr<std::int64_t> ParseByteSize(std::string_view text);

}  // namespace elanus::base
