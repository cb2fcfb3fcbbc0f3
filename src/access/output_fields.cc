#include "access/output_fields.h"

#include <algorithm>
#include <string_view>

namespace elanus::access {
namespace {

// Each name is compared with the others, and looked for in each row.
constexpr int kOutputFieldsMax = 1024;

class Collector {
 public:
  explicit Collector(const types::Schema& schema) : schema_(schema) {}

  absl::Status Add(const std::string& name) {
    if (name == "*") {
      for (const types::FieldSchema& field : schema_.fields) AddField(field);
      return absl::OkStatus();
    }
    if (const types::FieldSchema* field = schema_.Find(name)) {
      AddField(*field);
      return absl::OkStatus();
    }
    // A path into a field is no key of the dynamic field.
    const types::FieldSchema* dynamic = schema_.dynamic_field();
    if (dynamic == nullptr || name.empty() ||
        name.find_first_of("[]\"'") != std::string::npos) {
      return base::InvalidInput(base::ErrorCode::kUnexpected,
                                "field {} not exist", name);
    }
    if (AddName(name)) found_.columns.add_dynamic_keys(name);
    AddId(*dynamic);
    return absl::OkStatus();
  }

  void AddField(const types::FieldSchema& field) {
    AddName(field.name);
    AddId(field);
    if (field.is_dynamic) found_.columns.set_whole_dynamic(true);
  }

  OutputFields Take() {
    if (found_.columns.whole_dynamic()) found_.columns.clear_dynamic_keys();
    return std::move(found_);
  }

 private:
  bool AddName(const std::string& name) {
    if (std::ranges::find(found_.names, name) != found_.names.end()) {
      return false;
    }
    found_.names.push_back(name);
    return true;
  }

  void AddId(const types::FieldSchema& field) {
    const std::int64_t id = base::ToInt(field.id);
    const auto& ids = found_.columns.field_ids();
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
      found_.columns.add_field_ids(id);
    }
  }

  const types::Schema& schema_;
  OutputFields found_;
};

}  // namespace

absl::StatusOr<OutputFields> ReadOutputFields(
    const types::Schema& schema,
    const google::protobuf::RepeatedPtrField<std::string>& names,
    const OutputOptions& options) {
  if (names.size() > kOutputFieldsMax) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "{} output fields are more than {}: invalid "
                              "parameter",
                              names.size(), kOutputFieldsMax);
  }
  Collector collector(schema);
  for (const std::string& name : names) RETURN_IF_ERROR(collector.Add(name));
  if (options.with_primary_key) collector.AddField(schema.primary_key());
  return collector.Take();
}

}  // namespace elanus::access
