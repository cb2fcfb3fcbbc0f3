// What a filter costs over 1M rows of one chunk, and what compiling costs.
//
//   cmake -DELANUS_BUILD_BENCHMARKS=ON ...; bin/filter_eval_bench
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "expr/eval.h"
#include "expr/filter.h"

namespace {

using elanus::base::FieldId;
using elanus::base::OpContext;
using elanus::expr::ColumnSource;
using elanus::expr::CompileFilter;
using elanus::types::ColumnView;
using elanus::types::DataType;

constexpr std::size_t kRows = 1'000'000;

elanus::types::Schema MakeSchema() {
  elanus::types::Schema schema;
  const auto add = [&schema](std::int64_t id, const char* name, DataType type) {
    elanus::types::FieldSchema field;
    field.id = FieldId{id};
    field.name = name;
    field.type = type;
    schema.fields.push_back(field);
  };
  add(100, "id", DataType::kInt64);
  schema.fields.back().is_primary_key = true;
  add(101, "wide", DataType::kInt64);
  add(102, "f", DataType::kFloat);
  add(103, "s", DataType::kVarChar);
  add(104, "j", DataType::kJson);
  return schema;
}

// id: 0 .. kRows - 1; wide: any int64; f in [0, 1); s: "key<n>"; j: a small
// object of three keys.
class Rows : public ColumnSource {
 public:
  Rows() {
    std::mt19937_64 random(1);
    text_offsets_.push_back(0);
    json_offsets_.push_back(0);
    for (std::size_t i = 0; i < kRows; ++i) {
      ids_.push_back(static_cast<std::int64_t>(i));
      wide_.push_back(static_cast<std::int64_t>(random()));
      floats_.push_back(static_cast<float>(random() % 1000) / 1000);
      texts_ += "key" + std::to_string(random() % 100'000);
      text_offsets_.push_back(static_cast<std::uint32_t>(texts_.size()));
      json_ += R"({"name": "some text", "n": )" +
               std::to_string(random() % 1000) + R"(, "tags": [1, 2]})";
      json_offsets_.push_back(static_cast<std::uint32_t>(json_.size()));
    }
  }

  absl::StatusOr<ColumnView> Column(FieldId field) const override {
    ColumnView view;
    view.rows = kRows;
    switch (elanus::base::ToInt(field)) {
      case 100:
        view.type = DataType::kInt64;
        view.values = std::as_bytes(std::span(ids_));
        break;
      case 101:
        view.type = DataType::kInt64;
        view.values = std::as_bytes(std::span(wide_));
        break;
      case 102:
        view.type = DataType::kFloat;
        view.values = std::as_bytes(std::span(floats_));
        break;
      case 103:
        view.type = DataType::kVarChar;
        view.values = std::as_bytes(std::span(texts_));
        view.offsets = text_offsets_;
        break;
      default:
        view.type = DataType::kJson;
        view.values = std::as_bytes(std::span(json_));
        view.offsets = json_offsets_;
    }
    return view;
  }
  const std::vector<std::int64_t>& wide() const { return wide_; }

 private:
  std::vector<std::int64_t> ids_;
  std::vector<std::int64_t> wide_;
  std::vector<float> floats_;
  std::string texts_;
  std::vector<std::uint32_t> text_offsets_;
  std::string json_;
  std::vector<std::uint32_t> json_offsets_;
};

const Rows& TheRows() {
  static const Rows rows;
  return rows;
}

std::string WideList(std::size_t count) {
  std::string text = "wide in [";
  for (std::size_t i = 0; i < count; ++i) {
    text += std::to_string(TheRows().wide()[i * 997 % kRows]) + ",";
  }
  return text + "]";
}

std::string IdList(std::size_t count) {
  std::string text = "id in [";
  for (std::size_t i = 0; i < count; ++i) {
    text += std::to_string(i * 997 % kRows) + ",";
  }
  return text + "]";
}

void Evaluate(benchmark::State& state, const std::string& text) {
  const Rows& rows = TheRows();
  const auto plan = CompileFilter(text, MakeSchema(), {});
  if (!plan.ok()) return state.SkipWithError("the filter does not compile");
  elanus::types::Bitset selected;
  for (auto _ : state) {
    const absl::Status status =
        EvalChunk(**plan, rows, kRows, OpContext(), &selected);
    if (!status.ok()) return state.SkipWithError("evaluation failed");
  }
  state.counters["selected"] = static_cast<double>(selected.Count());
}

void Compile(benchmark::State& state, const std::string& text) {
  const elanus::types::Schema schema = MakeSchema();
  for (auto _ : state) {
    benchmark::DoNotOptimize(CompileFilter(text, schema, {}));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto evaluate = [](const char* name, const std::string& text) {
    benchmark::RegisterBenchmark(name, Evaluate, text)
        ->Unit(benchmark::kMillisecond);
  };
  evaluate("compare_int64", "id > 500000");
  evaluate("compare_float", "f < 0.5");
  evaluate("arithmetic_int64", "id % 7 == 3");
  evaluate("in_1000_close", IdList(1000));
  evaluate("in_1000_wide", WideList(1000));
  evaluate("in_100000_wide", WideList(100'000));
  evaluate("text_equal", "s == \"key77\"");
  evaluate("text_in", "s in [\"key77\", \"key78\", \"key99999\"]");
  evaluate("like_infix", "s like \"%77%\"");
  evaluate("json_compare", "j[\"n\"] < 500");
  evaluate("json_missing_key", "j[\"nope\"] == 5");
  evaluate("and_of_cheap_and_json", "j[\"n\"] < 500 and id < 10000");
  benchmark::RegisterBenchmark("compile_in_100000", Compile, IdList(100'000))
      ->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("compile_small", Compile,
                               std::string("id > 5 and s like \"a%\""))
      ->Unit(benchmark::kMicrosecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
