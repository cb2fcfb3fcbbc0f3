#include "access/write_call.h"

#include <cstring>
#include <utility>

#include "access/key_hash.h"
#include "access/key_records.h"

namespace elanus::access {
namespace {

constexpr std::string_view kDefaultPartition = "_default";
constexpr std::uint32_t kRowsAnsweredInPlace = 256;

}  // namespace

void WriteCall::Start() {
  proxy_.cache().Find(
      ctx_.op, ctx_.db_name, request_.collection_name,
      [self = shared_from_this()](absl::StatusOr<EntryRef> entry) {
        if (!entry.ok()) return self->Finish(entry.status());
        absl::Status checked = self->Check(*std::move(entry));
        if (!checked.ok()) return self->Finish(std::move(checked));
        self->TakeIds();
      });
}

absl::Status WriteCall::Check(EntryRef entry) {
  entry_ = std::move(entry);
  if (request_.schema_timestamp != 0 &&
      request_.schema_timestamp != entry_->meta.updated_at()) {
    return base::InvalidInput(base::ErrorCode::kCollectionSchemaMismatch,
                              "collection schema mismatch[collection={}]",
                              request_.collection_name);
  }
  const std::string_view name = request_.partition_name.empty()
                                    ? kDefaultPartition
                                    : std::string_view(request_.partition_name);
  ASSIGN_OR_RETURN(partition_, entry_->PartitionNamed(name));
  ASSIGN_OR_RETURN(
      rows_,
      RowsRequest::Check(*entry_->schema, request_.columns, request_.rows,
                         {.is_upsert = request_.is_upsert,
                          .max_json_bytes = proxy_.config().max_json_bytes}));
  // In memory the rows take what the request takes, and their keys' table.
  return proxy_.deps().budget.Admit(
      static_cast<std::int64_t>(ctx_.request_bytes) + 32 * request_.rows,
      "the write");
}

void WriteCall::TakeIds() {
  if (!rows_->needs_ids()) return TakeSegmentIds();
  proxy_.ids().Next(request_.rows, [self = shared_from_this()](
                                       absl::StatusOr<std::int64_t> first) {
    if (!first.ok()) return self->Finish(first.status());
    self->rows_->SetIds(*first);
    self->TakeSegmentIds();
  });
}

// Each record brings a fresh segment id along, for the case that its partition
// has no open segment.
void WriteCall::TakeSegmentIds() {
  const auto shards = static_cast<std::uint32_t>(entry_->meta.vchannels_size());
  proxy_.ids().Next(
      shards, [self = shared_from_this()](absl::StatusOr<std::int64_t> first) {
        if (!first.ok()) return self->Finish(first.status());
        self->first_segment_ = *first;
        self->TakeTime();
      });
}

void WriteCall::TakeTime() {
  proxy_.times().Next(
      1, [self = shared_from_this()](absl::StatusOr<base::Timestamp> time) {
        if (!time.ok()) return self->Finish(time.status());
        self->proposed_ = *time;
        self->AppendAll();
      });
}

void WriteCall::AppendAll() {
  const auto shards = static_cast<std::uint32_t>(entry_->meta.vchannels_size());
  const bool replaces_ids = rows_->has_old_keys();
  shards_ = rows_->Scatter(shards, request_.is_upsert && !replaces_ids);
  // All records are made before the first is appended: one that does not fit
  // must not leave a part of the request behind, least of all the deletes.
  std::size_t parts = replaces_ids ? 1 : 0;
  std::vector<std::optional<segment::RowsBuilder>> builders(shards);
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    if (shards_[shard].empty()) continue;
    absl::StatusOr<segment::RowsBuilder> built = rows_->Build(
        shards_[shard], partition_, base::SegmentId{first_segment_ + shard});
    if (!built.ok()) return Finish(built.status());
    builders[shard].emplace(*std::move(built));
    ++parts;
  }
  const auto join =
      base::Join::Make(parts, [self = shared_from_this()](absl::Status status) {
        // The log's thread brings us here: a long reply is not for it.
        if (self->request_.rows <= kRowsAnsweredInPlace) {
          return self->Confirm(std::move(status));
        }
        self->proxy_.deps().requests.Submit(
            [self, status = std::move(status)]() mutable {
              self->Confirm(std::move(status));
            });
      });
  if (replaces_ids) {
    AppendKeyDeletes(proxy_,
                     {.entry = entry_,
                      .keys = KeysOfColumn(*rows_->old_keys().data),
                      .partition = base::kAllPartitions,
                      .proposed = proposed_},
                     base::Join::Part(join));
  }
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    if (!builders[shard].has_value()) continue;
    AppendShard(shard, *std::move(builders[shard]), join);
  }
}

void WriteCall::AppendShard(std::uint32_t shard, segment::RowsBuilder builder,
                            const std::shared_ptr<base::Join>& join) {
  const internal::VChannelMeta& vchannel =
      entry_->meta.vchannels(static_cast<int>(shard));
  const bool is_upsert = request_.is_upsert && !rows_->has_old_keys();
  proxy_.log().Append(
      {.topic = vchannel.topic(),
       .vchannel = {entry_->id(), shard},
       .proposed = proposed_,
       .schema_version = entry_->schema->version},
      [&builder, is_upsert](segment::RecordHeader header) {
        header.type = is_upsert ? segment::RecordType::kUpsert
                                : segment::RecordType::kInsert;
        return std::move(builder).Finish(header);
      },
      NoteAppended(shard, join));
}

storage::AppendDone WriteCall::NoteAppended(
    std::uint32_t shard, const std::shared_ptr<base::Join>& join) {
  return [self = shared_from_this(), shard,
          join](absl::StatusOr<storage::AppendResult> result) {
    if (result.ok()) {
      self->proxy_.positions().Note({self->entry_->id(), shard},
                                    result->next.Encode());
    }
    join->Finish(result.status());
  };
}

// The rows are durable. If the collection or partition was dropped by now, they
// are gone with it: not acknowledged.
void WriteCall::Confirm(absl::Status status) {
  if (!status.ok()) return Finish(std::move(status));
  proxy_.cache().Confirm(ctx_.op,
                         {.database = ctx_.db_name,
                          .name = request_.collection_name,
                          .entry = entry_,
                          .partition = partition_},
                         [self = shared_from_this()](absl::Status confirmed) {
                           self->Finish(std::move(confirmed));
                         });
}

void WriteCall::Finish(absl::Status status) {
  if (status.ok()) {
    const auto rows = static_cast<std::int64_t>(request_.rows);
    rows_->FillIds(reply_->mutable_ids());
    reply_->mutable_succ_index()->Reserve(static_cast<int>(rows));
    for (std::uint32_t row = 0; row < request_.rows; ++row) {
      reply_->add_succ_index(row);
    }
    reply_->set_acknowledged(true);
    reply_->set_insert_cnt(rows);
    if (request_.is_upsert) {
      reply_->set_delete_cnt(rows);
      reply_->set_upsert_cnt(rows);
    }
    reply_->set_timestamp(proposed_.value);
    proxy_.counters().inserted.Add(static_cast<double>(rows));
  }
  done_(std::move(status));
}

}  // namespace elanus::access
