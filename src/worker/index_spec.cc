#include "worker/index_spec.h"

#include <utility>

#include "base/ids.h"

namespace elanus::worker {

absl::StatusOr<index::IndexSpec> SpecOfIndex(const internal::IndexMeta& index,
                                             const types::Schema& schema) {
  const types::FieldSchema* field =
      schema.Find(base::FieldId{index.field_id()});
  if (field == nullptr) {
    return base::Error(base::ErrorCode::kFieldNotFound,
                       "field not found[field={}]", index.field_name());
  }
  index::ParamMap params;
  for (const auto& pair : index.user_params()) {
    params[pair.key()] = pair.value();
  }
  return index::ParseIndexSpec({.type_name = index.index_type(),
                                .metric_name = index.metric_type(),
                                .data_type = field->type,
                                .dim = static_cast<std::size_t>(field->dim),
                                .params = std::move(params)});
}

}  // namespace elanus::worker
