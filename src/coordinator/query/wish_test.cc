#include "coordinator/query/wish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/query/plan.h"

namespace elanus::coordinator {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;

// Fields: 100 Int64 id, 101 FloatVector a, 102 FloatVector b.
internal::LoadRequest Request(std::vector<std::int64_t> partitions = {}) {
  internal::LoadRequest request;
  request.mutable_collection()->set_id(7);
  request.mutable_collection()->set_name("books");
  const char* names[] = {"id", "a", "b"};
  for (int i = 0; i < 3; ++i) {
    auto& field = *request.mutable_collection()->mutable_schema()->add_fields();
    field.set_fieldid(100 + i);
    field.set_name(names[i]);
    field.set_data_type(i == 0 ? milvus::proto::schema::Int64
                               : milvus::proto::schema::FloatVector);
  }
  for (const std::int64_t id : partitions) request.add_partition_ids(id);
  return request;
}

// Index 1101 is on field 101.
internal::DescribeIndexReply IndexesOn(std::vector<std::int64_t> fields) {
  internal::DescribeIndexReply reply;
  for (const std::int64_t field : fields) {
    internal::IndexMeta& index = *reply.add_indexes()->mutable_index();
    index.set_field_id(field);
    index.set_id(1000 + field);
  }
  return reply;
}

TEST(NeededIndexesTest, NamesTheVectorFieldsWithoutIndex) {
  EXPECT_TRUE(NeededIndexes(Request(), IndexesOn({101, 102})).ok());
  const absl::Status none = NeededIndexes(Request(), IndexesOn({})).status();
  EXPECT_EQ(base::CodeOf(none), ErrorCode::kIndexNotFound);
  EXPECT_EQ(base::MessageOf(none), "index not found[collection=books]");
  EXPECT_EQ(
      base::MessageOf(NeededIndexes(Request(), IndexesOn({101, 100})).status()),
      "there is no vector index on field: [b], please create index "
      "firstly");
  EXPECT_EQ(
      base::MessageOf(NeededIndexes(Request(), IndexesOn({100})).status()),
      "there is no vector index on field: [a b], please create index "
      "firstly");
}

TEST(NeededIndexesTest, AsksOnlyForTheFieldsToBeLoaded) {
  internal::LoadRequest request = Request();
  request.add_field_ids(100);
  request.add_field_ids(102);
  const auto needed = NeededIndexes(request, IndexesOn({100, 101, 102}));
  ASSERT_TRUE(needed.ok()) << needed.status();
  EXPECT_THAT(*needed, ElementsAre(base::IndexId{1102}));
  EXPECT_FALSE(NeededIndexes(request, IndexesOn({101})).ok());
}

TEST(CheckPlaceTest, MoreReplicasThanNodesAreRefused) {
  internal::LoadRequest request = Request();
  request.set_replica_number(2);
  EXPECT_TRUE(CheckPlace(request, 2).ok());
  EXPECT_THAT(std::string(base::MessageOf(CheckPlace(request, 1))),
              ::testing::HasSubstr("resource group node not enough"));
}

TEST(WishTest, OtherReplicasOrFieldsAreRefused) {
  const internal::LoadMeta wish = NewWish(Request());
  internal::LoadRequest more = Request();
  more.set_replica_number(3);
  EXPECT_EQ(base::MessageOf(Extended(wish, more).status()),
            "call query coordinator LoadCollection: can't change the replica "
            "number for loaded collection: invalid "
            "parameter[expected=1][actual=3]");
  internal::LoadRequest fewer = Request();
  fewer.add_field_ids(100);
  EXPECT_EQ(base::CodeOf(Extended(wish, fewer).status()),
            ErrorCode::kParameterInvalid);
}

TEST(WishTest, PartitionsAddUpUntilTheWholeCollectionIsAskedFor) {
  internal::LoadMeta wish = NewWish(Request({2, 1}));
  EXPECT_FALSE(wish.whole_collection());
  wish = *Extended(wish, Request({2, 5}));
  EXPECT_THAT(wish.partition_ids(), ElementsAre(1, 2, 5));
  wish = *Extended(wish, Request());
  EXPECT_TRUE(wish.whole_collection());
  EXPECT_THAT(wish.partition_ids(), ::testing::IsEmpty());
  wish = *Extended(wish, Request({9}));
  EXPECT_TRUE(wish.whole_collection());
}

TEST(WishTest, ReleasingAPartitionOfTheWholeLeavesTheOthers) {
  internal::LoadMeta wish = Reduced(NewWish(Request()), {2}, {1, 2, 3});
  EXPECT_FALSE(wish.whole_collection());
  EXPECT_THAT(wish.partition_ids(), ElementsAre(1, 3));
  EXPECT_FALSE(coordinator::IsEmpty(wish));
  wish = Reduced(wish, {1, 3, 8}, {1, 2, 3});
  EXPECT_TRUE(coordinator::IsEmpty(wish));
}

TEST(AssignShardsTest, FillsTheLeastUsedNodeFirst) {
  EXPECT_THAT(AssignShards({3, 0, 1}, 4), ElementsAre(1, 1, 2, 1));
}

}  // namespace
}  // namespace elanus::coordinator
