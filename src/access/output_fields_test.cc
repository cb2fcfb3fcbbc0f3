#include "access/output_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace elanus::access {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

types::Schema MakeSchema(bool dynamic) {
  types::Schema schema;
  schema.fields = {
      {.id = base::FieldId{100},
       .name = "id",
       .type = types::DataType::kInt64,
       .is_primary_key = true},
      {.id = base::FieldId{101},
       .name = "v",
       .type = types::DataType::kFloatVector,
       .dim = 4},
  };
  if (dynamic) {
    schema.enable_dynamic_field = true;
    schema.fields.push_back({.id = base::FieldId{102},
                             .name = "$meta",
                             .type = types::DataType::kJson,
                             .is_dynamic = true});
  }
  return schema;
}

absl::StatusOr<OutputFields> Read(bool dynamic,
                                  const std::vector<std::string>& names,
                                  bool with_primary_key = false) {
  const types::Schema schema = MakeSchema(dynamic);
  return ReadOutputFields(schema, {names.begin(), names.end()},
                          {.with_primary_key = with_primary_key});
}

TEST(OutputFieldsTest, TheKeyComesOnlyWhenItIsWanted) {
  EXPECT_THAT(Read(false, {"v"})->columns.field_ids(), ElementsAre(101));
  EXPECT_THAT(Read(false, {"v"}, true)->columns.field_ids(),
              ElementsAre(101, 100));
  EXPECT_THAT(Read(false, {"id", "v", "id"}, true)->columns.field_ids(),
              ElementsAre(100, 101));
  EXPECT_THAT(Read(false, {})->columns.field_ids(), IsEmpty());
}

TEST(OutputFieldsTest, AStarIsAllFieldsAndTheWholeDynamicOne) {
  const auto output = Read(true, {"*", "colour"});
  ASSERT_TRUE(output.ok());
  EXPECT_THAT(output->columns.field_ids(), ElementsAre(100, 101, 102));
  EXPECT_TRUE(output->columns.whole_dynamic());
  EXPECT_THAT(output->columns.dynamic_keys(), IsEmpty());
  EXPECT_THAT(output->names, ElementsAre("id", "v", "$meta", "colour"));
}

TEST(OutputFieldsTest, OtherNamesAreKeysOfTheDynamicField) {
  const auto output = Read(true, {"colour", "size", "colour"});
  ASSERT_TRUE(output.ok());
  EXPECT_THAT(output->columns.field_ids(), ElementsAre(102));
  EXPECT_THAT(output->columns.dynamic_keys(), ElementsAre("colour", "size"));
  EXPECT_FALSE(output->columns.whole_dynamic());
  EXPECT_THAT(output->names, ElementsAre("colour", "size"));
}

TEST(OutputFieldsTest, TheDynamicFieldByItsNameIsWhole) {
  const auto output = Read(true, {"$meta"});
  ASSERT_TRUE(output.ok());
  EXPECT_TRUE(output->columns.whole_dynamic());
}

TEST(OutputFieldsTest, UnknownNamesAndPathsAreRefused) {
  EXPECT_EQ(base::MessageOf(Read(false, {"nobody"}).status()),
            "field nobody not exist");
  EXPECT_FALSE(Read(false, {""}).ok());
  EXPECT_FALSE(Read(true, {""}).ok());
  EXPECT_FALSE(Read(true, {"$meta[\"a\"]"}).ok());
}

}  // namespace
}  // namespace elanus::access
