#include "role/schema_convert.h"

#include <gtest/gtest.h>

namespace elanus::role {
namespace {

namespace wire = milvus::proto::schema;

wire::FieldSchema& AddField(wire::CollectionSchema& schema,
                            const std::string& name, wire::DataType type) {
  wire::FieldSchema& field = *schema.add_fields();
  field.set_name(name);
  field.set_data_type(type);
  return field;
}

void AddParam(wire::FieldSchema& field, const std::string& key,
              const std::string& value) {
  auto& param = *field.add_type_params();
  param.set_key(key);
  param.set_value(value);
}

// pk Int64, text VarChar(64) default "x", tags Array<VarChar>, vec, $meta.
wire::CollectionSchema Books() {
  wire::CollectionSchema schema;
  schema.set_name("books");
  schema.set_description("what we read");
  schema.set_enable_dynamic_field(true);
  schema.set_version(3);
  wire::FieldSchema& key = AddField(schema, "id", wire::Int64);
  key.set_is_primary_key(true);
  key.set_autoid(true);
  wire::FieldSchema& text = AddField(schema, "text", wire::VarChar);
  AddParam(text, "max_length", "64");
  text.set_nullable(true);
  text.mutable_default_value()->set_string_data("x");
  wire::FieldSchema& tags = AddField(schema, "tags", wire::Array);
  tags.set_element_type(wire::VarChar);
  AddParam(tags, "max_capacity", "8");
  AddParam(tags, "max_length", "16");
  wire::FieldSchema& score = AddField(schema, "score", wire::Float);
  score.mutable_default_value()->set_float_data(0.1F);
  wire::FieldSchema& vector = AddField(schema, "vec", wire::FloatVector);
  AddParam(vector, "dim", "128");
  AddParam(vector, "mmap.enabled", "true");
  AssignFieldIds(schema);
  return schema;
}

std::string ErrorOf(const wire::CollectionSchema& schema) {
  const absl::StatusOr<types::Schema> converted = SchemaFromProto(schema);
  if (converted.ok()) return "";
  EXPECT_EQ(base::CodeOf(converted.status()),
            base::ErrorCode::kCollectionIllegalSchema);
  return std::string(base::MessageOf(converted.status()));
}

TEST(AssignFieldIdsTest, NumbersUserFieldsFromOneHundredAndMetaBehindThem) {
  const wire::CollectionSchema schema = Books();
  ASSERT_EQ(schema.fields_size(), 6);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(schema.fields(i).fieldid(), 100 + i);
  EXPECT_EQ(schema.fields(5).name(), "$meta");
  EXPECT_TRUE(schema.fields(5).is_dynamic());
}

TEST(AssignFieldIdsTest, ChangesNothingTheSecondTime) {
  wire::CollectionSchema schema = Books();
  AssignFieldIds(schema);
  EXPECT_EQ(schema.SerializeAsString(), Books().SerializeAsString());
}

TEST(SchemaFromProtoTest, KeepsWhatTheLayersBelowNeed) {
  const absl::StatusOr<types::Schema> schema = SchemaFromProto(Books());
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(schema->version, 3U);
  EXPECT_EQ(schema->primary_key().name, "id");
  EXPECT_TRUE(schema->primary_key().auto_id);
  EXPECT_EQ(schema->Find("text")->max_length, 64);
  EXPECT_EQ(schema->Find("text")->default_value, types::Value("x"));
  EXPECT_EQ(schema->Find("tags")->element_type, types::DataType::kVarChar);
  EXPECT_EQ(schema->Find("tags")->max_capacity, 8);
  EXPECT_EQ(schema->Find("vec")->dim, 128);
  EXPECT_EQ(schema->Find("vec")->type_params.at("mmap.enabled"), "true");
  ASSERT_NE(schema->dynamic_field(), nullptr);
  EXPECT_EQ(schema->dynamic_field()->id, base::FieldId{105});
}

TEST(SchemaFromProtoTest, TheWayBackGivesTheSameMessage) {
  const wire::CollectionSchema books = Books();
  const absl::StatusOr<types::Schema> schema = SchemaFromProto(books);
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(SchemaToProto(*schema).DebugString(), books.DebugString());
}

TEST(SchemaFromProtoTest, RefusesFieldsItCannotHold) {
  struct Case {
    std::string words;
    void (*damage)(wire::CollectionSchema&);
  };
  const Case cases[] = {
      {"dim is missing",
       [](auto& s) { s.mutable_fields(4)->clear_type_params(); }},
      {"dim = '12x' is not a number",
       [](auto& s) {
         s.mutable_fields(4)->mutable_type_params(0)->set_value("12x");
       }},
      {"max_length = '0' is not a number",
       [](auto& s) {
         s.mutable_fields(1)->mutable_type_params(0)->set_value("0");
       }},
      {"max_capacity is missing",
       [](auto& s) {
         s.mutable_fields(2)->mutable_type_params(0)->set_key("capacity");
       }},
      {"element type FloatVector is not supported",
       [](auto& s) {
         s.mutable_fields(2)->set_element_type(wire::FloatVector);
       }},
      {"data type 24 is not supported",
       [](auto& s) { s.mutable_fields(3)->set_data_type(wire::Geometry); }},
      {"the default value does not fit the type VarChar",
       [](auto& s) {
         s.mutable_fields(1)->mutable_default_value()->set_long_data(7);
       }},
      {"duplicated field name id",
       [](auto& s) { s.mutable_fields(1)->set_name("id"); }},
      {"duplicated field id 100",
       [](auto& s) { s.mutable_fields(1)->set_fieldid(100); }},
      {"the id 1 is below 100",
       [](auto& s) { s.mutable_fields(1)->set_fieldid(1); }},
      {"0 primary keys",
       [](auto& s) { s.mutable_fields(0)->set_is_primary_key(false); }},
      {"neither Int64 nor VarChar",
       [](auto& s) { s.mutable_fields(0)->set_data_type(wire::Int32); }},
      {"0 dynamic fields", [](auto& s) { s.mutable_fields()->RemoveLast(); }},
      {"functions are not supported", [](auto& s) { s.add_functions(); }},
  };
  for (const Case& c : cases) {
    wire::CollectionSchema schema = Books();
    c.damage(schema);
    EXPECT_NE(ErrorOf(schema).find(c.words), std::string::npos)
        << c.words << " / " << ErrorOf(schema);
    EXPECT_NE(ErrorOf(schema).find("illegal collection schema[collection="),
              std::string::npos);
  }
}

}  // namespace
}  // namespace elanus::role
