// The wanted keys of a row's dynamic field.
//
// Threads: a reducer belongs to one thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simdjson.h"

namespace elanus::worker {

class DynamicReducer {
 public:
  explicit DynamicReducer(std::vector<std::string> keys)
      : keys_(std::move(keys)) {}

  // The object with the wanted keys only, values as they were written. What is
  // no object gives {}.
  std::string Reduce(std::string_view json);

 private:
  const std::vector<std::string> keys_;
  simdjson::dom::parser parser_;
};

}  // namespace elanus::worker
