#include "access/query.h"

#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "access/fan_out.h"
#include "access/merge_replies.h"
#include "access/output_fields.h"
#include "access/proxy.h"
#include "access/search_params.h"
#include "proto/milvus/milvus.pb.h"

namespace elanus::access {
namespace {

using base::ErrorCode;
using milvus::proto::milvus::QueryRequest;
using milvus::proto::milvus::QueryResults;

constexpr std::string_view kCount = "count(*)";

bool IsCount(const std::string& name) {
  return absl::EqualsIgnoreCase(
      name, absl::string_view(kCount.data(), kCount.size()));
}

// Is it the number of rows that is asked for?
absl::StatusOr<bool> AsksForCount(const QueryRequest& request) {
  bool asks = false;
  for (const std::string& name : request.output_fields()) {
    asks |= IsCount(name);
  }
  if (asks && request.output_fields_size() > 1) {
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "count(*) cannot be asked for together with "
                              "other output fields: invalid parameter");
  }
  return asks;
}

// One query on its way: checks, the nodes, the answer.
class QueryCall : public std::enable_shared_from_this<QueryCall> {
 public:
  QueryCall(Proxy& proxy, CallContext& ctx, const QueryRequest& request,
            QueryResults* reply, base::Done done)
      : proxy_(proxy),
        ctx_(ctx),
        request_(request),
        reply_(reply),
        done_(std::move(done)),
        started_ns_(proxy.deps().clock.MonotonicNs()) {}

  void Start() {
    proxy_.cache().Find(
        ctx_.op, ctx_.db_name, request_.collection_name(),
        [self = shared_from_this()](absl::StatusOr<EntryRef> entry) {
          if (!entry.ok()) return self->Finish(entry.status());
          self->entry_ = *std::move(entry);
          const absl::Status status = self->Check();
          if (!status.ok()) return self->Finish(status);
          self->AskNodes();
        });
  }

 private:
  absl::Status Check();
  absl::Status CheckWindow() const;
  void AskNodes();
  void Fill(std::vector<internal::QueryShardsReply> replies);
  void FillCount(std::int64_t count);
  void Finish(absl::Status status);

  Proxy& proxy_;
  CallContext& ctx_;
  const QueryRequest& request_;
  QueryResults* const reply_;
  base::Done done_;
  const std::int64_t started_ns_;

  EntryRef entry_;
  QueryParams params_;
  OutputFields output_;
  bool count_only_ = false;
  bool has_filter_ = false;
  ReadTarget target_;
  internal::ReadGuarantee::Kind guarantee_{};
  internal::QueryShardsRequest shards_request_;
};

absl::Status QueryCall::Check() {
  if (!request_.namespace_().empty()) {
    return base::InvalidInput(ErrorCode::kOperationNotSupported,
                              "parameter namespace is not supported: "
                              "unsupported operation");
  }
  ASSIGN_OR_RETURN(
      params_,
      ReadQueryParams(request_.query_params(),
                      {.max_top_k = proxy_.config().max_top_k,
                       .max_window = proxy_.config().max_query_window}));
  ASSIGN_OR_RETURN(count_only_, AsksForCount(request_));
  has_filter_ = !absl::StripAsciiWhitespace(request_.expr()).empty();
  RETURN_IF_ERROR(CheckWindow());
  if (!count_only_) {
    ASSIGN_OR_RETURN(output_,
                     ReadOutputFields(*entry_->schema, request_.output_fields(),
                                      {.with_primary_key = true}));
  }
  ASSIGN_OR_RETURN(target_,
                   FillScope(proxy_, *entry_, request_,
                             {.filter = has_filter_ ? request_.expr() : "",
                              .is_iterator = params_.is_iterator,
                              .collection_id = params_.collection_id,
                              .ignore_growing = params_.ignore_growing},
                             shards_request_.mutable_scope()));
  guarantee_ = shards_request_.scope().guarantee().kind();
  *shards_request_.mutable_output() = output_.columns;
  shards_request_.set_count_only(count_only_);
  if (params_.limit > 0) {
    shards_request_.set_limit(params_.limit + params_.offset);
  }
  return absl::OkStatus();
}

absl::Status QueryCall::CheckWindow() const {
  if (count_only_ && params_.has_pagination) {
    return base::InvalidInput(ErrorCode::kUnexpected,
                              "count entities with pagination is not allowed");
  }
  if (!count_only_ && !has_filter_ && params_.limit == 0) {
    return base::InvalidInput(ErrorCode::kUnexpected,
                              "empty expression should be used with limit");
  }
  return absl::OkStatus();
}

void QueryCall::AskNodes() {
  FanOut<internal::QueryShardsRequest, internal::QueryShardsReply>::Start(
      proxy_, ctx_.op, &role::QueryNode::Query, std::move(target_),
      std::move(shards_request_),
      [self = shared_from_this()](
          absl::StatusOr<std::vector<internal::QueryShardsReply>> replies) {
        if (!replies.ok()) return self->Finish(replies.status());
        self->Fill(*std::move(replies));
        self->Finish(absl::OkStatus());
      });
}

void QueryCall::Fill(std::vector<internal::QueryShardsReply> replies) {
  internal::QueryShardsReply found = MergeQuery(
      std::move(replies), {.offset = params_.offset, .limit = params_.limit});
  if (count_only_) {
    FillCount(found.count());
  } else {
    reply_->mutable_fields_data()->Swap(found.mutable_fields());
    for (std::string& name : output_.names) {
      reply_->add_output_fields(std::move(name));
    }
  }
  reply_->set_primary_field_name(entry_->schema->primary_key().name);
  reply_->set_collection_name(request_.collection_name());
  const std::uint64_t clock =
      NoteStates(proxy_, *entry_, guarantee_, found.states());
  if (params_.is_iterator) {
    NotePin(proxy_, request_.guarantee_timestamp(), clock);
  }
  reply_->set_session_ts(clock);
}

void QueryCall::FillCount(std::int64_t count) {
  auto* field = reply_->add_fields_data();
  field->set_type(milvus::proto::schema::Int64);
  field->set_field_name(std::string(kCount));
  field->mutable_scalars()->mutable_long_data()->add_data(count);
  reply_->add_output_fields(std::string(kCount));
}

void QueryCall::Finish(absl::Status status) {
  proxy_.counters().query_seconds.Observe(proxy_.SecondsSince(started_ns_));
  done_(std::move(status));
}

}  // namespace

void RegisterQuery(Proxy& proxy, Dispatch& dispatch) {
  dispatch.Register<QueryRequest, QueryResults>(
      "Query",
      [&proxy](CallContext& ctx, const QueryRequest& request,
               QueryResults* reply, base::Done done) {
        std::make_shared<QueryCall>(proxy, ctx, request, reply, std::move(done))
            ->Start();
      },
      {.is_brief = true});
}

}  // namespace elanus::access
