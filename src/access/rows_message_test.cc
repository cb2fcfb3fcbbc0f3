#include "access/rows_message.h"

#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "proto/milvus/milvus.pb.h"

namespace elanus::access {
namespace {

namespace schema_pb = milvus::proto::schema;
using milvus::proto::milvus::InsertRequest;
using milvus::proto::milvus::UpsertRequest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kColumns = InsertRequest::kFieldsDataFieldNumber;

InsertRequest Parsed(const std::string& bytes) {
  InsertRequest request;
  EXPECT_TRUE(request.ParseFromString(bytes));
  return request;
}

std::string_view BytesOf(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()),
          values.size() * sizeof(float)};
}

schema_pb::VectorField* AddColumn(InsertRequest& request,
                                  const std::string& name, std::int64_t dim) {
  schema_pb::FieldData* column = request.add_fields_data();
  column->set_field_name(name);
  column->set_field_id(100);
  column->mutable_vectors()->set_dim(dim);
  return column->mutable_vectors();
}

TEST(RowsMessageTest, DenseVectorsStayWhereTheyCameIn) {
  InsertRequest request;
  request.set_collection_name("books");
  request.add_fields_data()->mutable_scalars()->mutable_long_data()->add_data(
      7);
  const std::vector<float> floats = {1, 2, 3, 4};
  AddColumn(request, "floats", 2)
      ->mutable_float_vector()
      ->mutable_data()
      ->Assign(floats.begin(), floats.end());
  AddColumn(request, "bits", 16)->set_binary_vector("bits");
  AddColumn(request, "halves", 1)->set_float16_vector("halves");
  AddColumn(request, "brains", 1)->set_bfloat16_vector("brains");
  AddColumn(request, "bytes", 3)->set_int8_vector("bytes!");
  request.set_num_rows(2);
  const std::string bytes = request.SerializeAsString();
  const HollowRequest hollow = TakeVectorsOut(bytes, kColumns);
  EXPECT_THAT(hollow.vectors, ElementsAre("", BytesOf(floats), "bits", "halves",
                                          "brains", "bytes!"));
  for (const std::string_view values : hollow.vectors) {
    if (values.empty()) continue;
    EXPECT_GE(values.data(), bytes.data());
    EXPECT_LE(values.data() + values.size(), bytes.data() + bytes.size());
  }
  // What is left says the kind of each column and everything else.
  for (schema_pb::FieldData& column : *request.mutable_fields_data()) {
    if (!column.has_vectors()) continue;
    schema_pb::VectorField& vectors = *column.mutable_vectors();
    if (vectors.has_float_vector()) vectors.mutable_float_vector()->Clear();
    if (vectors.has_binary_vector()) vectors.set_binary_vector("");
    if (vectors.has_float16_vector()) vectors.set_float16_vector("");
    if (vectors.has_bfloat16_vector()) vectors.set_bfloat16_vector("");
    if (vectors.has_int8_vector()) vectors.set_int8_vector("");
  }
  EXPECT_EQ(hollow.bytes, request.SerializeAsString());
}

TEST(RowsMessageTest, AnUpsertIsTakenApartAsAnInsertIs) {
  UpsertRequest request;
  request.set_num_rows(1);
  request.add_fields_data()->mutable_vectors()->set_int8_vector("abc");
  const std::string bytes = request.SerializeAsString();
  RowsMessage<UpsertRequest> message;
  ASSERT_TRUE(
      message.Parse(base::Buffer(nullptr, std::as_bytes(std::span(bytes)))));
  EXPECT_EQ(message.message().num_rows(), 1U);
  EXPECT_THAT(message.columns().vectors, ElementsAre("abc"));
  EXPECT_TRUE(message.message().fields_data(0).vectors().has_int8_vector());
}

TEST(RowsMessageTest, SparseRowsAndScalarsStayInTheMessage) {
  InsertRequest request;
  AddColumn(request, "sparse", 0)
      ->mutable_sparse_float_vector()
      ->add_contents("12345678");
  request.add_fields_data()->mutable_scalars()->mutable_string_data()->add_data(
      "text");
  const std::string bytes = request.SerializeAsString();
  const HollowRequest hollow = TakeVectorsOut(bytes, kColumns);
  EXPECT_EQ(hollow.bytes, bytes);
  EXPECT_THAT(hollow.vectors, ElementsAre(IsEmpty(), IsEmpty()));
}

// Two runs of numbers in one column, a column in two parts, two kinds in one:
// the parser's rules decide.
TEST(RowsMessageTest, WhatNoEncoderWritesIsLeftToTheParser) {
  InsertRequest one;
  const std::vector<float> floats = {1, 2};
  AddColumn(one, "v", 2)
      ->mutable_float_vector()
      ->mutable_data()
      ->Assign(floats.begin(), floats.end());
  const std::string vectors = one.fields_data(0).vectors().SerializeAsString();
  // A request of one column.
  const auto request_with = [](const std::string& column) {
    return std::string("\x2A") + static_cast<char>(column.size()) + column;
  };
  const std::string part =
      std::string("\x22") + static_cast<char>(vectors.size()) + vectors;
  const std::string twice = request_with(part + part);
  EXPECT_EQ(Parsed(twice).fields_data(0).vectors().float_vector().data_size(),
            4);
  EXPECT_EQ(TakeVectorsOut(twice, kColumns).bytes, twice);

  schema_pb::VectorField bits;
  bits.set_binary_vector("bits");
  const std::string kinds = vectors + bits.SerializeAsString();
  const std::string mixed = request_with(
      std::string("\x22") + static_cast<char>(kinds.size()) + kinds);
  EXPECT_TRUE(Parsed(mixed).fields_data(0).vectors().has_binary_vector());
  EXPECT_EQ(TakeVectorsOut(mixed, kColumns).bytes, mixed);

  // Numbers that are not packed: one after the other.
  const std::string loose = std::string("\x0D\0\0\x80\x3F", 5);
  const std::string unpacked =
      request_with(std::string("\x22\x07\x12\x05") + loose);
  EXPECT_EQ(
      Parsed(unpacked).fields_data(0).vectors().float_vector().data_size(), 1);
  EXPECT_EQ(TakeVectorsOut(unpacked, kColumns).bytes, unpacked);
}

// The parser takes groups of unknown numbers, and drops what a key has beyond
// 32 bits. A walk that does not must not know of fewer columns than it.
TEST(RowsMessageTest, ColumnsBehindWhatOnlyTheParserReadsAreNotLost) {
  for (const std::string_view odd :
       {std::string_view("\x9b\x06\x9c\x06", 4),
        std::string_view("\x98\x86\x80\x80\x10\x01", 6)}) {
    InsertRequest first;
    AddColumn(first, "b", 16)->set_binary_vector("bits");
    InsertRequest second;
    AddColumn(second, "c", 16)->set_binary_vector("more");
    const std::string bytes = first.SerializeAsString() + std::string(odd) +
                              second.SerializeAsString();
    ASSERT_EQ(Parsed(bytes).fields_data_size(), 2);
    RowsMessage<InsertRequest> hollow;
    ASSERT_TRUE(
        hollow.Parse(base::Buffer(nullptr, std::as_bytes(std::span(bytes)))));
    EXPECT_THAT(hollow.columns().vectors, IsEmpty());
    ASSERT_EQ(hollow.message().fields_data_size(), 2);
    EXPECT_EQ(hollow.message().fields_data(1).vectors().binary_vector(),
              "more");
  }
}

// Bytes that were changed anywhere are refused by both or mean the same.
TEST(RowsMessageTest, DamagedRequestsMeanWhatTheParserTakesThemFor) {
  const google::protobuf::LogSilencer silencer;
  std::mt19937 random(9);
  InsertRequest request;
  request.set_collection_name("books");
  request.set_num_rows(2);
  const std::vector<float> floats = {1, 2, 3, 4};
  AddColumn(request, "v", 2)
      ->mutable_float_vector()
      ->mutable_data()
      ->Assign(floats.begin(), floats.end());
  AddColumn(request, "b", 16)->set_binary_vector("bits");
  const std::string sound = request.SerializeAsString();
  int understood = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = sound;
    for (int i = 0; i < 1 + round % 3; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    InsertRequest whole;
    const bool is_whole = whole.ParseFromString(bytes);
    RowsMessage<InsertRequest> hollow;
    ASSERT_EQ(
        hollow.Parse(base::Buffer(nullptr, std::as_bytes(std::span(bytes)))),
        is_whole);
    if (!is_whole) continue;
    ++understood;
    // Put back what was taken out: the same request.
    InsertRequest filled = hollow.message();
    const RequestColumns columns = hollow.columns();
    for (int i = 0; i < filled.fields_data_size(); ++i) {
      if (columns.vectors.empty()) break;
      ASSERT_EQ(columns.vectors.size(), columns.fields.size());
      const std::string_view values =
          columns.vectors[static_cast<std::size_t>(i)];
      if (!filled.fields_data(i).has_vectors() || values.data() == nullptr) {
        continue;
      }
      auto& vectors = *filled.mutable_fields_data(i)->mutable_vectors();
      if (vectors.has_float_vector()) {
        auto& data = *vectors.mutable_float_vector()->mutable_data();
        data.Resize(static_cast<int>(values.size() / 4), 0);
        std::memcpy(data.mutable_data(), values.data(), values.size());
      } else if (vectors.has_binary_vector()) {
        vectors.set_binary_vector(std::string(values));
      } else if (vectors.has_float16_vector()) {
        vectors.set_float16_vector(std::string(values));
      } else if (vectors.has_bfloat16_vector()) {
        vectors.set_bfloat16_vector(std::string(values));
      } else if (vectors.has_int8_vector()) {
        vectors.set_int8_vector(std::string(values));
      }
    }
    ASSERT_EQ(filled.SerializeAsString(), whole.SerializeAsString());
  }
  EXPECT_GT(understood, 1000);
}

}  // namespace
}  // namespace elanus::access
