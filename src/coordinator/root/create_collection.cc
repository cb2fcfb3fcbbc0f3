#include "coordinator/root/create_collection.h"

#include <algorithm>
#include <utility>

#include "coordinator/root/capacity.h"
#include "coordinator/root/ddl_operation.h"
#include "coordinator/root/describe.h"
#include "coordinator/root/drop_collection.h"
#include "coordinator/root/names.h"
#include "role/schema_convert.h"
#include "segment/record/record_builder.h"

namespace elanus::coordinator {
namespace {

using base::ErrorCode;
using Schema = milvus::proto::schema::CollectionSchema;

// In one order, so that equal schemas have equal bytes.
std::string Normalised(Schema schema) {
  const auto by_key = [](const auto& a, const auto& b) {
    return a.key() < b.key();
  };
  for (auto& field : *schema.mutable_fields()) {
    std::sort(field.mutable_type_params()->begin(),
              field.mutable_type_params()->end(), by_key);
  }
  std::sort(schema.mutable_properties()->begin(),
            schema.mutable_properties()->end(), by_key);
  schema.clear_dbname();
  schema.clear_version();
  return schema.SerializeAsString();
}

template <typename Pairs>
std::vector<std::pair<std::string, std::string>> Sorted(const Pairs& pairs) {
  std::vector<std::pair<std::string, std::string>> sorted;
  for (const auto& pair : pairs) sorted.emplace_back(pair.key(), pair.value());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

class Create final : public DdlOperation {
 public:
  Create(std::shared_ptr<RootCore> core,
         const internal::CreateCollectionRequest& request,
         internal::DescribeCollectionReply* reply, base::Done done)
      : DdlOperation(std::move(core), std::move(done)),
        request_(request),
        name_(request.collection_name()),
        reply_(reply) {}

 private:
  std::vector<std::string> Keys() const override {
    return KeysOf(catalog(), name_);
  }

  void Run() override {
    absl::Status status = ReadRequest();
    if (!status.ok()) {
      Finish(std::move(status));
      return;
    }
    const CollectionRecord there = catalog().ByName(name_);
    if (there == nullptr) {
      status = CheckNew();
      if (status.ok()) {
        AllocateIds();
      } else {
        Finish(std::move(status));
      }
    } else if (!IsUsable(*there)) {
      // Left half made by somebody before us.
      UndoCreation(core_, base::CollectionId{there->id()}, Then(&Create::Run));
    } else if (IsSame(*there)) {
      *reply_->mutable_collection() = Described(catalog(), *there);
      Finish(absl::OkStatus());
    } else {
      Finish(base::InvalidInput(ErrorCode::kUnexpected,
                                "create duplicate collection with different "
                                "parameters, collection: {}",
                                name_));
    }
  }

  absl::Status ReadRequest() {
    RETURN_IF_ERROR(CheckDatabase(request_.database_name()));
    Schema& schema = *collection_.mutable_schema();
    if (!schema.ParseFromString(request_.schema())) {
      return base::InvalidInput(ErrorCode::kParameterInvalid,
                                "the schema of collection {} cannot be read",
                                name_);
    }
    schema.set_name(name_);
    role::AssignFieldIds(schema);
    RETURN_IF_ERROR(role::SchemaFromProto(schema).status());
    shards_ = std::max(request_.shards_num(), 1);
    collection_.set_database_id(base::ToInt(kDefaultDatabase));
    collection_.set_database_name(std::string(kDefaultDatabaseName));
    collection_.set_name(name_);
    collection_.set_consistency_level(request_.consistency_level());
    *collection_.mutable_properties() = request_.properties();
    collection_.set_state(internal::CREATING);
    return absl::OkStatus();
  }

  bool IsSame(const internal::CollectionMeta& there) const {
    return Normalised(there.schema()) == Normalised(collection_.schema()) &&
           there.vchannels_size() == shards_ &&
           there.consistency_level() == collection_.consistency_level() &&
           Sorted(there.properties()) == Sorted(collection_.properties());
  }

  absl::Status CheckNew() const {
    if (catalog().FindAlias(name_).has_value()) {
      return base::InvalidInput(
          ErrorCode::kAliasCollectionNameConflict,
          "collection name [{}] conflicts with an existing alias, please "
          "choose a unique name",
          name_);
    }
    return CheckRoomForCollection(catalog(), core_->options, shards_);
  }

  // Two: the collection's and its default partition's.
  void AllocateIds() {
    core_->ids->Allocate(2, [this, next = Then(&Create::AllocateTime)](
                                absl::StatusOr<std::uint64_t> first) mutable {
      if (first.ok()) first_id_ = static_cast<std::int64_t>(*first);
      next(first.status());
    });
  }

  void AllocateTime() {
    core_->times->Allocate(1, [this, next = Then(&Create::WriteIntent)](
                                  absl::StatusOr<std::uint64_t> time) mutable {
      if (time.ok()) time_ = *time;
      next(time.status());
    });
  }

  void WriteIntent() {
    collection_.set_id(first_id_);
    collection_.set_created_at(time_);
    collection_.set_updated_at(time_);
    internal::PartitionMeta& partition = *collection_.add_partitions();
    partition.set_id(first_id_ + 1);
    partition.set_name(std::string(kDefaultPartitionName));
    partition.set_created_at(time_);
    std::int32_t shard = 0;
    for (const std::string& topic : core_->ChooseTopics(shards_)) {
      internal::VChannelMeta& vchannel = *collection_.add_vchannels();
      vchannel.set_shard(shard);
      vchannel.set_topic(topic);
      vchannel.set_name(fmt::format("{}_{}v{}", topic, first_id_, shard));
      ++shard;
    }
    absl::Status status = catalog().Create(collection_);
    if (!status.ok()) {
      // Perhaps it was written: then it is in doubt, and undone later.
      core_->ResumeIntentsLater();
      Finish(std::move(status));
      return;
    }
    intended_ = true;
    Prepare();
  }

  // The channel records come before the log records, without a start: they
  // keep others from truncating the topics under what is appended now.
  void Prepare() {
    *watch_.mutable_collection() = collection_;
    core_->deps.data_coord.WatchCollection(ctx_, watch_, &empty_,
                                           Then(&Create::Append));
  }

  void Append() {
    const std::string payload = collection_.SerializeAsString();
    core_->AppendToShards(
        collection_,
        [payload](segment::RecordHeader header) {
          return segment::BuildCreateCollection(header, payload);
        },
        [this, next = Then(&Create::Watch)](
            absl::StatusOr<std::vector<storage::Position>> positions) mutable {
          if (positions.ok()) positions_ = *std::move(positions);
          next(positions.status());
        });
  }

  void Watch() {
    for (std::size_t i = 0; i < positions_.size(); ++i) {
      collection_.mutable_vchannels(static_cast<int>(i))
          ->set_start_position(positions_[i].Encode());
    }
    *watch_.mutable_collection() = collection_;
    watch_.mutable_collection()->set_state(internal::CREATED);
    core_->deps.data_coord.WatchCollection(ctx_, watch_, &empty_,
                                           Then(&Create::WriteCreated));
  }

  void WriteCreated() {
    collection_.set_state(internal::CREATED);
    absl::Status status = catalog().Update(collection_);
    if (!status.ok()) {
      Failed(std::move(status));
      return;
    }
    core_->InvalidateProxies(
        base::CollectionId{collection_.id()}, {name_},
        [next = Then(&Create::Answer)]() mutable { next(absl::OkStatus()); });
  }

  void Answer() {
    *reply_->mutable_collection() = Described(catalog(), collection_);
    Finish(absl::OkStatus());
  }

  void Failed(absl::Status status) override {
    if (!intended_) {
      Finish(std::move(status));
      return;
    }
    error_ = std::move(status);
    // Also settles whether the last transaction happened.
    if (catalog().in_doubt()) {
      base::LogIfError(catalog().Refresh(), "undone at the next try");
    }
    auto self = shared_from_this();
    UndoCreation(core_, base::CollectionId{collection_.id()},
                 [this, self](const absl::Status& undone) {
                   if (!undone.ok()) core_->ResumeIntentsLater();
                   Finish(std::move(error_));
                 });
  }

  const internal::CreateCollectionRequest& request_;
  const std::string name_;
  internal::DescribeCollectionReply* const reply_;
  internal::CollectionMeta collection_;
  internal::WatchCollectionRequest watch_;
  internal::Empty empty_;
  std::int32_t shards_ = 1;
  std::int64_t first_id_ = 0;
  std::uint64_t time_ = 0;
  std::vector<storage::Position> positions_;
  bool intended_ = false;
  absl::Status error_;
};

}  // namespace

void CreateCollection(std::shared_ptr<RootCore> core,
                      const internal::CreateCollectionRequest& request,
                      internal::DescribeCollectionReply* reply,
                      base::Done done) {
  DdlOperation::Start(std::make_shared<Create>(std::move(core), request, reply,
                                               std::move(done)));
}

}  // namespace elanus::coordinator
