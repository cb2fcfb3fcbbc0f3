// Random filters over random rows, against an interpreter that goes row by row
// over its own tree and never sees the text or the plan.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "expr/test_chunk.h"

namespace elanus::expr {
namespace {

// true, false, or nullopt = unknown.
using Truth3 = std::optional<bool>;

struct Tree {
  enum class Kind { kAnd, kOr, kNot, kLeaf };
  Kind kind = Kind::kLeaf;
  std::vector<Tree> children;
  // leaf
  std::string text;
  std::function<Truth3(const TestRow&)> eval;
};

std::optional<double> NumberIn(const TestRow& row, const std::string& name) {
  const auto found = row.find(name);
  if (found == row.end()) return std::nullopt;
  if (const auto* i = std::get_if<std::int64_t>(&found->second)) {
    return static_cast<double>(*i);
  }
  if (const auto* d = std::get_if<double>(&found->second)) return *d;
  return std::nullopt;
}

std::optional<std::string> TextIn(const TestRow& row, const std::string& name) {
  const auto found = row.find(name);
  if (found == row.end()) return std::nullopt;
  return std::get<std::string>(found->second);
}

const char* const kCompareTexts[] = {"==", "!=", "<", "<=", ">", ">="};

template <typename T>
bool CompareBy(int op, const T& a, const T& b) {
  switch (op) {
    case 0:
      return a == b;
    case 1:
      return !(a == b);
    case 2:
      return a < b;
    case 3:
      return !(b < a);
    case 4:
      return b < a;
    default:
      return !(a < b);
  }
}

Truth3 Interpret(const Tree& tree, const TestRow& row) {
  if (tree.kind == Tree::Kind::kLeaf) return tree.eval(row);
  if (tree.kind == Tree::Kind::kNot) {
    const Truth3 inner = Interpret(tree.children[0], row);
    return inner ? Truth3(!*inner) : std::nullopt;
  }
  const bool deciding = tree.kind == Tree::Kind::kOr;
  bool is_unknown = false;
  for (const Tree& child : tree.children) {
    const Truth3 truth = Interpret(child, row);
    if (!truth) is_unknown = true;
    if (truth && *truth == deciding) return deciding;
  }
  return is_unknown ? std::nullopt : Truth3(!deciding);
}

std::string TextOf(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::kLeaf:
      return tree.text;
    case Tree::Kind::kNot:
      return "not (" + TextOf(tree.children[0]) + ")";
    case Tree::Kind::kAnd:
    case Tree::Kind::kOr:
      break;
  }
  std::string text;
  for (const Tree& child : tree.children) {
    if (!text.empty()) text += tree.kind == Tree::Kind::kAnd ? " and " : " or ";
    text += "(" + TextOf(child) + ")";
  }
  return text;
}

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  TestRow Row() {
    TestRow row;
    row["id"] = Small();
    for (const char* name : {"i8", "i16", "i32", "i64"}) row[name] = Small();
    for (const char* name : {"f", "d"}) row[name] = Half();
    row["s"] = Text();
    if (Pick(3) != 0) row["ni"] = Small();
    if (Pick(3) != 0) row["n8"] = Small();
    if (Pick(3) != 0) row["nd"] = Half();
    if (Pick(3) != 0) row["ns"] = Text();
    // The interpreter's own copy of what lies in JSON: jk, or absent.
    std::string json = "{\"pad\": [1, {\"k\": 99}]";
    if (Pick(3) != 0) {
      row["jk"] = Small();
      json += ", \"k\": " + std::to_string(std::get<std::int64_t>(row["jk"]));
    } else if (Pick(2) == 0) {
      json += ", \"k\": \"text\"";
    }
    row["j"] = json + "}";
    return row;
  }

  Tree Condition(int depth) {
    if (depth == 0 || Pick(4) == 0) return Leaf();
    Tree tree;
    const int kind = Pick(3);
    tree.kind = kind == 0   ? Tree::Kind::kAnd
                : kind == 1 ? Tree::Kind::kOr
                            : Tree::Kind::kNot;
    const int children = kind == 2 ? 1 : 2 + Pick(3);
    for (int i = 0; i < children; ++i) {
      tree.children.push_back(Condition(depth - 1));
    }
    return tree;
  }

 private:
  int Pick(int count) {
    return static_cast<int>(random_() % static_cast<std::uint64_t>(count));
  }
  std::int64_t Small() { return Pick(9) - 4; }
  double Half() { return static_cast<double>(Pick(17) - 8) / 2; }
  std::string Text() {
    std::string text;
    for (int i = Pick(4); i > 0; --i) text.push_back("ab"[Pick(2)]);
    return text;
  }
  static bool IsFloat(const std::string& name) {
    return name == "f" || name == "d" || name == "nd";
  }
  std::string NumericField() {
    const char* const names[] = {"id", "i8", "i16", "i32", "i64",
                                 "f",  "d",  "ni",  "n8",  "nd"};
    return names[Pick(10)];
  }
  double Number(const std::string& field) {
    return IsFloat(field) ? Half() : static_cast<double>(Small());
  }
  static std::string Write(double number) { return fmt::format("{}", number); }
  // An int field takes no literal with a point.
  static std::string Write(const std::string& field, double number) {
    return IsFloat(field) ? Write(number)
                          : std::to_string(static_cast<std::int64_t>(number));
  }

  Tree Leaf() {
    switch (Pick(10)) {
      case 0:
        return TextLeaf();
      case 1:
        return TermLeaf();
      case 2:
        return RangeLeaf();
      case 3:
        return ArithmeticLeaf();
      case 4:
        return FieldsLeaf();
      case 5:
        return NullLeaf();
      case 6:
        return JsonLeaf();
      case 7:
        return JsonTermLeaf();
      default:
        return CompareLeaf();
    }
  }

  static Tree Make(std::string text,
                   std::function<Truth3(const TestRow&)> eval) {
    Tree tree;
    tree.text = std::move(text);
    tree.eval = std::move(eval);
    return tree;
  }

  Tree CompareLeaf() {
    const std::string field = NumericField();
    const int op = Pick(6);
    const double value = Number(field);
    return Make(field + " " + kCompareTexts[op] + " " + Write(field, value),
                [=](const TestRow& row) -> Truth3 {
                  const auto own = NumberIn(row, field);
                  if (!own) return std::nullopt;
                  return CompareBy(op, *own, value);
                });
  }

  Tree TermLeaf() {
    const std::string field = NumericField();
    const bool negated = Pick(2) == 0;
    std::vector<double> values;
    std::string list;
    for (int i = Pick(5); i > 0; --i) {
      values.push_back(Number(field));
      list += Write(field, values.back()) + ",";
    }
    return Make(field + (negated ? " not in [" : " in [") + list + "]",
                [=](const TestRow& row) -> Truth3 {
                  const auto own = NumberIn(row, field);
                  if (!own) return std::nullopt;
                  bool is_in = false;
                  for (const double value : values) is_in |= value == *own;
                  return is_in != negated;
                });
  }

  Tree RangeLeaf() {
    const std::string field = NumericField();
    const double lower = Number(field);
    const double upper = lower + 1 + Pick(4);
    const bool is_closed = Pick(2) == 0;
    const std::string less = is_closed ? " <= " : " < ";
    return Make(
        Write(field, lower) + less + field + " < " + Write(field, upper),
        [=](const TestRow& row) -> Truth3 {
          const auto own = NumberIn(row, field);
          if (!own) return std::nullopt;
          const bool above = is_closed ? lower <= *own : lower < *own;
          return above && *own < upper;
        });
  }

  Tree ArithmeticLeaf() {
    const std::string field = NumericField();
    const int op = Pick(IsFloat(field) ? 4 : 5);
    const double operand = IsFloat(field) ? 0.5 * (1 + Pick(4)) : 1 + Pick(4);
    const int compare = Pick(6);
    const double value = Number(field);
    const bool is_int = !IsFloat(field);
    const std::string text = field + " " + "+-*/%"[op] + " " +
                             Write(field, operand) + " " +
                             kCompareTexts[compare] + " " + Write(field, value);
    const bool is_float32 = field == "f";
    return Make(text, [=](const TestRow& row) -> Truth3 {
      const auto own = NumberIn(row, field);
      if (!own) return std::nullopt;
      double result = *own;
      if (op == 0) result += operand;
      if (op == 1) result -= operand;
      if (op == 2) result *= operand;
      if (op == 3) result /= operand;
      if (op == 3 && is_int) result = std::trunc(result);
      if (op == 4) result = std::fmod(result, operand);
      if (is_float32) result = static_cast<double>(static_cast<float>(result));
      return CompareBy(compare, result, value);
    });
  }

  Tree FieldsLeaf() {
    const std::string left = NumericField();
    const std::string right = NumericField();
    const int op = Pick(6);
    return Make(left + " " + kCompareTexts[op] + " " + right,
                [=](const TestRow& row) -> Truth3 {
                  const auto a = NumberIn(row, left);
                  const auto b = NumberIn(row, right);
                  if (!a || !b) return std::nullopt;
                  return CompareBy(op, *a, *b);
                });
  }

  Tree TextLeaf() {
    const std::string field = Pick(2) == 0 ? "s" : "ns";
    const int op = Pick(8);
    const std::string value = Text();
    const std::string quoted = "\"" + value + (op >= 6 ? "%\"" : "\"");
    return Make(
        field + " " + (op < 6 ? kCompareTexts[op] : "like") + " " + quoted,
        [=](const TestRow& row) -> Truth3 {
          const auto own = TextIn(row, field);
          if (!own) return std::nullopt;
          if (op >= 6) return own->starts_with(value);
          return CompareBy(op, *own, value);
        });
  }

  Tree NullLeaf() {
    const char* const names[] = {"ni", "n8", "nd", "ns", "i64"};
    const std::string field = names[Pick(5)];
    const bool negated = Pick(2) == 0;
    return Make(field + (negated ? " is not null" : " is null"),
                [=](const TestRow& row) -> Truth3 {
                  return row.contains(field) == negated;
                });
  }

  Tree JsonLeaf() {
    const int op = Pick(7);
    const std::int64_t value = Small();
    if (op == 6) {
      return Make("exists j['k']", [](const TestRow& row) -> Truth3 {
        return row.contains("jk") ||
               std::get<std::string>(row.at("j")).find("text") !=
                   std::string::npos;
      });
    }
    return Make(std::string("j['k'] ") + kCompareTexts[op] + " " +
                    std::to_string(value),
                [=](const TestRow& row) -> Truth3 {
                  const auto own = NumberIn(row, "jk");
                  if (!own) return op == 1;
                  return CompareBy(op, *own, static_cast<double>(value));
                });
  }

  Tree JsonTermLeaf() {
    const bool negated = Pick(2) == 0;
    const std::int64_t one = Small();
    const std::int64_t other = Small();
    return Make(fmt::format("j['k'] {} [{}, {}.0]", negated ? "not in" : "in",
                            one, other),
                [=](const TestRow& row) -> Truth3 {
                  const auto own = NumberIn(row, "jk");
                  const bool is_in =
                      own && (*own == static_cast<double>(one) ||
                              *own == static_cast<double>(other));
                  return is_in != negated;
                });
  }

  std::mt19937_64 random_;
};

TEST(FilterPropertyTest, RandomFiltersSelectWhatTheInterpreterSelects) {
  int selected_total = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Generator generator(seed);
    std::vector<TestRow> rows;
    for (std::size_t i = 0; i < 1 + seed * 5; ++i) {
      rows.push_back(generator.Row());
    }
    const TestChunk chunk(rows, seed % 3);
    for (int round = 0; round < 50; ++round) {
      const Tree tree = generator.Condition(1 + round % 4);
      const std::string text = TextOf(tree);
      SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text);
      const auto selected = chunk.Run(text);
      ASSERT_TRUE(selected.ok()) << base::MessageOf(selected.status());
      for (std::size_t row = 0; row < rows.size(); ++row) {
        const bool expected = Interpret(tree, rows[row]).value_or(false);
        ASSERT_EQ(selected->Test(row), expected) << "row " << row;
        selected_total += expected ? 1 : 0;
      }
    }
  }
  EXPECT_GT(selected_total, 10'000);
}

}  // namespace
}  // namespace elanus::expr
