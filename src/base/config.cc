#include "base/config.h"

#include <yaml-cpp/yaml.h>

#include <cctype>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "base/config_table.h"

namespace elanus::base {
namespace {

struct Setting {
  std::string value;
  std::string origin;
};

// By Milvus's key name.
using Settings = std::map<std::string, Setting>;

std::string EnvironmentName(std::string_view key) {
  std::string name;
  for (const char c : key) {
    name +=
        c == '.'
            ? '_'
            : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

std::string FileOrigin(const std::string& file, const YAML::Node& node) {
  return fmt::format("file {}:{}", file, node.Mark().line + 1);
}

// proxy: {port: 1} gives proxy.port. A key without a value is not set.
//
// An anchor may stand inside itself, or in others that stand in others: a few
// lines of YAML then mean a tree without end, or one that no memory holds.
class Flattener {
 public:
  explicit Flattener(const std::string& file) : file_(file) {}

  absl::Status Add(const std::string& prefix, const YAML::Node& node,
                   int depth = 0) {
    if (depth > kDepthMax || ++nodes_ > kNodesMax) {
      return InvalidInput(ErrorCode::kParameterInvalid,
                          "{}: more than {} levels or {} keys",
                          FileOrigin(file_, node), kDepthMax, kNodesMax);
    }
    if (node.IsNull()) return absl::OkStatus();
    if (node.IsScalar()) {
      settings_[prefix] = {node.Scalar(), FileOrigin(file_, node)};
      return absl::OkStatus();
    }
    if (node.IsSequence()) {
      // No key of ours is a list; Milvus has some.
      settings_[prefix] = {"(a list)", FileOrigin(file_, node)};
      return absl::OkStatus();
    }
    for (const auto& item : node) {
      if (!item.first.IsScalar()) {
        return InvalidInput(ErrorCode::kParameterInvalid,
                            "{}: a key is not a plain word",
                            FileOrigin(file_, item.first));
      }
      const std::string& name = item.first.Scalar();
      RETURN_IF_ERROR(Add(prefix.empty() ? name : prefix + "." + name,
                          item.second, depth + 1));
    }
    return absl::OkStatus();
  }

  Settings Take() && { return std::move(settings_); }

 private:
  // Far more than Milvus's own file has.
  static constexpr int kDepthMax = 16;
  static constexpr int kNodesMax = 20'000;

  const std::string& file_;
  int nodes_ = 0;
  Settings settings_;
};

absl::StatusOr<Settings> ReadFile(const std::string& file) {
  if (file.empty()) return Settings();
  try {
    const YAML::Node root = YAML::LoadFile(file);
    if (!root.IsNull() && !root.IsMap()) {
      return InvalidInput(ErrorCode::kParameterInvalid,
                          "file {}: the top level is not a map of keys", file);
    }
    Flattener flattener(file);
    RETURN_IF_ERROR(flattener.Add("", root));
    return std::move(flattener).Take();
  } catch (const YAML::BadFile&) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "the configuration file {} cannot be read", file);
  } catch (const YAML::Exception& e) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "file {}:{}: not valid YAML: {}", file, e.mark.line + 1,
                        e.msg);
  }
}

// The strongest setting of `key`, if there is one.
std::optional<Setting> Find(std::string_view key, const Settings& file,
                            const std::vector<ConfigOverride>& overrides) {
  for (auto it = overrides.rbegin(); it != overrides.rend(); ++it) {
    if (it->key == key) return Setting{it->value, it->origin};
  }
  const std::string name = EnvironmentName(key);
  if (const char* value = std::getenv(name.c_str())) {
    return Setting{value, "environment " + name};
  }
  const auto it = file.find(std::string(key));
  if (it == file.end()) return std::nullopt;
  return it->second;
}

bool IsKnown(std::string_view key) {
  for (const ConfigKey& row : ConfigTable()) {
    if (row.key == key) return true;
  }
  for (const RefusedKey& row : RefusedKeys()) {
    if (row.key == key) return true;
  }
  return false;
}

absl::Status CheckRefused(const Settings& file,
                          const std::vector<ConfigOverride>& overrides) {
  for (const RefusedKey& row : RefusedKeys()) {
    const std::optional<Setting> setting = Find(row.key, file, overrides);
    if (!setting || setting->value.empty() || setting->value == row.only) {
      continue;
    }
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "{}: {} cannot be '{}', only '{}': {}", setting->origin,
                        row.key, setting->value, row.only, row.why);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoadedConfig> LoadConfig(
    const std::string& file, const std::vector<ConfigOverride>& overrides) {
  ASSIGN_OR_RETURN(const Settings settings, ReadFile(file));
  for (const ConfigOverride& item : overrides) {
    if (!IsKnown(item.key)) {
      return InvalidInput(ErrorCode::kParameterInvalid,
                          "{}: there is no key {}", item.origin, item.key);
    }
  }
  RETURN_IF_ERROR(CheckRefused(settings, overrides));
  LoadedConfig loaded;
  for (const ConfigKey& row : ConfigTable()) {
    std::string origin = "default";
    if (auto setting = Find(row.key, settings, overrides)) {
      RETURN_IF_ERROR(
          Annotate(SetConfigValue(row, setting->value, loaded.config), "{}: {}",
                   setting->origin, row.key));
      origin = std::move(setting->origin);
    }
    loaded.entries.push_back({std::string(row.key),
                              GetConfigValue(row, loaded.config),
                              std::move(origin), std::string(row.meaning)});
  }
  for (const auto& [key, setting] : settings) {
    if (!IsKnown(key)) loaded.unknown_keys.push_back(key);
  }
  if (loaded.config.port == loaded.config.management_port) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "proxy.port and metrics.port are both {}",
                        loaded.config.port);
  }
  return loaded;
}

}  // namespace elanus::base
