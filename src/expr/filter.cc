#include "expr/filter.h"

#include <utility>

#include "expr/parse/parser.h"
#include "expr/plan/binder.h"
#include "expr/plan/conditions.h"

namespace elanus::expr {
namespace {

using base::ErrorCode;
using base::InvalidInput;

bool IsBlankText(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

absl::StatusOr<Bound> ParseAndBind(std::string_view text,
                                   const types::Schema& schema,
                                   const TemplateValues& values) {
  ASSIGN_OR_RETURN(const Ast ast, Parse(text, kNestingMax));
  return Bind(ast, schema, values);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Plan>> CompileFilter(
    std::string_view text, const types::Schema& schema,
    const TemplateValues& values, const CompileOptions& options) {
  const base::FieldId key = schema.primary_key().id;
  if (IsBlankText(text)) {
    return std::make_shared<const Plan>(MakeConstant(true), key);
  }
  absl::StatusOr<Bound> bound = ParseAndBind(text, schema, values);
  if (!bound.ok()) {
    return InvalidInput(
        ErrorCode::kParameterInvalid,
        "{}: cannot parse expression: {}, error: {}: invalid parameter",
        options.verb, text, base::MessageOf(bound.status()));
  }
  if (bound->root == nullptr) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "{}: predicate is not a boolean expression: {}, data "
                        "type: {}: invalid parameter",
                        options.verb, text, bound->data_type);
  }
  return std::make_shared<const Plan>(std::move(bound->root), key);
}

}  // namespace elanus::expr
