// Structured text log. A thin face, so that spdlog's headers stay in log.cc.
//
//   LOG_INFO("serving on {}:{}", address, port);
//
// Threads: any. Secrets, vectors and rows are never logged.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace elanus::base {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  bool json = false;      // one JSON object a line instead of text
  std::string directory;  // empty = standard error only
};

// Once at start, before other threads run; without it the defaults hold.
void InitLog(const LogOptions& options);

bool IsLogged(LogLevel level);
void WriteLog(LogLevel level, std::string_view message);

// Broken invariant: writes the message and stops the process.
[[noreturn]] void Die(const char* file, int line, std::string_view condition);

}  // namespace elanus::base

#define ELANUS_LOG(level, ...)                                     \
  do {                                                             \
    if (::elanus::base::IsLogged(level))                           \
      ::elanus::base::WriteLog(level, ::fmt::format(__VA_ARGS__)); \
  } while (false)
#define LOG_DEBUG(...) ELANUS_LOG(::elanus::base::LogLevel::kDebug, __VA_ARGS__)
#define LOG_INFO(...) ELANUS_LOG(::elanus::base::LogLevel::kInfo, __VA_ARGS__)
#define LOG_WARN(...) ELANUS_LOG(::elanus::base::LogLevel::kWarn, __VA_ARGS__)
#define LOG_ERROR(...) ELANUS_LOG(::elanus::base::LogLevel::kError, __VA_ARGS__)

// For broken invariants only (our bug), never for input, files or peers.
#define CHECK(condition)        \
  (static_cast<bool>(condition) \
       ? static_cast<void>(0)   \
       : ::elanus::base::Die(__FILE__, __LINE__, #condition))
#ifdef NDEBUG
#define DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define DCHECK(condition) CHECK(condition)
#endif
