#include "base/log.h"

#include <cstdlib>
#include <memory>
#include <vector>

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace elanus::base {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{300} << 20;  // as Milvus
constexpr std::size_t kFilesMax = 20;

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%e%z %L %v";
constexpr const char* kJsonPattern =
    R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%v})";

spdlog::level::level_enum LevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

struct Sink {
  std::shared_ptr<spdlog::logger> logger;
  bool json = false;
};

Sink MakeSink(const LogOptions& options) {
  std::vector<spdlog::sink_ptr> sinks = {
      std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  if (!options.directory.empty()) {
    sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        options.directory + "/elanus.log", kFileBytesMax, kFilesMax));
  }
  Sink sink{
      std::make_shared<spdlog::logger>("elanus", sinks.begin(), sinks.end()),
      options.json};
  sink.logger->set_pattern(options.json ? kJsonPattern : kTextPattern);
  sink.logger->set_level(LevelOf(options.level));
  sink.logger->flush_on(spdlog::level::info);
  return sink;
}

// The process's log: the one thing besides metrics and CPU dispatch that is
// reached without being passed in.
Sink& TheSink() {
  static Sink sink = MakeSink({});
  return sink;
}

std::string JsonText(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace

void InitLog(const LogOptions& options) { TheSink() = MakeSink(options); }

bool IsLogged(LogLevel level) {
  return TheSink().logger->should_log(LevelOf(level));
}

void WriteLog(LogLevel level, std::string_view message) {
  const Sink& sink = TheSink();
  sink.logger->log(LevelOf(level),
                   sink.json ? JsonText(message) : std::string(message));
}

void Die(const char* file, int line, std::string_view condition) {
  WriteLog(LogLevel::kError,
           fmt::format("{}:{}: broken invariant: {}", file, line, condition));
  std::abort();
}

}  // namespace elanus::base
