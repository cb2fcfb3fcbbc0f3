#include "expr/eval/json_term_set.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "expr/eval/float_bits.h"

namespace elanus::expr {

JsonTermSet::JsonTermSet(const Literal::List& values) {
  std::vector<std::int64_t> integers;
  std::vector<std::int64_t> doubles;
  std::vector<std::int64_t> numbers;
  for (const Literal& value : values) {
    if (value.is_bool()) {
      (value.as_bool() ? has_true_ : has_false_) = true;
    } else if (value.is_number()) {
      const std::int64_t bits = FloatTermBits(value.as_double());
      numbers.push_back(bits);
      if (value.is_int()) {
        integers.push_back(value.as_int());
      } else {
        doubles.push_back(bits);
      }
    } else if (value.is_text()) {
      texts_.insert(value.as_text());
    } else {
      lists_.push_back(value);
    }
  }
  integers_ = IntSet(std::move(integers));
  double_bits_ = IntSet(std::move(doubles));
  number_bits_ = IntSet(std::move(numbers));
}

bool JsonTermSet::ContainsScalar(const JsonScalar& scalar) const {
  switch (scalar.kind) {
    case JsonScalar::Kind::kBool:
      return scalar.boolean ? has_true_ : has_false_;
    case JsonScalar::Kind::kInt:
      return integers_.Contains(scalar.integer) ||
             double_bits_.Contains(FloatTermBits(scalar.number));
    case JsonScalar::Kind::kDouble:
      return number_bits_.Contains(FloatTermBits(scalar.number));
    case JsonScalar::Kind::kText:
      return texts_.contains(
          absl::string_view(scalar.text.data(), scalar.text.size()));
    case JsonScalar::Kind::kBad:
    case JsonScalar::Kind::kNull:
    case JsonScalar::Kind::kArray:
    case JsonScalar::Kind::kObject:
      return false;
  }
  return false;
}

bool JsonTermSet::ContainsList(const Literal& list) const {
  return std::any_of(lists_.begin(), lists_.end(), [&list](const Literal& own) {
    return EqualByValue(own, list);
  });
}

}  // namespace elanus::expr
