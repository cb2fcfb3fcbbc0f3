#include "expr/plan/logic.h"

#include <algorithm>
#include <map>
#include <type_traits>
#include <utility>

#include "expr/plan/conditions.h"

namespace elanus::expr {
namespace {

NodePtr Wrap(Node::Kind kind) {
  return std::make_unique<Node>(Node{std::move(kind)});
}

// Nodes are made non-const, here and in conditions.cc, and nobody else has them
// before the plan is whole.
Node& Mutable(const NodePtr& node) { return const_cast<Node&>(*node); }

// What one row costs, roughly in nanoseconds.
int CostOf(const Node& node);

struct CostVisitor {
  int operator()(const ConstantNode&) const { return 0; }
  int operator()(const KnownNode&) const { return 0; }
  int operator()(const NullNode&) const { return 0; }
  int operator()(const IntegerRangeNode&) const { return 1; }
  int operator()(const FloatRangeNode&) const { return 1; }
  int operator()(const IntegerTermNode&) const { return 3; }
  int operator()(const FloatTermNode&) const { return 3; }
  int operator()(const ArithmeticNode& node) const {
    return node.column.type == types::DataType::kJson ? 100 : 2;
  }
  int operator()(const FieldCompareNode&) const { return 2; }
  int operator()(const TextRangeNode&) const { return 8; }
  int operator()(const TextTermNode&) const { return 15; }
  int operator()(const LikeNode& node) const {
    return node.column.type == types::DataType::kJson ? 100 : 20;
  }
  int operator()(const ExistsNode&) const { return 100; }
  int operator()(const JsonCompareNode&) const { return 100; }
  int operator()(const JsonRangeNode&) const { return 100; }
  int operator()(const JsonTermNode&) const { return 100; }
  int operator()(const JsonContainsNode&) const { return 150; }
  int operator()(const JsonLengthNode&) const { return 120; }
  int operator()(const AndNode& node) const { return Sum(node.children); }
  int operator()(const OrNode& node) const { return Sum(node.children); }
  int operator()(const NotNode& node) const { return CostOf(*node.child); }

  static int Sum(const std::vector<NodePtr>& children) {
    int sum = 0;
    for (const NodePtr& child : children) {
      sum = std::min(sum + CostOf(*child), 1'000'000);
    }
    return sum;
  }
};

int CostOf(const Node& node) { return std::visit(CostVisitor{}, node.kind); }

void SortByCost(std::vector<NodePtr>* children) {
  std::vector<std::pair<int, NodePtr>> costs;
  costs.reserve(children->size());
  for (NodePtr& child : *children) {
    const int cost = CostOf(*child);
    costs.emplace_back(cost, std::move(child));
  }
  std::stable_sort(
      costs.begin(), costs.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < costs.size(); ++i) {
    (*children)[i] = std::move(costs[i].second);
  }
}

// The values of `column == v` and `column in [...]`, by column.
struct Equalities {
  Column column;
  Literal::List values;
};

template <typename Values>
void Append(const Values& values, Literal::List* list) {
  for (const auto& value : values) list->emplace_back().value = value;
}

// Moves the values of an equality into `found`; false where it is none. Whole
// columns only: Bool has but two values, floats differ by their width.
bool TakeEqualities(const Node& node,
                    std::map<base::FieldId, Equalities>* found) {
  const auto list_of = [found](const Column& column) {
    Equalities& entry = (*found)[column.field];
    entry.column = column;
    return &entry.values;
  };
  if (const auto* range = std::get_if<IntegerRangeNode>(&node.kind)) {
    const bool is_equality = !range->negated && range->lower == range->upper &&
                             range->column.type != types::DataType::kBool;
    if (is_equality)
      list_of(range->column)->emplace_back().value = range->lower;
    return is_equality;
  }
  if (const auto* term = std::get_if<IntegerTermNode>(&node.kind)) {
    if (!term->negated) Append(term->values.values(), list_of(term->column));
    return !term->negated;
  }
  if (const auto* range = std::get_if<TextRangeNode>(&node.kind)) {
    const bool is_equality = !range->negated && range->lower && range->upper &&
                             range->lower->inclusive &&
                             range->upper->inclusive &&
                             range->lower->text == range->upper->text;
    if (is_equality) {
      list_of(range->column)->emplace_back().value = range->lower->text;
    }
    return is_equality;
  }
  if (const auto* term = std::get_if<TextTermNode>(&node.kind)) {
    if (!term->negated) Append(term->values, list_of(term->column));
    return !term->negated;
  }
  return false;
}

void MergeEqualities(std::vector<NodePtr>* children) {
  std::map<base::FieldId, Equalities> found;
  std::erase_if(*children, [&found](const NodePtr& child) {
    return TakeEqualities(*child, &found);
  });
  for (auto& [field, entry] : found) {
    // Values that were in nodes fit their column.
    auto node = MakeTerm(std::move(entry.column),
                         Literal{std::move(entry.values)}, /*negated=*/false);
    if (node.ok()) children->push_back(*std::move(node));
  }
}

// Takes children that are of the same kind apart, drops constants that change
// nothing. Returns true where one child decides alone.
template <typename Kind>
bool Flatten(std::vector<NodePtr> children, bool deciding,
             std::vector<NodePtr>* flat) {
  for (NodePtr& child : children) {
    Node& node = Mutable(child);
    if (auto* same = std::get_if<Kind>(&node.kind)) {
      for (NodePtr& inner : same->children) flat->push_back(std::move(inner));
    } else if (const auto* constant = std::get_if<ConstantNode>(&node.kind)) {
      if (constant->value == deciding) return true;
    } else {
      flat->push_back(std::move(child));
    }
  }
  return false;
}

}  // namespace

NodePtr MakeAnd(std::vector<NodePtr> children) {
  AndNode node;
  if (Flatten<AndNode>(std::move(children), false, &node.children)) {
    return MakeConstant(false);
  }
  if (node.children.empty()) return MakeConstant(true);
  if (node.children.size() == 1) return std::move(node.children[0]);
  SortByCost(&node.children);
  return Wrap(std::move(node));
}

NodePtr MakeOr(std::vector<NodePtr> children) {
  OrNode node;
  if (Flatten<OrNode>(std::move(children), true, &node.children)) {
    return MakeConstant(true);
  }
  if (node.children.size() > 1) MergeEqualities(&node.children);
  if (node.children.empty()) return MakeConstant(false);
  if (node.children.size() == 1) return std::move(node.children[0]);
  SortByCost(&node.children);
  return Wrap(std::move(node));
}

NodePtr MakeNot(NodePtr child) {
  Node& node = Mutable(child);
  if (const auto* constant = std::get_if<ConstantNode>(&node.kind)) {
    return MakeConstant(!constant->value);
  }
  if (auto* inner = std::get_if<NotNode>(&node.kind)) {
    return std::move(inner->child);
  }
  if (auto* known = std::get_if<KnownNode>(&node.kind)) {
    known->value = !known->value;
    return child;
  }
  const bool is_flipped = std::visit(
      []<typename Kind>(Kind& kind) {
        if constexpr (requires { kind.negated; }) {
          kind.negated = !kind.negated;
          return true;
        } else {
          return false;
        }
      },
      node.kind);
  return is_flipped ? std::move(child) : Wrap(NotNode{std::move(child)});
}

}  // namespace elanus::expr
