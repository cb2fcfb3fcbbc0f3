#include "model/client.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "proto/milvus/common.pb.h"
#include "proto/milvus/milvus.pb.h"
#include "proto/milvus/schema.pb.h"

namespace elanus::model {
namespace {

namespace common = milvus::proto::common;
namespace pb = milvus::proto::milvus;
namespace schema = milvus::proto::schema;

constexpr std::int64_t kPatienceMs = 40'000;
constexpr char kAll[] = "id >= 0";

template <typename Request>
void AddPartitions(const Scope& scope, Request& request) {
  for (const int partition : scope.partitions) {
    request.add_partition_names(PartitionName(partition));
  }
}

void AddField(schema::CollectionSchema& collection, const std::string& name,
              schema::DataType type) {
  schema::FieldSchema* field = collection.add_fields();
  field->set_name(name);
  field->set_data_type(type);
  field->set_is_primary_key(name == "id");
  if (type != schema::FloatVector) return;
  auto* dim = field->add_type_params();
  dim->set_key("dim");
  dim->set_value(std::to_string(kDim));
}

template <typename Request>
void AddColumns(const std::vector<Row>& rows, Request& request) {
  auto* ids = request.add_fields_data();
  ids->set_type(schema::Int64);
  ids->set_field_name("id");
  auto* values = request.add_fields_data();
  values->set_type(schema::Int64);
  values->set_field_name("v");
  auto* vectors = request.add_fields_data();
  vectors->set_type(schema::FloatVector);
  vectors->set_field_name("vec");
  vectors->mutable_vectors()->set_dim(kDim);
  for (const Row& row : rows) {
    ids->mutable_scalars()->mutable_long_data()->add_data(row.key);
    values->mutable_scalars()->mutable_long_data()->add_data(row.value);
    for (const float x : VectorOf(row.value)) {
      vectors->mutable_vectors()->mutable_float_vector()->add_data(x);
    }
  }
  request.set_num_rows(static_cast<std::uint32_t>(rows.size()));
}

template <typename Request>
void AddParam(Request& request, const std::string& key,
              const std::string& value) {
  auto* pair = request.add_search_params();
  pair->set_key(key);
  pair->set_value(value);
}

pb::QueryRequest QueryOf(const std::string& name, const Scope& scope) {
  pb::QueryRequest request;
  request.set_collection_name(name);
  const std::string expr = ExprOf(scope);
  request.set_expr(expr.empty() ? kAll : expr);
  AddPartitions(scope, request);
  request.add_output_fields("id");
  request.add_output_fields("v");
  return request;
}

const schema::FieldData* FindField(const pb::QueryResults& reply,
                                   const std::string& name) {
  for (const auto& field : reply.fields_data()) {
    if (field.field_name() == name) return &field;
  }
  return nullptr;
}

}  // namespace

std::string ExprOf(const Scope& scope) {
  std::string expr;
  if (scope.keys.has_value()) {
    expr = fmt::format("id in [{}]", fmt::join(*scope.keys, ","));
  }
  if (scope.value_below.has_value()) {
    if (!expr.empty()) expr += " and ";
    expr += fmt::format("v < {}", *scope.value_below);
  }
  return expr;
}

std::string PartitionName(int partition) {
  return partition == 0 ? "_default" : fmt::format("p{}", partition);
}

std::string_view NameOf(Level level) {
  constexpr std::string_view kNames[] = {"Strong", "Session", "Bounded",
                                         "Eventually"};
  return kNames[static_cast<std::size_t>(level)];
}

void Client::Note(const std::string& name, std::uint64_t time) {
  std::uint64_t& newest = times_[name];
  newest = std::max(newest, time);
}

template <typename Request>
void Client::Ask(const Consistency& consistency, Request& request) const {
  constexpr common::ConsistencyLevel kLevels[] = {
      common::Strong, common::Session, common::Bounded, common::Eventually};
  const auto known = times_.find(request.collection_name());
  const std::uint64_t time = known == times_.end() ? 0 : known->second;
  const bool has_mark = consistency.level != Level::kSession;
  constexpr std::uint64_t kMarks[] = {0, 1, 2, 1};
  const auto level = static_cast<std::size_t>(consistency.level);
  // Without a time of its own a Session is nothing but its level.
  request.set_guarantee_timestamp(has_mark || time == 0 ? kMarks[level] : time);
  request.set_consistency_level(
      consistency.by_timestamp && (has_mark || time != 0) ? common::Customized
                                                          : kLevels[level]);
}

template <typename Reply, typename Request>
std::shared_ptr<Client::Answer<Reply>> Client::Start(const std::string& method,
                                                     const Request& request) {
  auto answer = std::make_shared<Answer<Reply>>();
  answer->method = method;
  process_.Call<Request, Reply>(
      proxy_, method, request,
      [answer](absl::Status status, const Reply& reply) {
        answer->status = std::move(status);
        answer->reply = reply;
      });
  return answer;
}

template <typename Reply>
absl::StatusOr<Reply> Client::Await(Answer<Reply>& answer) {
  scheduler_.RunUntil(
      [&] { return answer.status.has_value() || faults_.is_dead(); },
      kPatienceMs);
  if (!answer.status.has_value()) {
    if (faults_.is_dead()) return absl::UnavailableError("the process died");
    return absl::DeadlineExceededError(answer.method + " hangs");
  }
  if (!answer.status->ok()) return *std::move(answer.status);
  return std::move(answer.reply);
}

absl::Status Client::CreateCollection(const std::string& name, int shards) {
  schema::CollectionSchema collection;
  collection.set_name(name);
  AddField(collection, "id", schema::Int64);
  AddField(collection, "v", schema::Int64);
  AddField(collection, "vec", schema::FloatVector);
  pb::CreateCollectionRequest request;
  request.set_collection_name(name);
  request.set_schema(collection.SerializeAsString());
  request.set_shards_num(shards);
  return Call<common::Status>("CreateCollection", request).status();
}

absl::Status Client::DropCollection(const std::string& name) {
  pb::DropCollectionRequest request;
  request.set_collection_name(name);
  return Call<common::Status>("DropCollection", request).status();
}

absl::Status Client::CreatePartition(const std::string& name, int partition) {
  pb::CreatePartitionRequest request;
  request.set_collection_name(name);
  request.set_partition_name(PartitionName(partition));
  return Call<common::Status>("CreatePartition", request).status();
}

absl::Status Client::DropPartition(const std::string& name, int partition) {
  pb::DropPartitionRequest request;
  request.set_collection_name(name);
  request.set_partition_name(PartitionName(partition));
  return Call<common::Status>("DropPartition", request).status();
}

absl::Status Client::CreateIndex(const std::string& name,
                                 const std::string& type) {
  pb::CreateIndexRequest request;
  request.set_collection_name(name);
  request.set_field_name("vec");
  request.set_index_name("vec");
  for (const auto& [key, value] :
       {std::pair<std::string, std::string>{"index_type", type},
        {"metric_type", "L2"},
        {"params", "{}"}}) {
    auto* pair = request.add_extra_params();
    pair->set_key(key);
    pair->set_value(value);
  }
  return Call<common::Status>("CreateIndex", request).status();
}

absl::Status Client::DropIndex(const std::string& name) {
  pb::DropIndexRequest request;
  request.set_collection_name(name);
  request.set_field_name("vec");
  request.set_index_name("vec");
  return Call<common::Status>("DropIndex", request).status();
}

absl::Status Client::Load(const std::string& name) {
  pb::LoadCollectionRequest request;
  request.set_collection_name(name);
  request.set_replica_number(1);
  return Call<common::Status>("LoadCollection", request).status();
}

absl::Status Client::Release(const std::string& name) {
  pb::ReleaseCollectionRequest request;
  request.set_collection_name(name);
  return Call<common::Status>("ReleaseCollection", request).status();
}

absl::StatusOr<bool> Client::IsLoaded(const std::string& name) {
  pb::GetLoadStateRequest request;
  request.set_collection_name(name);
  ASSIGN_OR_RETURN(const auto reply,
                   Call<pb::GetLoadStateResponse>("GetLoadState", request));
  return reply.state() == common::LoadStateLoaded;
}

absl::StatusOr<std::uint64_t> Client::Flush(const std::string& name) {
  pb::FlushRequest request;
  request.add_collection_names(name);
  ASSIGN_OR_RETURN(const auto reply, Call<pb::FlushResponse>("Flush", request));
  const auto it = reply.coll_flush_ts().find(name);
  return it == reply.coll_flush_ts().end() ? 0 : it->second;
}

absl::StatusOr<bool> Client::IsFlushed(const std::string& name,
                                       std::uint64_t time) {
  pb::GetFlushStateRequest request;
  request.set_collection_name(name);
  request.set_flush_ts(time);
  ASSIGN_OR_RETURN(const auto reply,
                   Call<pb::GetFlushStateResponse>("GetFlushState", request));
  return reply.flushed();
}

absl::Status Client::Compact(const std::string& name) {
  pb::ManualCompactionRequest request;
  request.set_collection_name(name);
  return Call<pb::ManualCompactionResponse>("ManualCompaction", request)
      .status();
}

std::function<absl::Status()> Client::StartWrite(const std::string& name,
                                                 const std::vector<Row>& rows,
                                                 bool is_upsert) {
  const auto fill = [&](auto request) {
    request.set_collection_name(name);
    request.set_partition_name(PartitionName(rows.front().partition));
    AddColumns(rows, request);
    return request;
  };
  const auto answer =
      is_upsert
          ? Start<pb::MutationResult>("Upsert", fill(pb::UpsertRequest()))
          : Start<pb::MutationResult>("Insert", fill(pb::InsertRequest()));
  return [client = *this, answer, name]() mutable {
    const auto reply = client.Await(*answer);
    if (reply.ok()) client.Note(name, reply->timestamp());
    return reply.status();
  };
}

absl::Status Client::Delete(const std::string& name, const Scope& scope) {
  pb::DeleteRequest request;
  request.set_collection_name(name);
  if (!scope.partitions.empty()) {
    request.set_partition_name(PartitionName(*scope.partitions.begin()));
  }
  request.set_expr(ExprOf(scope));
  const auto reply = Call<pb::MutationResult>("Delete", request);
  if (reply.ok()) Note(name, reply->timestamp());
  return reply.status();
}

absl::StatusOr<std::vector<Row>> Client::Query(const std::string& name,
                                               const Scope& scope,
                                               const Consistency& consistency) {
  pb::QueryRequest request = QueryOf(name, scope);
  Ask(consistency, request);
  ASSIGN_OR_RETURN(const auto reply, Call<pb::QueryResults>("Query", request));
  Note(name, reply.session_ts());
  const schema::FieldData* ids = FindField(reply, "id");
  const schema::FieldData* values = FindField(reply, "v");
  std::vector<Row> rows;
  if (ids == nullptr || values == nullptr) return rows;
  for (int i = 0; i < ids->scalars().long_data().data_size(); ++i) {
    rows.push_back({.key = ids->scalars().long_data().data(i),
                    .value = values->scalars().long_data().data(i)});
  }
  return rows;
}

void Client::StartQuery(const std::string& name) {
  process_.Call<pb::QueryRequest, pb::QueryResults>(
      proxy_, "Query", QueryOf(name, {}),
      [](absl::Status, const pb::QueryResults&) {});
}

absl::StatusOr<std::int64_t> Client::Count(const std::string& name,
                                           const Scope& scope,
                                           const Consistency& consistency) {
  pb::QueryRequest request = QueryOf(name, scope);
  Ask(consistency, request);
  request.clear_output_fields();
  request.add_output_fields("count(*)");
  request.set_expr(ExprOf(scope));
  ASSIGN_OR_RETURN(const auto reply, Call<pb::QueryResults>("Query", request));
  if (reply.fields_data_size() != 1 ||
      reply.fields_data(0).scalars().long_data().data_size() != 1) {
    return absl::InternalError("count(*) is not one number");
  }
  Note(name, reply.session_ts());
  return reply.fields_data(0).scalars().long_data().data(0);
}

absl::StatusOr<std::vector<std::pair<Key, float>>> Client::Search(
    const std::string& name, const std::vector<float>& query, std::size_t limit,
    const Scope& scope, const Consistency& consistency) {
  common::PlaceholderGroup group;
  common::PlaceholderValue* placeholder = group.add_placeholders();
  placeholder->set_tag("$0");
  placeholder->set_type(common::PlaceholderType::FloatVector);
  std::string bytes(query.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), query.data(), bytes.size());
  placeholder->add_values(bytes);
  pb::SearchRequest request;
  request.set_collection_name(name);
  request.set_dsl(ExprOf(scope));
  request.set_dsl_type(common::DslType::BoolExprV1);
  request.set_placeholder_group(group.SerializeAsString());
  AddPartitions(scope, request);
  AddParam(request, "anns_field", "vec");
  AddParam(request, "topk", std::to_string(limit));
  AddParam(request, "metric_type", "L2");
  AddParam(request, "params", "{}");
  request.set_nq(1);
  Ask(consistency, request);
  ASSIGN_OR_RETURN(const auto reply,
                   Call<pb::SearchResults>("Search", request));
  Note(name, reply.session_ts());
  std::vector<std::pair<Key, float>> hits;
  const auto& ids = reply.results().ids().int_id();
  for (int i = 0; i < ids.data_size(); ++i) {
    hits.emplace_back(ids.data(i), reply.results().scores(i));
  }
  return hits;
}

}  // namespace elanus::model
