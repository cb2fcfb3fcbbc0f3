// For tests of this folder: a schema with a field of each kind, and chunks made
// of rows that are written down by name.
//
//   TestChunk chunk({{{"id", 1}, {"s", "a"}}, {{"id", 2}}});
//   chunk.Select("s == \"a\"")  // "0": the selected rows, or the error
//
// A field that a row does not name is zero or empty, null if it is nullable,
// {} if it is $meta and null JSON if it is j.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "expr/eval.h"
#include "expr/filter.h"
#include "types/schema.h"

namespace elanus::expr {

using TestValue =
    std::variant<std::monostate, bool, int, std::int64_t, double, std::string>;
using TestRow = std::map<std::string, TestValue>;

inline types::FieldSchema TestField(int id, std::string name,
                                    types::DataType type,
                                    bool nullable = false) {
  types::FieldSchema field;
  field.id = base::FieldId{id};
  field.name = std::move(name);
  field.type = type;
  field.nullable = nullable;
  return field;
}

inline types::Schema TestSchema() {
  using types::DataType;
  types::Schema schema;
  schema.enable_dynamic_field = true;
  int id = 100;
  const auto add = [&](const char* name, DataType type, bool nullable = false) {
    schema.fields.push_back(TestField(id++, name, type, nullable));
  };
  add("id", DataType::kInt64);
  schema.fields.back().is_primary_key = true;
  add("b", DataType::kBool);
  add("i8", DataType::kInt8);
  add("i16", DataType::kInt16);
  add("i32", DataType::kInt32);
  add("i64", DataType::kInt64);
  add("f", DataType::kFloat);
  add("d", DataType::kDouble);
  add("s", DataType::kVarChar);
  add("j", DataType::kJson);
  add("nb", DataType::kBool, true);
  add("ni", DataType::kInt64, true);
  add("n8", DataType::kInt8, true);
  add("nd", DataType::kDouble, true);
  add("ns", DataType::kVarChar, true);
  add("nj", DataType::kJson, true);
  add("vec", DataType::kFloatVector);
  add("arr", DataType::kArray);
  add("$meta", DataType::kJson);
  schema.fields.back().is_dynamic = true;
  return schema;
}

class TestChunk : public ColumnSource {
 public:
  explicit TestChunk(const std::vector<TestRow>& rows,
                     std::size_t misalignment = 0)
      : schema_(TestSchema()), rows_(rows.size()) {
    for (const types::FieldSchema& field : schema_.fields) {
      if (types::IsVector(field.type)) continue;
      if (field.type == types::DataType::kArray) continue;
      Fill(field, rows, misalignment);
    }
  }

  const types::Schema& schema() const { return schema_; }
  std::size_t rows() const { return rows_; }

  absl::StatusOr<types::ColumnView> Column(base::FieldId id) const override {
    const Stored& stored = columns_.at(base::ToInt(id));
    types::ColumnView view;
    view.type = stored.type;
    view.rows = rows_;
    view.values = std::span(stored.bytes).subspan(stored.start);
    view.offsets = stored.offsets;
    if (stored.nulls.Count() > 0) view.nulls = stored.nulls.view();
    return view;
  }

  absl::StatusOr<types::Bitset> Run(std::string_view text,
                                    const TemplateValues& values = {}) const {
    ASSIGN_OR_RETURN(const auto plan, CompileFilter(text, schema_, values));
    types::Bitset selected;
    RETURN_IF_ERROR(
        EvalChunk(*plan, *this, rows_, base::OpContext(), &selected));
    return selected;
  }

  // The selected rows' positions, "0 2 3", or the error's message.
  std::string Select(std::string_view text,
                     const TemplateValues& values = {}) const {
    const auto selected = Run(text, values);
    if (!selected.ok()) return std::string(base::MessageOf(selected.status()));
    std::string out;
    selected->ForEach([&out](std::size_t row) {
      if (!out.empty()) out += ' ';
      out += std::to_string(row);
    });
    return out;
  }

 private:
  struct Stored {
    types::DataType type = types::DataType::kNone;
    std::vector<std::byte> bytes;
    std::size_t start = 0;
    std::vector<std::uint32_t> offsets;
    types::Bitset nulls;
  };

  static double NumberOf(const TestValue& value) {
    if (const auto* b = std::get_if<bool>(&value)) return *b ? 1 : 0;
    if (const auto* d = std::get_if<double>(&value)) return *d;
    return static_cast<double>(IntegerOf(value));
  }
  static std::int64_t IntegerOf(const TestValue& value) {
    if (const auto* b = std::get_if<bool>(&value)) return *b ? 1 : 0;
    if (const auto* i = std::get_if<int>(&value)) return *i;
    if (const auto* l = std::get_if<std::int64_t>(&value)) return *l;
    return 0;
  }
  template <typename T>
  static void Append(T value, std::vector<std::byte>* bytes) {
    const auto* start = reinterpret_cast<const std::byte*>(&value);
    bytes->insert(bytes->end(), start, start + sizeof(T));
  }

  void Fill(const types::FieldSchema& field, const std::vector<TestRow>& rows,
            std::size_t misalignment) {
    Stored& stored = columns_[base::ToInt(field.id)];
    stored.type = field.type;
    stored.start = misalignment;
    stored.bytes.resize(misalignment);
    stored.nulls = types::Bitset(rows.size());
    if (types::IsVariableLength(field.type)) stored.offsets.push_back(0);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto found = rows[row].find(field.name);
      const bool is_named = found != rows[row].end();
      if (field.nullable && !is_named) stored.nulls.Set(row);
      TestValue value = is_named ? found->second : TestValue();
      if (!is_named && field.name == "j") value = std::string("null");
      if (!is_named && field.is_dynamic) value = std::string("{}");
      AppendValue(value, &stored);
    }
  }

  static void AppendValue(const TestValue& value, Stored* stored) {
    using types::DataType;
    const std::int64_t integer = IntegerOf(value);
    switch (stored->type) {
      case DataType::kBool:
      case DataType::kInt8:
        return Append(static_cast<std::int8_t>(integer), &stored->bytes);
      case DataType::kInt16:
        return Append(static_cast<std::int16_t>(integer), &stored->bytes);
      case DataType::kInt32:
        return Append(static_cast<std::int32_t>(integer), &stored->bytes);
      case DataType::kInt64:
        return Append(integer, &stored->bytes);
      case DataType::kFloat:
        return Append(static_cast<float>(NumberOf(value)), &stored->bytes);
      case DataType::kDouble:
        return Append(NumberOf(value), &stored->bytes);
      default:
        break;
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
      for (const char c : *text) {
        stored->bytes.push_back(static_cast<std::byte>(c));
      }
    }
    stored->offsets.push_back(
        static_cast<std::uint32_t>(stored->bytes.size() - stored->start));
  }

  types::Schema schema_;
  std::size_t rows_;
  std::map<std::int64_t, Stored> columns_;
};

}  // namespace elanus::expr
