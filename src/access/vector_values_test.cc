#include "access/vector_values.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/query_vectors.h"
#include "proto/milvus/common.pb.h"
#include "role/vector_field.h"
#include "types/sparse.h"

namespace elanus::access {
namespace {

using milvus::proto::schema::VectorField;
using testing::HasSubstr;
using types::DataType;
using types::SparseEntry;

types::FieldSchema Field(DataType type, std::int64_t dim = 0) {
  types::FieldSchema field;
  field.name = "v";
  field.type = type;
  field.dim = dim;
  return field;
}

std::string Row(const std::vector<SparseEntry>& entries) {
  return {reinterpret_cast<const char*>(entries.data()),
          entries.size() * sizeof(SparseEntry)};
}

std::string RefusalOf(const absl::Status& status) {
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kParameterInvalid);
  return std::string(base::MessageOf(status));
}

TEST(SparseRowTest, RulesOfARowAreCheckedInMilvussWords) {
  const auto field = Field(DataType::kSparseFloatVector);
  EXPECT_TRUE(CheckSparse(field, "").ok());
  EXPECT_TRUE(CheckSparse(field, Row({{0, 1}, {7, 0}, {4294967294U, 2}})).ok());
  const auto refused = [&field](const std::string& row) {
    return RefusalOf(CheckSparse(field, row));
  };
  EXPECT_THAT(refused("1234567"), HasSubstr("invalid data length"));
  EXPECT_THAT(refused(Row({{4294967295U, 1}})), HasSubstr("less than 2^32-1"));
  EXPECT_THAT(refused(Row({{3, 1}, {3, 1}})), HasSubstr("unsorted or same"));
  EXPECT_THAT(refused(Row({{3, 1}, {2, 1}})), HasSubstr("unsorted or same"));
  EXPECT_THAT(refused(Row({{3, NAN}})), HasSubstr("not a number"));
  EXPECT_THAT(refused(Row({{3, INFINITY}})), HasSubstr("not a number"));
  EXPECT_THAT(refused(Row({{3, -1}})), HasSubstr("negative value"));
}

TEST(VectorValuesTest, ARowThatIsNotWholeIsRefused) {
  VectorField data;
  data.set_binary_vector("123");
  EXPECT_THAT(RefusalOf(CheckVectors(Field(DataType::kBinaryVector, 16), data)),
              HasSubstr("length(3) of BinaryVector data"));
  data.set_float16_vector("12345");
  EXPECT_THAT(RefusalOf(CheckVectors(Field(DataType::kFloat16Vector, 2), data)),
              HasSubstr("length(5)"));
}

TEST(VectorValuesTest, DataOfAnotherKindAreNotCounted) {
  VectorField data;
  data.set_float16_vector("1234");
  EXPECT_EQ(CountVectors(Field(DataType::kFloat16Vector, 2), data), 1U);
  for (const DataType type : {DataType::kBinaryVector, DataType::kFloatVector,
                              DataType::kBFloat16Vector, DataType::kInt8Vector,
                              DataType::kSparseFloatVector}) {
    EXPECT_FALSE(CountVectors(Field(type, 8), data).has_value());
  }
}

TEST(VectorValuesTest, NanAndInfinityOfHalvesAreFoundInTheirRow) {
  const std::uint16_t halves[] = {0x3C00, 0xFBFF, 0x0001, 0x7C00};
  VectorField data;
  data.set_float16_vector(reinterpret_cast<const char*>(halves),
                          sizeof(halves));
  EXPECT_THAT(RefusalOf(CheckVectors(Field(DataType::kFloat16Vector, 2), data)),
              HasSubstr("row 1 of field v"));
  // The same bits are numbers of bfloat16, and 0x7F80 is not.
  data.set_bfloat16_vector(reinterpret_cast<const char*>(halves),
                           sizeof(halves));
  EXPECT_TRUE(CheckVectors(Field(DataType::kBFloat16Vector, 2), data).ok());
  const std::uint16_t infinite[] = {0xFF80, 0};
  data.set_bfloat16_vector(reinterpret_cast<const char*>(infinite),
                           sizeof(infinite));
  EXPECT_FALSE(CheckVectors(Field(DataType::kBFloat16Vector, 2), data).ok());
}

absl::StatusOr<QueryVectors> Read(milvus::proto::common::PlaceholderType type,
                                  const std::vector<std::string>& values,
                                  const types::FieldSchema& field) {
  milvus::proto::common::PlaceholderGroup group;
  auto* placeholder = group.add_placeholders();
  placeholder->set_type(type);
  for (const std::string& value : values) placeholder->add_values(value);
  return ReadQueryVectors(group.SerializeAsString(), field, {});
}

TEST(QueryVectorsTest, DenseQueriesBecomeFloat32) {
  const std::int8_t small[] = {-128, 3};
  const auto read = Read(milvus::proto::common::Int8Vector,
                         {{reinterpret_cast<const char*>(small), 2}},
                         Field(DataType::kInt8Vector, 2));
  ASSERT_TRUE(read.ok()) << read.status();
  float values[2];
  ASSERT_EQ(read->bytes.size(), sizeof(values));
  std::memcpy(values, read->bytes.data(), sizeof(values));
  EXPECT_EQ(values[0], -128.0F);
  EXPECT_EQ(values[1], 3.0F);
}

TEST(QueryVectorsTest, OnlyFieldsOfHalvesTakeFloat32Instead) {
  const float values[] = {1, 2};
  const std::string query(reinterpret_cast<const char*>(values), 8);
  for (const DataType type :
       {DataType::kFloat16Vector, DataType::kBFloat16Vector}) {
    const auto read =
        Read(milvus::proto::common::FloatVector, {query}, Field(type, 2));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->bytes, query);
  }
  for (const DataType type : {DataType::kInt8Vector, DataType::kBinaryVector,
                              DataType::kSparseFloatVector}) {
    EXPECT_THAT(RefusalOf(Read(milvus::proto::common::FloatVector, {query},
                               Field(type, 8))
                              .status()),
                HasSubstr("vector type must be the same"));
  }
}

TEST(QueryVectorsTest, SparseQueriesStandBehindTheirOffsets) {
  const std::string one = Row({{1, 2}});
  const std::string two = Row({{0, 1}, {9, 1}});
  const auto read = Read(milvus::proto::common::SparseFloatVector,
                         {one, "", two}, Field(DataType::kSparseFloatVector));
  ASSERT_TRUE(read.ok()) << read.status();
  const std::uint32_t offsets[] = {0, 8, 8, 24};
  EXPECT_EQ(
      read->bytes,
      std::string(reinterpret_cast<const char*>(offsets), 16) + one + two);
  EXPECT_FALSE(Read(milvus::proto::common::SparseFloatVector,
                    {Row({{3, 1}, {2, 1}})},
                    Field(DataType::kSparseFloatVector))
                   .ok());
}

TEST(VectorFieldTest, RowsThatAreAppendedKeepTheirBytesInEveryType) {
  for (const DataType type :
       {DataType::kFloatVector, DataType::kBinaryVector,
        DataType::kFloat16Vector, DataType::kBFloat16Vector,
        DataType::kInt8Vector}) {
    const std::size_t width = types::FixedWidth(type, 8);
    std::string bytes(3 * width, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>(i + 1);
    }
    const types::ColumnView column = {
        .type = type,
        .dim = 8,
        .rows = 3,
        .values = std::as_bytes(std::span(bytes))};
    VectorField from;
    role::MakeVectors(type, 8, 3, &from);
    for (std::size_t row = 0; row < 3; ++row) {
      role::PutVector(column, row, 2 - row, &from);
    }
    VectorField to;
    role::MakeVectors(type, 8, 0, &to);
    role::AppendVector(type, from, 2, &to);
    role::AppendVector(type, from, 0, &to);
    VectorField want;
    role::MakeVectors(type, 8, 2, &want);
    role::PutVector(column, 0, 0, &want);
    role::PutVector(column, 2, 1, &want);
    EXPECT_EQ(to.SerializeAsString(), want.SerializeAsString());
    EXPECT_EQ(to.dim(), 8);
  }
}

TEST(VectorFieldTest, TheDimensionOfSparseRowsIsBehindTheLargestIndex) {
  const std::string bytes = Row({{3, 1}, {70, 2}, {5, 1}});
  const std::vector<std::uint32_t> offsets = {0, 16, 24};
  const types::ColumnView column = {.type = DataType::kSparseFloatVector,
                                    .rows = 2,
                                    .values = std::as_bytes(std::span(bytes)),
                                    .offsets = offsets};
  VectorField from;
  role::MakeVectors(DataType::kSparseFloatVector, 0, 2, &from);
  role::PutVector(column, 0, 0, &from);
  role::PutVector(column, 1, 1, &from);
  EXPECT_EQ(from.sparse_float_vector().dim(), 71);
  VectorField to;
  role::MakeVectors(DataType::kSparseFloatVector, 0, 0, &to);
  role::AppendVector(DataType::kSparseFloatVector, from, 1, &to);
  EXPECT_EQ(to.sparse_float_vector().dim(), 6);
  EXPECT_EQ(to.sparse_float_vector().contents(0), Row({{5, 1}}));
}

}  // namespace
}  // namespace elanus::access
