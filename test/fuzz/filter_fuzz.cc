// Any bytes as the text of a filter: it compiles or is refused, and what
// compiles runs. A row is never selected both by a filter and by its negation.
//
// Built as it stands it is replayed over corpus/filter by
// src/expr/filter_fuzz_test.cc. With clang: -fsanitize=fuzzer,address.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "expr/test_chunk.h"

namespace {

using elanus::expr::Literal;
using elanus::expr::TemplateValues;
using elanus::expr::TestChunk;

const TestChunk& Chunk() {
  static const TestChunk chunk(
      {{{"id", 1},
        {"i8", -128},
        {"i64", INT64_MIN},
        {"f", 1.5},
        {"s", std::string("abc")},
        {"j", std::string(R"({"a": [1, {"b": "x"}], "k": null})")},
        {"$meta", std::string(R"({"x": 1.5, "a\"b": [[]]})")}},
       {{"ni", 7}, {"ns", std::string("")}, {"nj", std::string("[1, 2]")}},
       {{"j", std::string("{\"a\": ")}, {"d", -0.0}, {"b", true}}});
  return chunk;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const TemplateValues values = {
      {"x", Literal{std::int64_t{1}}},
      {"l", Literal{Literal::List{Literal{std::string("a")}}}}};
  const auto selected = Chunk().Run(text, values);
  if (!selected.ok() || text.find_first_not_of(" \t\r\n\v\f") == text.npos) {
    return 0;
  }
  const auto others = Chunk().Run(fmt::format("not ({})", text), values);
  // Only the limit of nesting may refuse the negation.
  if (!others.ok()) return 0;
  elanus::types::Bitset both = *selected;
  both.And(others->view());
  if (both.Count() != 0) std::abort();
  return 0;
}
