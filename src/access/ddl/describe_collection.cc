// What a collection is, by name, alias or id.
#include <string>
#include <utility>

#include "access/ddl/call.h"
#include "access/ddl/ddl.h"
#include "access/ddl/names_check.h"
#include "base/hybrid_time.h"
#include "role/status_convert.h"

namespace elanus::access {
namespace {

// The dynamic field is hidden: only the flag tells of it.
void FillSchema(const internal::CollectionMeta& meta,
                wire::DescribeCollectionResponse* reply) {
  milvus::proto::schema::CollectionSchema& schema = *reply->mutable_schema();
  schema = meta.schema();
  schema.clear_fields();
  for (const auto& field : meta.schema().fields()) {
    if (!field.is_dynamic()) *schema.add_fields() = field;
  }
  schema.set_name(meta.name());
  schema.set_dbname(meta.database_name());
}

void FillChannels(const internal::CollectionMeta& meta,
                  wire::DescribeCollectionResponse* reply) {
  reply->set_shards_num(meta.vchannels_size());
  for (const internal::VChannelMeta& vchannel : meta.vchannels()) {
    reply->add_virtual_channel_names(vchannel.name());
    reply->add_physical_channel_names(vchannel.topic());
    common::KeyDataPair& start = *reply->add_start_positions();
    start.set_key(vchannel.topic());
    start.set_data(vchannel.start_position());
  }
}

void Fill(const internal::CollectionMeta& meta, const std::string& asked_for,
          wire::DescribeCollectionResponse* reply) {
  FillSchema(meta, reply);
  FillChannels(meta, reply);
  const base::Timestamp created{meta.created_at()};
  reply->set_collectionid(meta.id());
  reply->set_created_timestamp(created.value);
  reply->set_created_utc_timestamp(static_cast<std::uint64_t>(created.ms()));
  reply->set_update_timestamp(meta.updated_at());
  reply->set_update_timestamp_str(std::to_string(meta.updated_at()));
  *reply->mutable_aliases() = meta.aliases();
  reply->set_consistency_level(meta.consistency_level());
  reply->set_collection_name(asked_for.empty() ? meta.name() : asked_for);
  *reply->mutable_properties() = meta.properties();
  reply->set_db_name(meta.database_name());
  reply->set_db_id(meta.database_id());
  reply->set_num_partitions(meta.partitions_size());
}

// Clients ask for collections that may not exist, and read the answer off this
// code and these words. The older number is another one than that of the code
// everywhere else.
void FillNotFound(const CallContext& ctx,
                  const wire::DescribeCollectionRequest& request,
                  common::Status* status) {
  const std::string which = request.collection_name().empty()
                                ? std::to_string(request.collectionid())
                                : request.collection_name();
  *status = role::ToProto(base::InvalidInput(
      base::ErrorCode::kCollectionNotFound,
      "can't find collection[database={}][collection={}]", ctx.db_name, which));
  status->set_error_code(common::ErrorCode::UnexpectedError);
}

void DescribeCollection(Proxy& proxy, CallContext& ctx,
                        const wire::DescribeCollectionRequest& request,
                        wire::DescribeCollectionResponse* reply,
                        base::Done done) {
  internal::CollectionRef which;
  which.set_database_name(ctx.db_name);
  if (request.collection_name().empty() && request.collectionid() != 0) {
    which.set_collection_id(request.collectionid());
  } else {
    absl::Status status = CheckCollectionName(request.collection_name(),
                                              proxy.config().max_name_length);
    if (!status.ok()) return done(std::move(status));
    which.set_collection_name(request.collection_name());
  }
  base::Done answer = [&ctx, &request, reply,
                       done = std::move(done)](absl::Status status) mutable {
    if (base::CodeOf(status) == base::ErrorCode::kCollectionNotFound) {
      FillNotFound(ctx, request, reply->mutable_status());
      status = absl::OkStatus();
    }
    done(std::move(status));
  };
  AskRole(proxy.deps().root_coord, &role::RootCoord::DescribeCollection, ctx,
          std::move(which), std::move(answer),
          [&request, reply](const internal::DescribeCollectionReply& found,
                            base::Done then) {
            Fill(found.collection(), request.collection_name(), reply);
            then(absl::OkStatus());
          });
}

}  // namespace

void RegisterDescribeCollection(Proxy& proxy, Dispatch& dispatch) {
  AddCall(dispatch, "DescribeCollection", proxy, DescribeCollection);
}

}  // namespace elanus::access
