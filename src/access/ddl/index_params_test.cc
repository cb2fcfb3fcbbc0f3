#include "access/ddl/index_params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace elanus::access {
namespace {

using base::ErrorCode;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;
using Pairs = std::vector<std::pair<std::string, std::string>>;

absl::StatusOr<IndexParams> Read(const Pairs& pairs) {
  google::protobuf::RepeatedPtrField<milvus::proto::common::KeyValuePair> wire;
  for (const auto& [key, value] : pairs) {
    wire.Add()->set_key(key);
    wire.rbegin()->set_value(value);
  }
  return ReadIndexParams(wire);
}

types::FieldSchema VectorField() {
  types::FieldSchema field;
  field.id = base::FieldId{101};
  field.name = "v";
  field.type = types::DataType::kFloatVector;
  field.dim = 8;
  return field;
}

absl::StatusOr<internal::IndexMeta> Make(const Pairs& pairs,
                                         const types::FieldSchema& field) {
  ASSIGN_OR_RETURN(const IndexParams params, Read(pairs));
  return MakeIndex(field, params);
}

std::string RefusalOf(const absl::Status& status) {
  return std::string(base::MessageOf(status));
}

TEST(IndexParams, FlatAndJsonMeanTheSame) {
  const auto flat = Read({{"index_type", "HNSW"},
                          {"metric_type", "L2"},
                          {"M", "8"},
                          {"efConstruction", "64"}});
  const auto text = Read({{"index_type", "HNSW"},
                          {"metric_type", "L2"},
                          {"params", R"({"M": 8, "efConstruction": "64"})"}});
  ASSERT_TRUE(flat.ok() && text.ok());
  EXPECT_EQ(flat->index_type, "HNSW");
  EXPECT_EQ(flat->metric_type, "L2");
  EXPECT_THAT(flat->build, UnorderedElementsAre(Pair("M", "8"),
                                                Pair("efConstruction", "64")));
  EXPECT_EQ(flat->build, text->build);
}

TEST(IndexParams, ADimIsIgnored) {
  const auto params = Read({{"dim", "4"}, {"params", ""}});
  ASSERT_TRUE(params.ok());
  EXPECT_THAT(params->build, IsEmpty());
}

TEST(IndexParams, AParameterGivenTwiceIsRefused) {
  const std::vector<Pairs> twice = {
      {{"M", "8"}, {"M", "8"}},
      {{"M", "8"}, {"params", R"({"M": 8})"}},
      {{"params", R"({"M": 8, "M": 9})"}},
      {{"params", "{}"}, {"params", "{}"}},
      {{"metric_type", "L2"}, {"params", R"({"metric_type": "IP"})"}}};
  for (const Pairs& pairs : twice) {
    EXPECT_THAT(RefusalOf(Read(pairs).status()), HasSubstr("duplicated"));
  }
}

TEST(IndexParams, TextThatIsNoFlatObjectIsRefused) {
  for (const char* text : {"{", "[]", "1", "null", R"({"M": [8]})",
                           R"({"M": {"M": 8}})", R"({"M": null})", "\xff"}) {
    EXPECT_EQ(base::CodeOf(Read({{"params", text}}).status()),
              ErrorCode::kParameterInvalid)
        << text;
  }
}

TEST(IndexParams, TheRecordIsEnoughToParseTheIndexAgain) {
  const auto index = Make({{"index_type", "HNSW"},
                           {"metric_type", "ip"},
                           {"params", R"({"M": 8, "efConstruction": 64})"}},
                          VectorField());
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_EQ(index->field_id(), 101);
  EXPECT_EQ(index->metric_type(), "IP");
  index::ParamMap params;
  for (const auto& pair : index->user_params()) {
    params[pair.key()] = pair.value();
  }
  const auto spec = index::ParseIndexSpec({.type_name = index->index_type(),
                                           .metric_name = index->metric_type(),
                                           .dim = 8,
                                           .params = params});
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->type, index::IndexType::kHnsw);
  EXPECT_EQ(spec->hnsw, (index::HnswParams{.m = 8, .ef_construction = 64}));
}

TEST(IndexParams, AutoindexKeepsItsNameAndGetsAMetric) {
  for (const Pairs& pairs : {Pairs(), Pairs{{"index_type", "AUTOINDEX"}}}) {
    const auto index = Make(pairs, VectorField());
    ASSERT_TRUE(index.ok()) << index.status();
    EXPECT_EQ(index->index_type(), "AUTOINDEX");
    EXPECT_EQ(index->metric_type(), "COSINE");
  }
  EXPECT_THAT(RefusalOf(Make({{"M", "8"}}, VectorField()).status()),
              HasSubstr("only metric type can be passed"));
}

TEST(IndexParams, AnIndexOfAScalarIsNotSupportedYet) {
  types::FieldSchema field;
  field.name = "n";
  field.type = types::DataType::kInt64;
  for (const Pairs& pairs : {Pairs(), Pairs{{"index_type", "INVERTED"}}}) {
    const absl::Status status = Make(pairs, field).status();
    EXPECT_EQ(base::CodeOf(status), ErrorCode::kIndexNotSupported);
    EXPECT_THAT(RefusalOf(status), HasSubstr("not supported yet"));
  }
  EXPECT_THAT(
      RefusalOf(Make({{"index_type", "HNSW"}, {"metric_type", "L2"}}, field)
                    .status()),
      HasSubstr("data type Int64 can't build with this index HNSW"));
  EXPECT_THAT(RefusalOf(Make({{"index_type", "NOPE"}}, field).status()),
              HasSubstr("invalid index type: NOPE"));
}

TEST(IndexParams, Bm25IsForTheOutputOfAFunctionAndThereIsNone) {
  types::FieldSchema field = VectorField();
  field.type = types::DataType::kSparseFloatVector;
  field.dim = 0;
  for (const char* type : {"SPARSE_INVERTED_INDEX", "SPARSE_WAND", ""}) {
    const absl::Status status =
        Make({{"index_type", type}, {"metric_type", "BM25"}}, field).status();
    EXPECT_EQ(base::CodeOf(status), ErrorCode::kParameterInvalid);
    EXPECT_THAT(RefusalOf(status),
                HasSubstr("only BM25 Function output field support BM25 "
                          "metric type"));
    EXPECT_TRUE(
        Make({{"index_type", type}, {"metric_type", "IP"}}, field).ok());
  }
}

TEST(IndexParams, MmapIsAFlag) {
  EXPECT_TRUE(Make({{"mmap.enabled", "true"}}, VectorField()).ok());
  EXPECT_THAT(RefusalOf(Read({{"mmap.enabled", "1"}}).status()),
              HasSubstr("invalid mmap.enabled value"));
}

}  // namespace
}  // namespace elanus::access
