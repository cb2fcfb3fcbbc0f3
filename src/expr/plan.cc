#include "expr/plan.h"

#include <algorithm>
#include <type_traits>

namespace elanus::expr {
namespace {

using base::FieldId;
using types::PrimaryKey;

template <typename Kind>
concept HasColumn = requires(const Kind& kind) {
  kind.column;
};
template <typename Kind>
concept HasChildren = requires(const Kind& kind) {
  kind.children;
};

void CollectFields(const Node& node, std::vector<FieldId>* fields) {
  std::visit(
      [fields]<typename Kind>(const Kind& kind) {
        if constexpr (HasColumn<Kind>) {
          fields->push_back(kind.column.field);
        } else if constexpr (HasChildren<Kind>) {
          for (const NodePtr& child : kind.children) {
            CollectFields(*child, fields);
          }
        } else if constexpr (std::is_same_v<Kind, FieldCompareNode>) {
          fields->push_back(kind.left.field);
          fields->push_back(kind.right.field);
        } else if constexpr (std::is_same_v<Kind, NotNode>) {
          CollectFields(*kind.child, fields);
        }
      },
      node.kind);
}

// Keys of a range that are listed: as many as a delete may name; fewer where
// they have to be better than a scan.
constexpr std::uint64_t kListedMax = 1 << 16;
constexpr std::uint64_t kCandidatesMax = 1 << 10;

std::optional<std::vector<PrimaryKey>> KeysOf(const Node& node, FieldId key,
                                              std::uint64_t range_max) {
  std::vector<PrimaryKey> keys;
  const auto& kind = node.kind;
  if (const auto* range = std::get_if<IntegerRangeNode>(&kind)) {
    // A list of neighbours was made a range: it is a list again.
    if (range->column.field != key || range->negated ||
        range->upper < range->lower ||
        static_cast<std::uint64_t>(range->upper) -
                static_cast<std::uint64_t>(range->lower) >=
            range_max) {
      return std::nullopt;
    }
    for (std::int64_t value = range->lower;; ++value) {
      keys.emplace_back(value);
      if (value == range->upper) return keys;
    }
  }
  if (const auto* term = std::get_if<IntegerTermNode>(&kind)) {
    if (term->column.field != key || term->negated) return std::nullopt;
    const auto values = term->values.values();
    keys.assign(values.begin(), values.end());
    return keys;
  }
  if (const auto* range = std::get_if<TextRangeNode>(&kind)) {
    const bool is_one = !range->negated && range->lower && range->upper &&
                        range->lower->inclusive && range->upper->inclusive &&
                        range->lower->text == range->upper->text;
    if (range->column.field != key || !is_one) return std::nullopt;
    keys.emplace_back(range->lower->text);
    return keys;
  }
  if (const auto* term = std::get_if<TextTermNode>(&kind)) {
    if (term->column.field != key || term->negated) return std::nullopt;
    keys.assign(term->values.begin(), term->values.end());
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  return std::nullopt;
}

}  // namespace

Plan::Plan(NodePtr root, FieldId primary_key)
    : root_(std::move(root)), primary_key_(primary_key) {
  CollectFields(*root_, &fields_);
  std::sort(fields_.begin(), fields_.end());
  fields_.erase(std::unique(fields_.begin(), fields_.end()), fields_.end());
}

std::optional<std::vector<PrimaryKey>> Plan::PrimaryKeyList() const {
  if (always_false()) return std::vector<PrimaryKey>{};
  return KeysOf(*root_, primary_key_, kListedMax);
}

std::optional<std::vector<PrimaryKey>> Plan::PrimaryKeyCandidates() const {
  if (always_false()) return std::vector<PrimaryKey>{};
  if (auto keys = KeysOf(*root_, primary_key_, kCandidatesMax)) return keys;
  const auto* both = std::get_if<AndNode>(&root_->kind);
  if (both == nullptr) return std::nullopt;
  std::optional<std::vector<PrimaryKey>> fewest;
  for (const NodePtr& child : both->children) {
    auto keys = KeysOf(*child, primary_key_, kCandidatesMax);
    if (keys && (!fewest || keys->size() < fewest->size())) {
      fewest = std::move(keys);
    }
  }
  return fewest;
}

}  // namespace elanus::expr
