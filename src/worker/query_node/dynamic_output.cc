#include "worker/query_node/dynamic_output.h"

namespace elanus::worker {

std::string DynamicReducer::Reduce(std::string_view json) {
  simdjson::dom::object object;
  if (parser_.parse(json.data(), json.size()).get_object().get(object) !=
      simdjson::SUCCESS) {
    return "{}";
  }
  std::string reduced = "{";
  for (const std::string& key : keys_) {
    simdjson::dom::element value;
    if (object.at_key(key).get(value) != simdjson::SUCCESS) continue;
    if (reduced.size() > 1) reduced += ',';
    reduced += '"';
    for (const char c : key) {
      if (c == '"' || c == '\\') reduced += '\\';
      reduced += c;
    }
    reduced += "\":";
    reduced += simdjson::minify(value);
  }
  return reduced + "}";
}

}  // namespace elanus::worker
