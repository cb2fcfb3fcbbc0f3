#include "access/grpc/request_peek.h"

#include <optional>

#include "access/grpc/wire_fields.h"

namespace elanus::access {

absl::Status PeekNames(std::string_view request, const RequestFields& fields,
                       RequestNames* names) {
  const auto malformed = [] {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "the bytes are not a message");
  };
  std::size_t parts = 0;
  while (!request.empty()) {
    const std::optional<WireField> field = TakeField(request);
    if (!field) return malformed();
    if (!field->is_part) continue;
    if (++parts > kRequestPartsMax) {
      return base::InvalidInput(base::ErrorCode::kParameterTooLarge,
                                "more than {} parts", kRequestPartsMax);
    }
    if (field->number == fields.db_name) names->db_name = field->content;
    if (field->number != fields.object_name) continue;
    if (!fields.object_name_repeated) names->objects.clear();
    names->objects.push_back(field->content);
  }
  if (fields.object_name != 0 && names->objects.empty()) {
    names->objects.emplace_back();
  }
  return absl::OkStatus();
}

}  // namespace elanus::access
