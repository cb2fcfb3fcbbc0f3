// Checks of JSON and text that clients send.
//
// Threads: a checker belongs to one thread.
// Errors:  kParameterInvalid, the caller's fault.
#pragma once

#include <string_view>

#include "base/status.h"
#include "simdjson.h"
#include "types/schema.h"

namespace elanus::access {

bool IsUtf8(std::string_view text);

class JsonChecker {
 public:
  // `schema` must outlive the checker.
  explicit JsonChecker(const types::Schema& schema) : schema_(schema) {}

  // One whole JSON value.
  absl::Status Check(std::string_view text);
  // An object without a key that is a field's name.
  absl::Status CheckDynamic(std::string_view text);

 private:
  const types::Schema& schema_;
  simdjson::dom::parser parser_;
};

}  // namespace elanus::access
