// The table of configuration keys: the one place that knows a key's name,
// type, range and meaning. A new key is one row here and one member of Config.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/config.h"
#include "base/status.h"

namespace elanus::base {

// Names separated by '|'; the value is one of them.
struct Choice {
  std::string Config::*member;
  std::string_view names;
};
struct Text {
  std::string Config::*member;
  bool may_be_empty;
};
struct Port {
  std::int32_t Config::*member;
};
struct Integer {
  std::int64_t Config::*member;
  std::int64_t min;
  std::int64_t max;
};
// As Integer; also understands "512MB".
struct Bytes {
  std::int64_t Config::*member;
  std::int64_t min;
  std::int64_t max;
};
// min < value <= max.
struct Fraction {
  double Config::*member;
  double min;
  double max;
};
struct Switch {
  bool Config::*member;
};

struct ConfigKey {
  std::string_view key;
  std::variant<Choice, Text, Port, Integer, Bytes, Fraction, Switch> type;
  std::string_view meaning;
};

std::span<const ConfigKey> ConfigTable();

// A Milvus key that must not be passed over in silence: who sets it to
// anything but `only` asks for a protection that Elanus does not have.
struct RefusedKey {
  std::string_view key;
  std::string_view only;
  std::string_view why;
};

std::span<const RefusedKey> RefusedKeys();

// Errors: kParameterInvalid naming value and range, not key and origin.
absl::Status SetConfigValue(const ConfigKey& key, std::string_view value,
                            Config& config);
std::string GetConfigValue(const ConfigKey& key, const Config& config);

// "1 .. 65535", "direct | wire": for messages and the page of keys.
std::string ConfigRange(const ConfigKey& key);

}  // namespace elanus::base
