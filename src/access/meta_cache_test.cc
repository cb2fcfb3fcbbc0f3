#include "access/meta_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "role/refusing_roles_for_test.h"
#include "role/schema_convert.h"

namespace elanus::access {
namespace {

constexpr std::int64_t kBooks = 100;
constexpr std::int64_t kOther = 200;
constexpr base::PartitionId kPartition{11};

internal::CollectionMeta Collection(std::int64_t id) {
  internal::CollectionMeta meta;
  meta.set_id(id);
  auto& schema = *meta.mutable_schema();
  schema.set_name("books");
  auto& key = *schema.add_fields();
  key.set_name("id");
  key.set_data_type(milvus::proto::schema::Int64);
  key.set_is_primary_key(true);
  auto& vector = *schema.add_fields();
  vector.set_name("v");
  vector.set_data_type(milvus::proto::schema::FloatVector);
  auto& dim = *vector.add_type_params();
  dim.set_key("dim");
  dim.set_value("2");
  role::AssignFieldIds(schema);
  auto& partition = *meta.add_partitions();
  partition.set_id(base::ToInt(kPartition));
  partition.set_name("p");
  partition.set_state(internal::CREATED);
  return meta;
}

class FakeRootCoord final : public role::RefusingRootCoord {
 public:
  void DescribeCollection(const base::OpContext&,
                          const internal::CollectionRef& request,
                          internal::DescribeCollectionReply* reply,
                          base::Done done) override {
    ++asked;
    if (!answer.ok()) return done(answer);
    const auto found =
        request.collection_id() != 0
            ? std::find_if(collections.begin(), collections.end(),
                           [&](const auto& named) {
                             return named.second.id() ==
                                    request.collection_id();
                           })
            : collections.find(request.collection_name());
    if (found == collections.end()) {
      return done(base::Error(base::ErrorCode::kCollectionNotFound,
                              "collection not found[collection={}]",
                              request.collection_name()));
    }
    *reply->mutable_collection() = found->second;
    done(absl::OkStatus());
  }

  std::map<std::string, internal::CollectionMeta> collections;
  absl::Status answer;
  int asked = 0;
};

// What a write of "books" holds between its check and its acknowledgement.
class MetaCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_.collections["books"] = Collection(kBooks);
    written_ = {.database = "default",
                .name = "books",
                .entry = Find("books"),
                .partition = kPartition};
    ASSERT_NE(written_.entry, nullptr);
  }

  EntryRef Find(const std::string& name) {
    EntryRef found;
    cache_.Find({}, "default", name, [&found](absl::StatusOr<EntryRef> entry) {
      if (entry.ok()) found = *entry;
    });
    return found;
  }

  absl::Status Confirm() {
    absl::Status outcome = base::Error(base::ErrorCode::kUnexpected, "silent");
    cache_.Confirm({}, written_, [&outcome](absl::Status status) {
      outcome = std::move(status);
    });
    return outcome;
  }

  FakeRootCoord root_;
  MetaCache cache_{root_};
  WrittenTo written_;
};

TEST_F(MetaCacheTest, AWriteIsConfirmedWithoutAQuestionIfNothingChanged) {
  EXPECT_TRUE(Confirm().ok());
  EXPECT_EQ(root_.asked, 1);
}

TEST_F(MetaCacheTest, AWriteOutlivesAnotherAliasOrPartitionOfItsCollection) {
  auto& added = *root_.collections["books"].add_partitions();
  added.set_id(12);
  added.set_name("q");
  added.set_state(internal::CREATED);
  cache_.InvalidateId(kBooks);
  EXPECT_TRUE(Confirm().ok()) << Confirm();
  EXPECT_EQ(root_.asked, 2);
}

TEST_F(MetaCacheTest, AWriteOutlivesTheNameOfItsCollection) {
  root_.collections["novels"] = root_.collections["books"];
  root_.collections.erase("books");
  cache_.InvalidateId(kBooks);
  cache_.InvalidateName("default", "books");
  EXPECT_TRUE(Confirm().ok()) << Confirm();
  // As an alias that points elsewhere by now.
  root_.collections["books"] = Collection(kOther);
  EXPECT_TRUE(Confirm().ok()) << Confirm();
}

TEST_F(MetaCacheTest, AWriteIsNotConfirmedIfItsNameMeansANewCollection) {
  root_.collections["books"] = Collection(kOther);
  cache_.InvalidateName("default", "books");
  const absl::Status status = Confirm();
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kCollectionNotFound);
  EXPECT_EQ(base::MessageOf(status),
            "collection not found[database=default][collection=books]: it was "
            "changed or dropped during the write");
  EXPECT_TRUE(base::IsRetriable(status));
}

TEST_F(MetaCacheTest, AWriteIsNotConfirmedIfItsCollectionIsGone) {
  root_.collections.clear();
  cache_.InvalidateId(kBooks);
  EXPECT_EQ(base::CodeOf(Confirm()), base::ErrorCode::kCollectionNotFound);
}

TEST_F(MetaCacheTest, AWriteIsNotConfirmedIfItsPartitionIsGone) {
  root_.collections["books"].mutable_partitions(0)->set_id(13);
  cache_.InvalidateId(kBooks);
  EXPECT_EQ(base::CodeOf(Confirm()), base::ErrorCode::kCollectionNotFound);
  // It went to no partition of its own, as a delete may.
  written_.partition = base::kAllPartitions;
  EXPECT_TRUE(Confirm().ok());
}

TEST_F(MetaCacheTest, AnErrorOfTheQuestionIsTheWritesError) {
  cache_.InvalidateId(kBooks);
  root_.answer = base::Error(base::ErrorCode::kServiceUnavailable, "away");
  EXPECT_EQ(base::MessageOf(Confirm()), "away");
}

}  // namespace
}  // namespace elanus::access
