// From the text of a filter to a plan: parse, bind names to the schema, put
// template values in, check types, fold constants.
//
//   ASSIGN_OR_RETURN(
//       std::shared_ptr<const Plan> plan,
//       CompileFilter("age > 18 and city in {c}", schema, values));
//
// Plans without templates may be cached by (text, schema version).
//
// Threads: pure functions.
// Errors:  kParameterInvalid, the caller's fault, worded as Milvus words them:
//          `{verb}: cannot parse expression: {text}, error: {why}: invalid
//          parameter`; a text that is no condition: `{verb}: predicate is not a
//          boolean expression: {text}, data type: {T}: invalid parameter`.
// Limits:  kNestingMax levels of nesting; no other limit but memory, which is
//          about 40 bytes for each byte of text at most.
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "expr/literal.h"
#include "expr/plan.h"
#include "types/schema.h"

namespace elanus::expr {

// Levels of parentheses, operators and lists within each other. Chains of
// `and`, `or` count as one level.
inline constexpr int kNestingMax = 256;

inline constexpr std::string_view kQueryPlanVerb =
    "failed to create query plan";
inline constexpr std::string_view kDeletePlanVerb =
    "failed to create delete plan";

struct CompileOptions {
  std::string_view verb = kQueryPlanVerb;  // begins each message
};

// An empty or blank text gives an always-true plan. Values that the text does
// not use are ignored.
absl::StatusOr<std::shared_ptr<const Plan>> CompileFilter(
    std::string_view text, const types::Schema& schema,
    const TemplateValues& values, const CompileOptions& options);

inline absl::StatusOr<std::shared_ptr<const Plan>> CompileFilter(
    std::string_view text, const types::Schema& schema,
    const TemplateValues& values) {
  return CompileFilter(text, schema, values, CompileOptions{});
}

}  // namespace elanus::expr
