// Requests as they come from the network, as far as our own code reads them:
// any bytes as an Insert become a log record or an error, any bytes as a
// schema, a group of query vectors, parameters of a search or of an index, a
// filter with the values of its template, or JSON are read or refused. The
// first byte says what the others are.
#include <cstddef>
#include <cstdint>
#include <string>

#include <google/protobuf/stubs/logging.h>

#include "access/ddl/index_params.h"
#include "access/ddl/schema_check.h"
#include "access/grpc/request_peek.h"
#include "access/json_check.h"
#include "access/query_vectors.h"
#include "access/rows_message.h"
#include "access/rows_request.h"
#include "access/search_params.h"
#include "expr/filter.h"
#include "expr/template_values.h"
#include "index/vector/registry.h"
#include "proto/milvus/milvus.pb.h"
#include "role/schema_convert.h"
#include "segment/random_columns_test.h"
#include "segment/record/record.h"

namespace {

using namespace elanus;  // NOLINT: a program of one page
namespace milvus_pb = milvus::proto::milvus;
namespace schema_pb = milvus::proto::schema;

types::Schema TestSchema() {
  schema_pb::CollectionSchema message;
  message.set_name("c");
  message.set_enable_dynamic_field(true);
  const auto add = [&](const char* name, schema_pb::DataType type,
                       const char* param, const char* value) {
    schema_pb::FieldSchema& field = *message.add_fields();
    field.set_name(name);
    field.set_data_type(type);
    if (*param == '\0') return &field;
    auto& pair = *field.add_type_params();
    pair.set_key(param);
    pair.set_value(value);
    return &field;
  };
  add("id", schema_pb::Int64, "", "")->set_is_primary_key(true);
  add("small", schema_pb::Int8, "", "")->set_nullable(true);
  add("text", schema_pb::VarChar, "max_length", "8");
  add("json", schema_pb::JSON, "", "")->set_nullable(true);
  add("vec", schema_pb::FloatVector, "dim", "4");
  role::AssignFieldIds(message);
  return *role::SchemaFromProto(message);
}

const types::Schema& Schema() {
  static const types::Schema schema = TestSchema();
  return schema;
}

// The records that come of a request.
std::vector<std::string> Write(const access::RequestColumns& columns,
                               std::uint32_t row_count, bool is_upsert) {
  std::vector<std::string> records;
  auto rows = access::RowsRequest::Check(Schema(), columns, row_count,
                                         {.is_upsert = is_upsert});
  if (!rows.ok()) return {std::string(base::MessageOf(rows.status()))};
  if (rows->needs_ids()) rows->SetIds(100);
  schema_pb::IDs ids;
  rows->FillIds(&ids);
  for (const auto& shard : rows->Scatter(2, is_upsert)) {
    if (shard.empty()) continue;
    auto builder = rows->Build(shard, base::PartitionId{1}, base::SegmentId{2});
    if (!builder.ok()) continue;
    segment::RecordHeader header;
    header.type =
        is_upsert ? segment::RecordType::kUpsert : segment::RecordType::kInsert;
    const auto bytes = std::move(*builder).Finish(header);
    if (!bytes.ok()) continue;
    // What we write ourselves we can read.
    const auto record = segment::ParseRecord(*bytes);
    if (!record.ok()) __builtin_trap();
    for (const segment::RecordColumn& column : record->columns()) {
      segment::Rows(column.values);
    }
    records.emplace_back(bytes->view());
  }
  return records;
}

void ReadInsert(std::string_view bytes) {
  access::RequestNames names;
  const bool peeked =
      access::PeekNames(bytes, {.db_name = 2, .object_name = 3}, &names).ok();
  milvus_pb::InsertRequest request;
  const bool is_whole =
      request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  access::RowsMessage<milvus_pb::InsertRequest> hollow;
  if (hollow.Parse(base::Buffer(nullptr, std::as_bytes(std::span(bytes)))) !=
      is_whole) {
    __builtin_trap();
  }
  if (!is_whole) return;
  // What is checked is what is done.
  if (peeked &&
      (names.db_name != request.db_name() || names.objects.size() != 1 ||
       names.objects[0] != request.collection_name())) {
    __builtin_trap();
  }
  for (const bool is_upsert : {false, true}) {
    if (Write({.fields = request.fields_data()}, request.num_rows(),
              is_upsert) !=
        Write(hollow.columns(), hollow.message().num_rows(), is_upsert)) {
      __builtin_trap();
    }
  }
}

void ReadSchema(std::string_view bytes) {
  schema_pb::CollectionSchema schema;
  if (!schema.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return;
  }
  if (!access::CheckSchema(schema, base::Config()).ok()) return;
  role::AssignFieldIds(schema);
  (void)role::SchemaFromProto(schema).ok();
}

void ReadVectors(const std::string& bytes) {
  const types::FieldSchema* field = Schema().Find("vec");
  const auto queries = access::ReadQueryVectors(bytes, *field, {});
  if (queries.ok() &&
      queries->bytes.size() != static_cast<std::size_t>(queries->nq) * 16) {
    __builtin_trap();
  }
}

void ReadParams(std::string_view bytes) {
  milvus_pb::SearchRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return;
  }
  (void)access::ReadQueryParams(request.search_params(), {}).ok();
  const auto params = access::ReadSearchParams(request.search_params(), {});
  if (!params.ok()) return;
  const index::ParamMap map(params->index_params.begin(),
                            params->index_params.end());
  for (const index::IndexType type :
       {index::IndexType::kHnsw, index::IndexType::kHnswSq,
        index::IndexType::kIvfPq, index::IndexType::kScann,
        index::IndexType::kIvfRabitq, index::IndexType::kSparseInverted,
        index::IndexType::kMinHashLsh}) {
    (void)index::ParseSearchParams(type, map, 10).ok();
    (void)index::ParseRangeSearchParams(type, map).ok();
  }
}

void ReadIndex(std::string_view bytes) {
  milvus_pb::CreateIndexRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return;
  }
  const auto params = access::ReadIndexParams(request.extra_params());
  if (!params.ok()) return;
  for (const types::FieldSchema& field : Schema().fields) {
    (void)access::MakeIndex(field, *params).ok();
  }
}

void ReadFilter(std::string_view bytes) {
  milvus_pb::SearchRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return;
  }
  const auto values = expr::ReadTemplateValues(request.expr_template_values());
  if (!values.ok()) return;
  (void)expr::CompileFilter(request.dsl(), Schema(), *values).ok();
}

void ReadJson(std::string_view bytes) {
  access::JsonChecker checker(Schema());
  (void)checker.Check(bytes).ok();
  (void)checker.CheckDynamic(bytes).ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  // It complains about each text that is not UTF-8.
  static const google::protobuf::LogSilencer quiet;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1,
                               size - 1);
  switch (data[0]) {
    case 'i':
      ReadInsert(bytes);
      break;
    case 's':
      ReadSchema(bytes);
      break;
    case 'v':
      ReadVectors(std::string(bytes));
      break;
    case 'p':
      ReadParams(bytes);
      break;
    case 'x':
      ReadIndex(bytes);
      break;
    case 'f':
      ReadFilter(bytes);
      break;
    default:
      ReadJson(bytes);
  }
  return 0;
}
