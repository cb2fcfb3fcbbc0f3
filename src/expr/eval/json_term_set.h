// The list of `json place in [...]`, made for testing many values.
//
// Threads: immutable.
#pragma once

#include <string>

#include "absl/container/flat_hash_set.h"
#include "expr/eval/int_set.h"
#include "expr/eval/json_scalar.h"
#include "expr/literal.h"

namespace elanus::expr {

class JsonTermSet {
 public:
  explicit JsonTermSet(const Literal::List& values);

  // By value, as Equals. Not for arrays.
  bool ContainsScalar(const JsonScalar& scalar) const;
  bool ContainsList(const Literal& list) const;
  bool has_lists() const { return !lists_.empty(); }

 private:
  IntSet integers_;
  IntSet double_bits_;  // of the double literals
  IntSet number_bits_;  // of all numbers
  absl::flat_hash_set<std::string> texts_;
  bool has_true_ = false;
  bool has_false_ = false;
  Literal::List lists_;
};

}  // namespace elanus::expr
