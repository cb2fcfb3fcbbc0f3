#include "access/rows_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace elanus::access {
namespace {

using milvus::proto::schema::FieldData;
using testing::HasSubstr;

types::Schema KeyAndVector() {
  types::Schema schema;
  schema.fields.resize(2);
  schema.fields[0].id = base::FieldId{100};
  schema.fields[0].name = "id";
  schema.fields[0].type = types::DataType::kInt64;
  schema.fields[0].is_primary_key = true;
  schema.fields[1].id = base::FieldId{101};
  schema.fields[1].name = "v";
  schema.fields[1].type = types::DataType::kFloatVector;
  schema.fields[1].dim = 2;
  return schema;
}

class RowsRequestTest : public ::testing::Test {
 protected:
  RowsRequestTest() {
    FieldData* ids = fields_.Add();
    ids->set_field_name("id");
    ids->mutable_scalars()->mutable_long_data()->add_data(1);
    vector_ = fields_.Add();
    vector_->set_field_name("v");
  }

  absl::Status Check() const {
    return RowsRequest::Check(schema_, {.fields = fields_}, 1, {}).status();
  }

  const types::Schema schema_ = KeyAndVector();
  FieldDataList fields_;
  FieldData* vector_;
};

TEST_F(RowsRequestTest, WholeRowsPass) {
  vector_->mutable_vectors()->mutable_float_vector()->add_data(1);
  vector_->mutable_vectors()->mutable_float_vector()->add_data(2);
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(RowsRequestTest, AVectorThatIsNotThereIsNoNull) {
  vector_->add_valid_data(false);
  EXPECT_THAT(std::string(base::MessageOf(Check())),
              HasSubstr("field v is not nullable"));
}

TEST_F(RowsRequestTest, AVectorWithoutDataIsRefused) {
  EXPECT_THAT(std::string(base::MessageOf(Check())),
              HasSubstr("the data of field v are not of its type"));
}

}  // namespace
}  // namespace elanus::access
