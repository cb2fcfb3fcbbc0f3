#include "types/schema.h"

#include "base/log.h"

namespace elanus::types {
namespace {

template <typename Matches>
const FieldSchema* FindIf(const Schema& schema, Matches matches) {
  for (const FieldSchema& field : schema.fields) {
    if (matches(field)) return &field;
  }
  return nullptr;
}

}  // namespace

const FieldSchema* Schema::Find(base::FieldId id) const {
  return FindIf(*this, [id](const FieldSchema& f) { return f.id == id; });
}

const FieldSchema* Schema::Find(std::string_view field_name) const {
  return FindIf(*this, [field_name](const FieldSchema& f) {
    return f.name == field_name;
  });
}

const FieldSchema& Schema::primary_key() const {
  const FieldSchema* field =
      FindIf(*this, [](const FieldSchema& f) { return f.is_primary_key; });
  CHECK(field != nullptr);
  return *field;
}

const FieldSchema* Schema::dynamic_field() const {
  return FindIf(*this, [](const FieldSchema& f) { return f.is_dynamic; });
}

}  // namespace elanus::types
