#include "access/ddl/schema_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace elanus::access {
namespace {

using base::ErrorCode;
using milvus::proto::milvus::CreateCollectionRequest;
using milvus::proto::schema::CollectionSchema;
using milvus::proto::schema::DataType;
using milvus::proto::schema::FieldSchema;
using testing::HasSubstr;

FieldSchema& Add(CollectionSchema& schema, const std::string& name,
                 DataType type) {
  FieldSchema& field = *schema.add_fields();
  field.set_name(name);
  field.set_data_type(type);
  return field;
}

void SetParam(FieldSchema& field, const std::string& key,
              const std::string& value) {
  for (auto& param : *field.mutable_type_params()) {
    if (param.key() == key) return param.set_value(value);
  }
  auto& param = *field.add_type_params();
  param.set_key(key);
  param.set_value(value);
}

// id Int64 key, v FloatVector(8), t VarChar(20), n Int8.
CollectionSchema Good() {
  CollectionSchema schema;
  schema.set_name("c");
  Add(schema, "id", DataType::Int64).set_is_primary_key(true);
  SetParam(Add(schema, "v", DataType::FloatVector), "dim", "8");
  SetParam(Add(schema, "t", DataType::VarChar), "max_length", "20");
  Add(schema, "n", DataType::Int8);
  return schema;
}

FieldSchema& Field(CollectionSchema& schema, const std::string& name) {
  for (FieldSchema& field : *schema.mutable_fields()) {
    if (field.name() == name) return field;
  }
  return Add(schema, name, DataType::Int64);
}

using Change = std::function<void(CollectionSchema&)>;

absl::Status After(const Change& change) {
  CollectionSchema schema = Good();
  change(schema);
  return CheckSchema(schema, base::Config());
}

TEST(SchemaCheck, TakesWhatCanBeMade) {
  const std::vector<Change> changes = {
      [](auto&) {},
      [](auto& s) { Field(s, "id").set_autoid(true); },
      [](auto& s) { s.set_enable_dynamic_field(true); },
      [](auto& s) { SetParam(Field(s, "v"), "dim", "2"); },
      [](auto& s) { SetParam(Field(s, "v"), "dim", "32768"); },
      [](auto& s) { SetParam(Field(s, "t"), "max_length", "65535"); },
      [](auto& s) { SetParam(Field(s, "t"), "max_length", "1"); },
      [](auto& s) { SetParam(Field(s, "v"), "mmap.enabled", "true"); },
      [](auto& s) { Field(s, "n").set_nullable(true); },
      [](auto& s) {
        Field(s, "n").mutable_default_value()->set_int_data(-128);
      },
      [](auto& s) {
        Field(s, "t").mutable_default_value()->set_string_data(
            std::string(20, 'x'));
      },
      // Sent by clients for fields without a default.
      [](auto& s) { Field(s, "v").mutable_default_value(); },
      [](auto& s) {
        for (int i = 0; i < 60; ++i) {
          Add(s, "f" + std::to_string(i), DataType::Double);
        }
      },
      [](auto& s) {
        for (int i = 0; i < 9; ++i) {
          SetParam(Add(s, "v" + std::to_string(i), DataType::FloatVector),
                   "dim", "4");
        }
      },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(After(changes[i]), absl::OkStatus()) << i;
  }
}

struct Refusal {
  Change change;
  ErrorCode code;
  std::string text;
};

void ExpectRefused(const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    const absl::Status status = After(refusal.change);
    EXPECT_EQ(base::CodeOf(status), refusal.code) << refusal.text;
    EXPECT_EQ(base::FaultOf(status), base::Fault::kCaller) << refusal.text;
    EXPECT_THAT(std::string(base::MessageOf(status)), HasSubstr(refusal.text));
  }
}

TEST(SchemaCheck, RefusesKeysThatAreNone) {
  ExpectRefused({
      {[](auto& s) { Field(s, "id").set_is_primary_key(false); },
       ErrorCode::kParameterInvalid, "primary key is not specified"},
      {[](auto& s) { Field(s, "n").set_is_primary_key(true); },
       ErrorCode::kParameterInvalid, "more than one primary key"},
      {[](auto& s) { Field(s, "id").set_data_type(DataType::Int32); },
       ErrorCode::kParameterInvalid,
       "the data type of primary key should be Int64 or VarChar"},
      {[](auto& s) { Field(s, "id").set_nullable(true); },
       ErrorCode::kParameterInvalid, "primary field not support null"},
      {[](auto& s) {
         Field(s, "id").mutable_default_value()->set_long_data(1);
       },
       ErrorCode::kParameterInvalid, "primary field not support default_value"},
      {[](auto& s) { Field(s, "n").set_autoid(true); },
       ErrorCode::kParameterInvalid, "n"},
  });
}

TEST(SchemaCheck, RefusesSizesOutOfRange) {
  for (const char* dim : {"1", "0", "-8", "32769", "x", "", "8 ", "8.0",
                          "99999999999999999999"}) {
    ExpectRefused(
        {{[dim](auto& s) { SetParam(Field(s, "v"), "dim", dim); },
          ErrorCode::kUnexpected, std::string("invalid dimension: ") + dim}});
  }
  for (const char* length : {"0", "65536", "-1", "x", "1e3"}) {
    ExpectRefused(
        {{[length](auto& s) { SetParam(Field(s, "t"), "max_length", length); },
          ErrorCode::kUnexpected,
          "the maximum length specified for a VarChar field(t) should be in "
          "(0, 65535]"}});
  }
  ExpectRefused({
      {[](auto& s) { Field(s, "v").clear_type_params(); },
       ErrorCode::kUnexpected, "dimension is not defined in field type params"},
      {[](auto& s) { Field(s, "t").clear_type_params(); },
       ErrorCode::kUnexpected,
       "type param(max_length) should be specified for varChar field(t) of "
       "collection"},
      {[](auto& s) {
         auto& again = *Field(s, "v").add_type_params();
         again.set_key("dim");
         again.set_value("8");
       },
       ErrorCode::kParameterInvalid, "dim"},
  });
}

TEST(SchemaCheck, RefusesCountsAndNames) {
  ExpectRefused({
      {[](auto& s) {
         for (int i = 0; i < 61; ++i) {
           Add(s, "f" + std::to_string(i), DataType::Double);
         }
       },
       ErrorCode::kUnexpected,
       "maximum field's number should be limited to 64"},
      {[](auto& s) {
         for (int i = 0; i < 10; ++i) {
           SetParam(Add(s, "v" + std::to_string(i), DataType::FloatVector),
                    "dim", "4");
         }
       },
       ErrorCode::kUnexpected,
       "maximum vector field's number should be limited to 10"},
      {[](auto& s) { Field(s, "v").set_data_type(DataType::Float); },
       ErrorCode::kParameterInvalid, "schema does not contain vector field"},
      {[](auto& s) { Add(s, "n", DataType::Bool); },
       ErrorCode::kParameterInvalid, "duplicated field name"},
      {[](auto& s) { Add(s, "1t", DataType::Bool); },
       ErrorCode::kFieldInvalidName, "Invalid field name: 1t"},
      {[](auto& s) { Add(s, "RowID", DataType::Bool); },
       ErrorCode::kFieldInvalidName, "Invalid field name: RowID"},
  });
}

TEST(SchemaCheck, RefusesDefaultsThatDoNotFit) {
  ExpectRefused({
      {[](auto& s) {
         Field(s, "n").mutable_default_value()->set_int_data(128);
       },
       ErrorCode::kParameterInvalid, "out of range for type Int8"},
      {[](auto& s) {
         Field(s, "n").mutable_default_value()->set_string_data("1");
       },
       ErrorCode::kParameterInvalid,
       "type (Int8) of field (n) is not equal to the type(DataType_VarChar) of "
       "default_value"},
      {[](auto& s) {
         Field(s, "v").mutable_default_value()->set_float_data(1);
       },
       ErrorCode::kParameterInvalid,
       "type not support default_value, type:FloatVector"},
      {[](auto& s) {
         Add(s, "j", DataType::JSON)
             .mutable_default_value()
             ->set_string_data("{}");
       },
       ErrorCode::kParameterInvalid,
       "type not support default_value, type:JSON"},
      {[](auto& s) {
         Field(s, "t").mutable_default_value()->set_string_data(
             std::string(21, 'x'));
       },
       ErrorCode::kParameterInvalid, "of string exceeds max length"},
      {[](auto& s) {
         Add(s, "f", DataType::Float)
             .mutable_default_value()
             ->set_float_data(std::numeric_limits<float>::quiet_NaN());
       },
       ErrorCode::kParameterInvalid, "out of range for type Float"},
      {[](auto& s) { Field(s, "v").set_nullable(true); },
       ErrorCode::kParameterInvalid, "vector type not support null"},
  });
}

TEST(SchemaCheck, RefusesByNameWhatIsNotThereYet) {
  ExpectRefused({
      {[](auto& s) { Field(s, "n").set_is_partition_key(true); },
       ErrorCode::kOperationNotSupported, "partition key of field n"},
      {[](auto& s) { Field(s, "n").set_is_clustering_key(true); },
       ErrorCode::kOperationNotSupported, "clustering key of field n"},
      {[](auto& s) { s.add_functions()->set_name("f"); },
       ErrorCode::kOperationNotSupported, "functions"},
      {[](auto& s) { s.add_struct_array_fields()->set_name("f"); },
       ErrorCode::kOperationNotSupported, "structs"},
      {[](auto& s) { SetParam(Field(s, "t"), "enable_match", "true"); },
       ErrorCode::kOperationNotSupported, "enable_match of field t"},
      {[](auto& s) { Field(s, "n").set_data_type(DataType::Array); },
       ErrorCode::kParameterInvalid, "data type Array of field n"},
      {[](auto& s) { Add(s, "b", DataType::BinaryVector); },
       ErrorCode::kUnexpected, "dimension is not defined"},
      {[](auto& s) {
         Add(s, "b", DataType::BinaryVector);
         SetParam(Field(s, "b"), "dim", "12");
       },
       ErrorCode::kUnexpected, "should be multiple of 8."},
      {[](auto& s) {
         Add(s, "b", DataType::Int8Vector);
         SetParam(Field(s, "b"), "dim", "1");
       },
       ErrorCode::kUnexpected, "invalid dimension: 1 of field b"},
      {[](auto& s) {
         Add(s, "b", DataType::SparseFloatVector);
         SetParam(Field(s, "b"), "dim", "12");
       },
       ErrorCode::kUnexpected, "dim should not be specified"},
      {[](auto& s) { Field(s, "n").set_data_type(DataType::String); },
       ErrorCode::kParameterInvalid, "string data type not supported yet"},
      {[](auto& s) { Field(s, "n").set_data_type(DataType::None); },
       ErrorCode::kParameterInvalid, "data type None of field n"},
      {[](auto& s) {
         Field(s, "n").set_data_type(static_cast<DataType>(9999));
       },
       ErrorCode::kParameterInvalid, "data type 9999 of field n"},
      {[](auto& s) { Field(s, "n").set_is_dynamic(true); },
       ErrorCode::kParameterInvalid, "dynamic field"},
  });
}

CreateCollectionRequest GoodRequest() {
  CreateCollectionRequest request;
  request.set_collection_name("c");
  request.set_schema(Good().SerializeAsString());
  return request;
}

std::string RefusalOf(const CreateCollectionRequest& request) {
  return std::string(
      base::MessageOf(CheckCreateCollection(request, base::Config())));
}

TEST(SchemaCheck, ARequestSaysTheSameAsItsSchema) {
  CreateCollectionRequest request = GoodRequest();
  EXPECT_EQ(CheckCreateCollection(request, base::Config()), absl::OkStatus());
  request.set_collection_name("d");
  EXPECT_THAT(RefusalOf(request), HasSubstr("d in the request and c in"));
  request.set_collection_name("");
  EXPECT_THAT(RefusalOf(request), HasSubstr("should not be empty"));
}

TEST(SchemaCheck, BytesThatAreNoSchemaAreRefused) {
  CreateCollectionRequest request = GoodRequest();
  request.set_schema("\xff\xff");
  EXPECT_THAT(RefusalOf(request), HasSubstr("cannot be read"));
}

TEST(SchemaCheck, ShardsPartitionsLevelsAndPropertiesHaveTheirBounds) {
  CreateCollectionRequest request = GoodRequest();
  request.set_shards_num(16);
  EXPECT_EQ(RefusalOf(request), "");
  request.set_shards_num(17);
  EXPECT_THAT(RefusalOf(request),
              HasSubstr("maximum shards's number should be limited to 16"));
  request = GoodRequest();
  request.set_num_partitions(16);
  EXPECT_THAT(RefusalOf(request),
              HasSubstr("num_partitions should only be specified with "
                        "partition key field enabled"));
  request = GoodRequest();
  request.set_consistency_level(
      static_cast<milvus::proto::common::ConsistencyLevel>(9));
  EXPECT_THAT(RefusalOf(request), HasSubstr("consistency_level"));
  request = GoodRequest();
  auto& property = *request.add_properties();
  property.set_key("collection.ttl.seconds");
  property.set_value("60");
  EXPECT_THAT(RefusalOf(request), HasSubstr("collection.ttl.seconds"));
  property.set_key("mmap.enabled");
  property.set_value("true");
  EXPECT_EQ(RefusalOf(request), "");
}

}  // namespace
}  // namespace elanus::access
