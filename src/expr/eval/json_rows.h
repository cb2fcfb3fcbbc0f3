// The loop over the rows of a JSON condition.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/op_context.h"
#include "base/status.h"
#include "expr/eval/block.h"
#include "expr/eval/json_reader.h"
#include "expr/plan.h"
#include "types/column.h"

namespace elanus::expr {

// Sets the bits of the rows where visit(value at the column's path) is true.
template <typename VisitValue>
absl::Status VisitJsonRows(const Column& place, const types::ColumnView& column,
                           const Block& block, const base::OpContext& ctx,
                           VisitValue visit, Mask* mask) {
  constexpr std::size_t kWordsPerCheck = 64;  // 4,096 rows
  JsonReader reader(place.path);
  for (std::size_t i = 0; i < block.word_count(); ++i) {
    if (i % kWordsPerCheck == 0) RETURN_IF_ERROR(ctx.Check());
    std::uint64_t word = 0;
    for (std::uint64_t left = block.needed[i]; left != 0; left &= left - 1) {
      const int bit = std::countr_zero(left);
      const std::size_t row =
          block.first + i * 64 + static_cast<std::size_t>(bit);
      const std::size_t readable =
          column.values.size() - column.offsets[row + 1];
      const bool hit = reader.Visit(column.Text(row), readable, visit);
      word |= static_cast<std::uint64_t>(hit) << bit;
    }
    (*mask)[i] = word;
  }
  return absl::OkStatus();
}

}  // namespace elanus::expr
