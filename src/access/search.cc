#include "access/search.h"

#include <memory>
#include <string_view>
#include <utility>

#include "access/fan_out.h"
#include "access/merge_replies.h"
#include "access/output_fields.h"
#include "access/proxy.h"
#include "access/query_vectors.h"
#include "access/search_params.h"
#include "proto/milvus/milvus.pb.h"
#include "types/metric.h"

namespace elanus::access {
namespace {

using base::ErrorCode;
using milvus::proto::milvus::SearchRequest;
using milvus::proto::milvus::SearchResults;

absl::Status NotSupported(std::string_view parameter) {
  return base::InvalidInput(ErrorCode::kOperationNotSupported,
                            "parameter {} is not supported: unsupported "
                            "operation",
                            parameter);
}

absl::Status RefuseUnsupported(const SearchRequest& request) {
  if (request.has_ids() || request.search_by_primary_keys()) {
    return NotSupported("search_by_primary_keys");
  }
  if (request.sub_reqs_size() > 0) return NotSupported("sub_reqs");
  if (request.has_function_score()) return NotSupported("function_score");
  if (request.has_highlighter()) return NotSupported("highlighter");
  if (!request.namespace_().empty()) return NotSupported("namespace");
  return absl::OkStatus();
}

absl::StatusOr<const types::FieldSchema*> FindVectorField(
    const types::Schema& schema, const std::string& name) {
  const types::FieldSchema* found = nullptr;
  if (!name.empty()) {
    found = schema.Find(name);
    if (found == nullptr) {
      return base::InvalidInput(ErrorCode::kUnexpected,
                                "failed to create query plan: failed to get "
                                "field schema by name: {}",
                                name);
    }
  } else {
    for (const types::FieldSchema& field : schema.fields) {
      if (!types::IsVector(field.type)) continue;
      if (found != nullptr) {
        return base::InvalidInput(ErrorCode::kUnexpected,
                                  "multiple anns_fields exist, please specify "
                                  "a anns_field in search_params");
      }
      found = &field;
    }
  }
  if (found == nullptr || !types::IsVector(found->type)) {
    return base::InvalidInput(ErrorCode::kParameterInvalid,
                              "failed to create query plan: field ({}) to "
                              "search is not of vector data type: invalid "
                              "parameter",
                              name);
  }
  return found;
}

// One search on its way: checks, the nodes, the answer.
class SearchCall : public std::enable_shared_from_this<SearchCall> {
 public:
  SearchCall(Proxy& proxy, CallContext& ctx, const SearchRequest& request,
             SearchResults* reply, base::Done done)
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
  void AskNodes();
  void Fill(std::vector<internal::SearchShardsReply> replies);
  void Finish(absl::Status status);

  Proxy& proxy_;
  CallContext& ctx_;
  const SearchRequest& request_;
  SearchResults* const reply_;
  base::Done done_;
  const std::int64_t started_ns_;

  EntryRef entry_;
  SearchParams params_;
  OutputFields output_;
  ReadTarget target_;
  internal::ReadGuarantee::Kind guarantee_{};
  internal::SearchShardsRequest shards_request_;
  std::int64_t nq_ = 0;
};

absl::Status SearchCall::Check() {
  const types::Schema& schema = *entry_->schema;
  RETURN_IF_ERROR(RefuseUnsupported(request_));
  ASSIGN_OR_RETURN(
      params_,
      ReadSearchParams(request_.search_params(),
                       {.max_top_k = proxy_.config().max_top_k,
                        .max_window = proxy_.config().max_query_window}));
  ASSIGN_OR_RETURN(const types::FieldSchema* field,
                   FindVectorField(schema, params_.anns_field));
  ASSIGN_OR_RETURN(QueryVectors queries,
                   ReadQueryVectors(request_.placeholder_group(), *field,
                                    {.nq = request_.nq(),
                                     .max_nq = proxy_.config().max_nq}));
  ASSIGN_OR_RETURN(output_,
                   ReadOutputFields(schema, request_.output_fields(), {}));
  ASSIGN_OR_RETURN(target_,
                   FillScope(proxy_, *entry_, request_,
                             {.filter = request_.dsl(),
                              .is_iterator = params_.is_iterator,
                              .collection_id = params_.collection_id,
                              .ignore_growing = params_.ignore_growing},
                             shards_request_.mutable_scope()));
  guarantee_ = shards_request_.scope().guarantee().kind();
  shards_request_.set_field_id(base::ToInt(field->id));
  shards_request_.set_metric_type(params_.metric_type);
  shards_request_.set_queries(std::move(queries.bytes));
  shards_request_.set_nq(queries.nq);
  nq_ = queries.nq;
  shards_request_.set_top_k(params_.top_k + params_.offset);
  shards_request_.mutable_params()->insert(params_.index_params.begin(),
                                           params_.index_params.end());
  *shards_request_.mutable_output() = output_.columns;
  return absl::OkStatus();
}

void SearchCall::AskNodes() {
  FanOut<internal::SearchShardsRequest, internal::SearchShardsReply>::Start(
      proxy_, ctx_.op, &role::QueryNode::Search, std::move(target_),
      std::move(shards_request_),
      [self = shared_from_this()](
          absl::StatusOr<std::vector<internal::SearchShardsReply>> replies) {
        // Without an index the collection cannot have been loaded.
        if (base::CodeOf(replies.status()) == ErrorCode::kIndexNotFound) {
          return self->Finish(NotLoaded(self->request_.collection_name()));
        }
        if (!replies.ok()) return self->Finish(replies.status());
        self->Fill(*std::move(replies));
        self->Finish(absl::OkStatus());
      });
}

void SearchCall::Fill(std::vector<internal::SearchShardsReply> replies) {
  const auto metric = types::MetricFromName(replies.front().metric_type());
  internal::SearchShardsReply found = MergeSearch(
      std::move(replies), {.nq = nq_,
                           .offset = params_.offset,
                           .top_k = params_.top_k,
                           .is_larger_nearer = metric.has_value() &&
                                               types::IsLargerNearer(*metric)});
  if (params_.round_decimal >= 0) RoundScores(params_.round_decimal, found);
  auto* results = reply_->mutable_results();
  results->set_num_queries(found.top_ks_size());
  results->set_top_k(params_.top_k);
  results->mutable_topks()->Swap(found.mutable_top_ks());
  if (found.scores_size() > 0) {
    results->mutable_scores()->Swap(found.mutable_scores());
    results->mutable_ids()->Swap(found.mutable_ids());
    results->mutable_fields_data()->Swap(found.mutable_fields());
  }
  for (std::string& name : output_.names) {
    results->add_output_fields(std::move(name));
  }
  results->set_primary_field_name(entry_->schema->primary_key().name);
  reply_->set_collection_name(request_.collection_name());
  const std::uint64_t clock =
      NoteStates(proxy_, *entry_, guarantee_, found.states());
  if (params_.is_iterator) {
    NotePin(proxy_, request_.guarantee_timestamp(), clock);
  }
  reply_->set_session_ts(clock);
}

void SearchCall::Finish(absl::Status status) {
  proxy_.counters().search_seconds.Observe(proxy_.SecondsSince(started_ns_));
  done_(std::move(status));
}

}  // namespace

void RegisterSearch(Proxy& proxy, Dispatch& dispatch) {
  dispatch.Register<SearchRequest, SearchResults>(
      "Search",
      [&proxy](CallContext& ctx, const SearchRequest& request,
               SearchResults* reply, base::Done done) {
        std::make_shared<SearchCall>(proxy, ctx, request, reply,
                                     std::move(done))
            ->Start();
      },
      {.is_brief = true});
}

}  // namespace elanus::access
