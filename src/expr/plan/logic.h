// Joins conditions by and, or, not: folds constants, merges `a == 1 or a == 2`
// into one list, and puts cheap conditions before costly ones.
#pragma once

#include <vector>

#include "expr/plan.h"

namespace elanus::expr {

// One child or more.
NodePtr MakeAnd(std::vector<NodePtr> children);
NodePtr MakeOr(std::vector<NodePtr> children);
NodePtr MakeNot(NodePtr child);

}  // namespace elanus::expr
