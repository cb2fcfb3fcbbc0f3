// Delete: keys that the filter names are written down as they are; any other
// filter is evaluated first, by the shards' leaders, and the keys found are
// written down with the time of the evaluation, so that rows written in
// between survive.
#include "access/delete.h"

#include <memory>
#include <utility>
#include <vector>

#include "access/fan_out.h"
#include "access/key_records.h"
#include "access/proxy.h"
#include "base/join.h"
#include "expr/filter.h"
#include "expr/plan.h"
#include "expr/template_values.h"
#include "proto/internal/query_node.pb.h"
#include "proto/milvus/milvus.pb.h"

namespace elanus::access {
namespace {

namespace pb = milvus::proto::milvus;

KeyList KeysOfList(const std::vector<types::PrimaryKey>& keys,
                   types::DataType type) {
  if (type == types::DataType::kVarChar) {
    std::vector<std::string> texts;
    for (const auto& key : keys) texts.push_back(std::get<std::string>(key));
    return texts;
  }
  std::vector<std::int64_t> numbers;
  for (const auto& key : keys) numbers.push_back(std::get<std::int64_t>(key));
  return numbers;
}

class DeleteCall : public std::enable_shared_from_this<DeleteCall> {
 public:
  DeleteCall(Proxy& proxy, CallContext& ctx, const pb::DeleteRequest& request,
             pb::MutationResult* reply, base::Done done)
      : proxy_(proxy),
        ctx_(ctx),
        request_(request),
        reply_(reply),
        done_(std::move(done)) {}

  void Start() {
    proxy_.cache().Find(
        ctx_.op, ctx_.db_name, request_.collection_name(),
        [self = shared_from_this()](absl::StatusOr<EntryRef> entry) {
          if (!entry.ok()) return self->Finish(entry.status());
          self->entry_ = *std::move(entry);
          absl::Status compiled = self->Compile();
          if (!compiled.ok()) return self->Finish(std::move(compiled));
          self->TakeTime();
        });
  }

 private:
  absl::Status Compile();
  void TakeTime();
  void FindKeys();
  void AppendFound(const std::vector<internal::QueryShardsReply>& replies);
  void Append(KeyDeletes deletes, const std::shared_ptr<base::Join>& join);
  void Confirm(absl::Status status);
  void Finish(absl::Status status);

  Proxy& proxy_;
  CallContext& ctx_;
  const pb::DeleteRequest& request_;
  pb::MutationResult* const reply_;
  base::Done done_;

  EntryRef entry_;
  base::PartitionId partition_ = base::kAllPartitions;
  std::shared_ptr<const expr::Plan> plan_;
  base::Timestamp proposed_;
  std::int64_t deleted_ = 0;
};

absl::Status DeleteCall::Compile() {
  if (!request_.partition_name().empty()) {
    ASSIGN_OR_RETURN(partition_,
                     entry_->PartitionNamed(request_.partition_name()));
  }
  ASSIGN_OR_RETURN(const expr::TemplateValues values,
                   expr::ReadTemplateValues(request_.expr_template_values()));
  ASSIGN_OR_RETURN(plan_,
                   expr::CompileFilter(request_.expr(), *entry_->schema, values,
                                       {.verb = expr::kDeletePlanVerb}));
  if (plan_->always_true()) {
    return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                              "delete plan can't be empty or always true : {}: "
                              "invalid parameter",
                              request_.expr());
  }
  return absl::OkStatus();
}

void DeleteCall::TakeTime() {
  proxy_.times().Next(1, [self = shared_from_this()](
                             absl::StatusOr<base::Timestamp> time) {
    if (!time.ok()) return self->Finish(time.status());
    self->proposed_ = *time;
    const auto keys = self->plan_->PrimaryKeyList();
    if (!keys.has_value()) return self->FindKeys();
    const auto join = base::Join::Make(
        1, [self](absl::Status status) { self->Confirm(std::move(status)); });
    self->Append(
        {.entry = self->entry_,
         .keys = KeysOfList(*keys, self->entry_->schema->primary_key().type),
         .partition = self->partition_,
         .proposed = self->proposed_,
         .upto = {}},
        join);
  });
}

// Strong, so that every acknowledged row is seen. Rows of a partition that is
// not loaded would not be found and survive in silence: refused.
void DeleteCall::FindKeys() {
  ReadTarget target{.collection_name = request_.collection_name()};
  internal::QueryShardsRequest request;
  internal::ReadScope* scope = request.mutable_scope();
  scope->set_collection_id(entry_->meta.id());
  scope->set_filter(request_.expr());
  *scope->mutable_template_values() = request_.expr_template_values();
  scope->mutable_guarantee()->set_kind(internal::ReadGuarantee::STRONG);
  if (partition_ != base::kAllPartitions) {
    scope->add_partition_ids(base::ToInt(partition_));
    target.partitions.push_back(
        {base::ToInt(partition_), request_.partition_name()});
  } else {
    for (const internal::PartitionMeta& each : entry_->meta.partitions()) {
      target.partitions.push_back({each.id(), each.name()});
    }
  }
  FanOut<internal::QueryShardsRequest, internal::QueryShardsReply>::Start(
      proxy_, ctx_.op, &role::QueryNode::Query, std::move(target),
      std::move(request),
      [self = shared_from_this()](
          absl::StatusOr<std::vector<internal::QueryShardsReply>> replies) {
        if (!replies.ok()) return self->Finish(replies.status());
        self->AppendFound(*replies);
      });
}

void DeleteCall::AppendFound(
    const std::vector<internal::QueryShardsReply>& replies) {
  const auto join = base::Join::Make(
      replies.size(), [self = shared_from_this()](absl::Status status) {
        self->Confirm(std::move(status));
      });
  for (const internal::QueryShardsReply& reply : replies) {
    KeyDeletes deletes{.entry = entry_,
                       .keys = KeysOfIds(reply.ids()),
                       .partition = partition_,
                       .proposed = proposed_,
                       .upto = {}};
    for (const internal::ShardState& state : reply.states()) {
      deletes.upto[static_cast<std::uint32_t>(state.shard())] = {state.clock()};
    }
    Append(std::move(deletes), join);
  }
}

void DeleteCall::Append(KeyDeletes deletes,
                        const std::shared_ptr<base::Join>& join) {
  // What each tombstone takes in memory until it is in a file.
  constexpr std::int64_t kTombstoneBytes = 64;
  const auto count = static_cast<std::int64_t>(CountOf(deletes.keys));
  absl::Status admitted =
      proxy_.deps().budget.Admit(count * kTombstoneBytes, "the delete");
  if (!admitted.ok()) return join->Finish(std::move(admitted));
  deleted_ += count;
  AppendKeyDeletes(proxy_, std::move(deletes), base::Join::Part(join));
}

void DeleteCall::Confirm(absl::Status status) {
  if (!status.ok()) return Finish(std::move(status));
  proxy_.cache().Confirm(ctx_.op,
                         {.database = ctx_.db_name,
                          .name = request_.collection_name(),
                          .entry = entry_,
                          .partition = partition_},
                         [self = shared_from_this()](absl::Status confirmed) {
                           self->Finish(std::move(confirmed));
                         });
}

void DeleteCall::Finish(absl::Status status) {
  if (status.ok()) {
    reply_->set_acknowledged(true);
    reply_->set_delete_cnt(deleted_);
    reply_->set_timestamp(proposed_.value);
    proxy_.counters().deleted.Add(static_cast<double>(deleted_));
  }
  done_(std::move(status));
}

}  // namespace

void RegisterDelete(Proxy& proxy, Dispatch& dispatch) {
  dispatch.Register<pb::DeleteRequest, pb::MutationResult>(
      "Delete", [&proxy](CallContext& ctx, const pb::DeleteRequest& request,
                         pb::MutationResult* reply, base::Done done) {
        std::make_shared<DeleteCall>(proxy, ctx, request, reply,
                                     std::move(done))
            ->Start();
      });
}

}  // namespace elanus::access
