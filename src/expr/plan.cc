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

// The keys of a written range that are looked up: more are not better than a
// scan.
constexpr std::uint64_t kLookedUpMax = 1 << 10;

// Whether the node holds for the rows of some keys that it names, no others.
bool NamesKeys(const Node& node, FieldId key) {
  const auto& kind = node.kind;
  if (const auto* range = std::get_if<IntegerRangeNode>(&kind)) {
    return range->column.field == key && !range->negated &&
           (range->is_list || range->lower == range->upper);
  }
  if (const auto* term = std::get_if<IntegerTermNode>(&kind)) {
    return term->column.field == key && !term->negated;
  }
  if (const auto* range = std::get_if<TextRangeNode>(&kind)) {
    return range->column.field == key && !range->negated && range->lower &&
           range->upper && range->lower->inclusive && range->upper->inclusive &&
           range->lower->text == range->upper->text;
  }
  const auto* term = std::get_if<TextTermNode>(&kind);
  return term != nullptr && term->column.field == key && !term->negated;
}

bool IsNarrowRange(const Node& node, FieldId key) {
  const auto* range = std::get_if<IntegerRangeNode>(&node.kind);
  return range != nullptr && range->column.field == key && !range->negated &&
         range->lower <= range->upper &&
         static_cast<std::uint64_t>(range->upper) -
                 static_cast<std::uint64_t>(range->lower) <
             kLookedUpMax;
}

// Of a node for which one of the two above holds.
std::vector<PrimaryKey> KeysIn(const Node& node) {
  std::vector<PrimaryKey> keys;
  const auto& kind = node.kind;
  if (const auto* range = std::get_if<IntegerRangeNode>(&kind)) {
    for (std::int64_t value = range->lower; value < range->upper; ++value) {
      keys.emplace_back(value);
    }
    keys.emplace_back(range->upper);
  } else if (const auto* term = std::get_if<IntegerTermNode>(&kind)) {
    const auto values = term->values.values();
    keys.assign(values.begin(), values.end());
  } else if (const auto* one = std::get_if<TextRangeNode>(&kind)) {
    keys.emplace_back(one->lower->text);
  } else if (const auto* texts = std::get_if<TextTermNode>(&kind)) {
    keys.assign(texts->values.begin(), texts->values.end());
    std::sort(keys.begin(), keys.end());
  }
  return keys;
}

std::optional<std::vector<PrimaryKey>> CandidatesOf(const Node& node,
                                                    FieldId key) {
  if (!NamesKeys(node, key) && !IsNarrowRange(node, key)) return std::nullopt;
  return KeysIn(node);
}

}  // namespace

Plan::Plan(NodePtr root, FieldId primary_key)
    : root_(std::move(root)), primary_key_(primary_key) {
  CollectFields(*root_, &fields_);
  std::sort(fields_.begin(), fields_.end());
  fields_.erase(std::unique(fields_.begin(), fields_.end()), fields_.end());
}

std::optional<std::vector<PrimaryKey>> Plan::PrimaryKeyList() const {
  if (!IsPrimaryKeyList()) return std::nullopt;
  return KeysIn(*root_);
}

bool Plan::IsPrimaryKeyList() const {
  return always_false() || NamesKeys(*root_, primary_key_);
}

std::optional<std::vector<PrimaryKey>> Plan::PrimaryKeyCandidates() const {
  if (always_false()) return std::vector<PrimaryKey>{};
  if (auto keys = CandidatesOf(*root_, primary_key_)) return keys;
  const auto* both = std::get_if<AndNode>(&root_->kind);
  if (both == nullptr) return std::nullopt;
  std::optional<std::vector<PrimaryKey>> fewest;
  for (const NodePtr& child : both->children) {
    auto keys = CandidatesOf(*child, primary_key_);
    if (keys && (!fewest || keys->size() < fewest->size())) {
      fewest = std::move(keys);
    }
  }
  return fewest;
}

}  // namespace elanus::expr
