#include "access/json_check.h"

namespace elanus::access {

bool IsUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

absl::Status JsonChecker::Check(std::string_view text) {
  simdjson::dom::element element;
  const simdjson::error_code error =
      parser_.parse(text.data(), text.size()).get(element);
  if (error == simdjson::SUCCESS) return absl::OkStatus();
  return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                            "the value is not valid JSON ({}): invalid "
                            "parameter",
                            simdjson::error_message(error));
}

absl::Status JsonChecker::CheckDynamic(std::string_view text) {
  simdjson::dom::object object;
  if (parser_.parse(text.data(), text.size()).get_object().get(object) !=
      simdjson::SUCCESS) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "the dynamic field's value is not a JSON "
                              "object: invalid parameter");
  }
  for (const auto field : object) {
    const std::string_view key = field.key;
    if (schema_.Find(key) != nullptr) {
      return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                                "dynamic json cannot include the static field "
                                "name {}: invalid parameter",
                                key);
    }
  }
  return absl::OkStatus();
}

}  // namespace elanus::access
