#include "base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/config_table.h"

namespace elanus::base {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ConfigTest : public ::testing::Test {
 protected:
  ~ConfigTest() override {
    for (const std::string& name : environment_) unsetenv(name.c_str());
  }

  std::string WriteFile(const std::string& text) {
    std::string path = ::testing::TempDir() + "elanus_config_test.yaml";
    std::ofstream(path) << text;
    return path;
  }
  void SetEnvironment(const std::string& name, const std::string& value) {
    environment_.push_back(name);
    setenv(name.c_str(), value.c_str(), 1);
  }
  static const ConfigEntry& Entry(const LoadedConfig& loaded,
                                  std::string_view key) {
    for (const ConfigEntry& entry : loaded.entries) {
      if (entry.key == key) return entry;
    }
    ADD_FAILURE() << "no entry " << key;
    return loaded.entries.front();
  }
  static std::string Refusal(const absl::StatusOr<LoadedConfig>& loaded) {
    EXPECT_FALSE(loaded.ok());
    EXPECT_EQ(CodeOf(loaded.status()), ErrorCode::kParameterInvalid);
    EXPECT_EQ(FaultOf(loaded.status()), Fault::kCaller);
    return std::string(MessageOf(loaded.status()));
  }

 private:
  std::vector<std::string> environment_;
};

TEST_F(ConfigTest, WithoutAnySettingTheDefaultsOfTheStructHold) {
  const auto loaded = LoadConfig("", {});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.port, 19530);
  EXPECT_EQ(loaded->config.bind_address, "127.0.0.1");
  EXPECT_EQ(loaded->entries.size(), ConfigTable().size());
  for (const ConfigEntry& entry : loaded->entries) {
    EXPECT_EQ(entry.origin, "default") << entry.key;
    EXPECT_FALSE(entry.meaning.empty()) << entry.key;
  }
}

TEST_F(ConfigTest, ADefaultIsAllowedByItsOwnRange) {
  const Config defaults;
  for (const ConfigKey& row : ConfigTable()) {
    Config config;
    const std::string value = GetConfigValue(row, defaults);
    EXPECT_TRUE(SetConfigValue(row, value, config).ok()) << row.key;
    EXPECT_EQ(GetConfigValue(row, config), value) << row.key;
  }
}

TEST_F(ConfigTest, AKeyStandsInTheTableOnce) {
  std::vector<std::string> seen;
  for (const ConfigKey& row : ConfigTable()) {
    EXPECT_THAT(seen, ::testing::Not(::testing::Contains(row.key)));
    seen.emplace_back(row.key);
  }
}

TEST_F(ConfigTest, AFlagBeatsTheEnvironmentWhichBeatsTheFile) {
  const std::string file = WriteFile(
      "proxy:\n"
      "  port: 1001\n"
      "  maxFieldNum: 11\n"
      "  maxShardNum: 3\n");
  SetEnvironment("PROXY_PORT", "1002");
  SetEnvironment("PROXY_MAXFIELDNUM", "12");
  const auto loaded = LoadConfig(file, {{"proxy.port", "1003", "flag --port"}});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.port, 1003);
  EXPECT_EQ(loaded->config.max_fields, 12);
  EXPECT_EQ(loaded->config.max_shards, 3);
  EXPECT_EQ(Entry(*loaded, "proxy.port").origin, "flag --port");
  EXPECT_EQ(Entry(*loaded, "proxy.maxFieldNum").origin,
            "environment PROXY_MAXFIELDNUM");
  EXPECT_EQ(Entry(*loaded, "proxy.maxShardNum").origin, "file " + file + ":4");
  EXPECT_EQ(Entry(*loaded, "proxy.maxShardNum").value, "3");
}

TEST_F(ConfigTest, OfTwoFlagsForAKeyTheLaterHolds) {
  const auto loaded = LoadConfig(
      "", {{"proxy.port", "1", "flag a"}, {"proxy.port", "2", "flag b"}});
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->config.port, 2);
}

TEST_F(ConfigTest, AMilvusFileStartsAndItsUnknownKeysAreReported) {
  const std::string file = WriteFile(
      "etcd:\n"
      "  endpoints: [a:1, b:2]\n"
      "  ssl: {enabled: false}\n"
      "proxy:\n"
      "  ip:  # if not specified, the first unicast address\n"
      "  port: 19531\n"
      "common: {security: {authorizationEnabled: false}}\n");
  const auto loaded = LoadConfig(file, {});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.port, 19531);
  EXPECT_EQ(loaded->config.bind_address, "127.0.0.1");
  EXPECT_THAT(loaded->unknown_keys,
              ElementsAre("etcd.endpoints", "etcd.ssl.enabled"));
}

TEST_F(ConfigTest, ABadValueIsRefusedWithOriginKeyValueAndRange) {
  const std::string file = WriteFile("proxy:\n  port: 70000\n");
  const std::string message = Refusal(LoadConfig(file, {}));
  EXPECT_THAT(message, HasSubstr(file + ":2"));
  EXPECT_THAT(message, HasSubstr("proxy.port"));
  EXPECT_THAT(message, HasSubstr("'70000'"));
  EXPECT_THAT(message, HasSubstr("1 .. 65535"));
}

TEST_F(ConfigTest, EveryTypeRefusesWhatItCannotHold) {
  const std::pair<const char*, const char*> cases[] = {
      {"proxy.port", ""},
      {"proxy.port", "0"},
      {"proxy.port", "12x"},
      {"proxy.port", "99999999999999999999"},
      {"elanus.roleCalls", "Direct"},
      {"elanus.roleCalls", ""},
      {"elanus.roleCalls", "direct|wire"},
      {"localStorage.path", ""},
      {"proxy.maxShardNum", "0"},
      {"proxy.maxShardNum", "1.5"},
      {"elanus.memoryLimit", "lots"},
      {"elanus.memoryLimit", "-1"},
      {"dataCoord.segment.sealProportion", "0"},
      {"dataCoord.segment.sealProportion", "1.01"},
      {"dataCoord.segment.sealProportion", "nan"},
      {"queryNode.mmap.vectorField", "yes"},
  };
  for (const auto& [key, value] : cases) {
    EXPECT_THAT(Refusal(LoadConfig("", {{key, value, "flag"}})),
                HasSubstr(std::string(key) + ": '" + value + "'"));
  }
}

TEST_F(ConfigTest, AProtectionThatIsNotThereIsRefusedNotIgnored) {
  SetEnvironment("COMMON_SECURITY_AUTHORIZATIONENABLED", "true");
  EXPECT_THAT(Refusal(LoadConfig("", {})),
              HasSubstr("there is no authentication"));
}

TEST_F(ConfigTest, AFlagForAnUnknownKeyIsAnError) {
  EXPECT_THAT(Refusal(LoadConfig("", {{"proxy.prot", "1", "flag --set"}})),
              HasSubstr("proxy.prot"));
}

TEST_F(ConfigTest, AFileThatIsNoYamlMapIsRefusedByName) {
  const std::string missing = ::testing::TempDir() + "no_such_file.yaml";
  EXPECT_THAT(Refusal(LoadConfig(missing, {})), HasSubstr(missing));
  for (const char* text : {"proxy: [1", "- a\n- b\n", "just words",
                           "proxy: {[1]: 2}", "a: *nobody"}) {
    const std::string file = WriteFile(text);
    EXPECT_THAT(Refusal(LoadConfig(file, {})), HasSubstr(file)) << text;
  }
}

TEST_F(ConfigTest, AFileThatMeansATreeWithoutEndIsRefused) {
  std::string doubled = "a0: &a0 {b: 1}\n";
  for (int i = 1; i <= 14; ++i) {
    doubled += fmt::format("a{}: &a{} {{b: *a{}, c: *a{}, d: *a{}}}\n", i, i,
                           i - 1, i - 1, i - 1);
  }
  for (const std::string& text : {std::string("a: &a {b: *a}"),
                                  std::string("a: &a {\"\": *a}"), doubled}) {
    const std::string file = WriteFile(text);
    EXPECT_THAT(Refusal(LoadConfig(file, {})),
                AllOf(HasSubstr(file), HasSubstr("16 levels")))
        << text;
  }
}

TEST_F(ConfigTest, TheTwoPortsDiffer) {
  EXPECT_THAT(Refusal(LoadConfig("", {{"metrics.port", "19530", "flag"}})),
              HasSubstr("both 19530"));
}

TEST(ParseByteSizeTest, UnderstandsPlainNumbersAndBinaryUnits) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {"0", 0},
      {"1073741824", std::int64_t{1} << 30},
      {"512MB", std::int64_t{512} << 20},
      {"4GiB", std::int64_t{4} << 30},
      {"4 gib", std::int64_t{4} << 30},
      {"7k", 7 << 10},
      {"9b", 9},
      {"1T", std::int64_t{1} << 40}};
  for (const auto& [text, bytes] : cases) {
    const auto parsed = ParseByteSize(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, bytes) << text;
  }
}

TEST(ParseByteSizeTest, RefusesWhatIsNoSizeOrTooLarge) {
  for (const char* text : {"", "MB", "-1", "1.5GB", "1XB", "1GBs", "0x10",
                           "9223372036854775808", "8388608TB"}) {
    EXPECT_FALSE(ParseByteSize(text).ok()) << text;
  }
}

// The page is made from the table: a failure prints what it has to say.
TEST(ConfigPageTest, ThePageOfKeysSaysWhatTheTableSays) {
  std::ifstream page(ELANUS_SOURCE_DIR "/docs/configuration.md");
  std::stringstream text;
  text << page.rdbuf();
  const Config defaults;
  for (const ConfigKey& row : ConfigTable()) {
    const std::string value = GetConfigValue(row, defaults);
    EXPECT_THAT(text.str(),
                HasSubstr(fmt::format("\n| `{}` | {} | {} | {} |\n", row.key,
                                      value.empty() ? "(empty)" : value,
                                      ConfigRange(row), row.meaning)));
  }
}

}  // namespace
}  // namespace elanus::base
