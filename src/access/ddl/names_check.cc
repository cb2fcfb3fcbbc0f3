#include "access/ddl/names_check.h"

#include <algorithm>
#include <string>

#include "types/schema.h"

namespace elanus::access {
namespace {

using base::ErrorCode;
using base::InvalidInput;

enum class Flaw { kNone, kEmpty, kTooLong, kFirst, kOther };

struct NameRule {
  std::string_view what;  // "collection name"
  bool may_begin_with_digit = false;
  bool may_have_dash = false;
};

constexpr NameRule kCollection = {.what = "collection name"};
constexpr NameRule kAlias = {.what = "collection alias"};
constexpr NameRule kPartition = {.what = "partition name",
                                 .may_begin_with_digit = true,
                                 .may_have_dash = true};
constexpr NameRule kField = {.what = "field name"};
constexpr NameRule kIndex = {.what = "index name"};
constexpr NameRule kDatabase = {.what = "database name"};

// The locale has no say in this.
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

Flaw FindFlaw(const NameRule& rule, std::string_view name,
              std::int64_t max_length) {
  if (name.empty()) return Flaw::kEmpty;
  if (static_cast<std::int64_t>(name.size()) > max_length) {
    return Flaw::kTooLong;
  }
  const char first = name.front();
  if (!IsLetter(first) && !(rule.may_begin_with_digit && IsDigit(first))) {
    return Flaw::kFirst;
  }
  const bool is_good = std::all_of(name.begin(), name.end(), [&](char c) {
    return IsLetter(c) || IsDigit(c) || (rule.may_have_dash && c == '-');
  });
  return is_good ? Flaw::kNone : Flaw::kOther;
}

// "the length of a collection name must be less than 255 characters"
std::string Reason(const NameRule& rule, Flaw flaw, std::int64_t max_length) {
  switch (flaw) {
    case Flaw::kNone:
      return "";
    case Flaw::kEmpty:
      return fmt::format("{} should not be empty", rule.what);
    case Flaw::kTooLong:
      return fmt::format("the length of a {} must be less than {} characters",
                         rule.what, max_length);
    case Flaw::kFirst:
      return fmt::format(
          "the first character of a {} must be an underscore or letter",
          rule.what);
    case Flaw::kOther:
      return fmt::format("{} can only contain numbers, letters and underscores",
                         rule.what);
  }
  return "";
}

// "collection name should not be empty: invalid parameter", else with the name
// in front.
absl::Status CheckPlain(const NameRule& rule, std::string_view name,
                        std::int64_t max_length) {
  const Flaw flaw = FindFlaw(rule, name, max_length);
  if (flaw == Flaw::kNone) return absl::OkStatus();
  const std::string reason = Reason(rule, flaw, max_length);
  if (flaw == Flaw::kEmpty) {
    return InvalidInput(ErrorCode::kParameterInvalid, "{}: invalid parameter",
                        reason);
  }
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "Invalid {}: {}. {}: invalid parameter", rule.what, name,
                      reason);
}

std::string Capitalised(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') {
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  }
  return text;
}

bool IsHiddenField(std::string_view name) {
  return name == "RowID" || name == "Timestamp" ||
         name == types::kDynamicFieldName;
}

}  // namespace

absl::Status CheckCollectionName(std::string_view name,
                                 std::int64_t max_length) {
  return CheckPlain(kCollection, name, max_length);
}

absl::Status CheckAliasName(std::string_view name, std::int64_t max_length) {
  return CheckPlain(kAlias, name, max_length);
}

absl::Status CheckIndexName(std::string_view name, std::int64_t max_length) {
  return CheckPlain(kIndex, name, max_length);
}

absl::Status CheckPartitionName(std::string_view name,
                                std::int64_t max_length) {
  const Flaw flaw = FindFlaw(kPartition, name, max_length);
  if (flaw == Flaw::kNone) return absl::OkStatus();
  return InvalidInput(ErrorCode::kUnexpected, "Invalid partition name: {}. {}.",
                      name, Capitalised(Reason(kPartition, flaw, max_length)));
}

absl::Status CheckFieldName(std::string_view name, std::int64_t max_length) {
  if (IsHiddenField(name)) {
    return InvalidInput(ErrorCode::kFieldInvalidName,
                        "Invalid field name: {}. The name is reserved: field "
                        "name invalid[field={}]",
                        name, name);
  }
  const Flaw flaw = FindFlaw(kField, name, max_length);
  if (flaw == Flaw::kNone) return absl::OkStatus();
  return InvalidInput(
      ErrorCode::kFieldInvalidName,
      "Invalid field name: {}. {}: field name invalid[field={}]", name,
      Capitalised(Reason(kField, flaw, max_length)), name);
}

absl::Status CheckDatabaseName(std::string_view name, std::int64_t max_length) {
  const Flaw flaw = FindFlaw(kDatabase, name, max_length);
  if (flaw == Flaw::kNone) return absl::OkStatus();
  return InvalidInput(ErrorCode::kDatabaseInvalidName,
                      "{}: invalid database name[database={}]",
                      Reason(kDatabase, flaw, max_length), name);
}

}  // namespace elanus::access
