#include "access/grpc/request_peek.h"

#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "proto/milvus/milvus.pb.h"

namespace elanus::access {
namespace {

using ::testing::ElementsAre;

constexpr RequestFields kSearchFields{.db_name = 2, .object_name = 3};

TEST(RequestPeekTest, NamesAreReadFromAmongOtherFields) {
  milvus::proto::milvus::SearchRequest request;
  request.set_db_name("shop");
  request.set_collection_name("books");
  request.set_placeholder_group(std::string(10000, '\xFF'));
  request.set_travel_timestamp(1ull << 63);
  request.set_nq(7);
  request.mutable_base()->set_msgid(9);
  const std::string bytes = request.SerializeAsString();
  RequestNames names;
  ASSERT_TRUE(PeekNames(bytes, kSearchFields, &names).ok());
  EXPECT_EQ(names.db_name, "shop");
  EXPECT_THAT(names.objects, ElementsAre("books"));
}

TEST(RequestPeekTest, AnAbsentNameIsTheEmptyOne) {
  RequestNames names;
  ASSERT_TRUE(PeekNames("", kSearchFields, &names).ok());
  EXPECT_EQ(names.db_name, "");
  EXPECT_THAT(names.objects, ElementsAre(""));
}

TEST(RequestPeekTest, OfARepeatedOneAllAreRead) {
  milvus::proto::milvus::FlushRequest request;
  request.add_collection_names("a");
  request.add_collection_names("b");
  RequestNames names;
  const std::string bytes = request.SerializeAsString();
  ASSERT_TRUE(
      PeekNames(bytes,
                {.db_name = 2, .object_name = 3, .object_name_repeated = true},
                &names)
          .ok());
  EXPECT_THAT(names.objects, ElementsAre("a", "b"));
}

TEST(RequestPeekTest, OfANameGivenTwiceTheLastCountsAsForTheParser) {
  milvus::proto::milvus::SearchRequest allowed;
  allowed.set_collection_name("allowed");
  milvus::proto::milvus::SearchRequest secret;
  secret.set_collection_name("secret");
  const std::string bytes =
      allowed.SerializeAsString() + secret.SerializeAsString();
  milvus::proto::milvus::SearchRequest parsed;
  ASSERT_TRUE(parsed.ParseFromString(bytes));
  RequestNames names;
  ASSERT_TRUE(PeekNames(bytes, kSearchFields, &names).ok());
  EXPECT_THAT(names.objects, ElementsAre(parsed.collection_name()));
}

TEST(RequestPeekTest, MorePartsThanARequestEverHasAreRefusedUnparsed) {
  std::string bytes;
  for (std::size_t i = 0; i <= kRequestPartsMax; ++i)
    bytes += "\x0A" + std::string(1, '\0');
  RequestNames names;
  const absl::Status status = PeekNames(bytes, kSearchFields, &names);
  EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kParameterTooLarge);
  EXPECT_TRUE(PeekNames(bytes.substr(2), kSearchFields, &names).ok());
}

// Whatever both accept, both understand in the same way.
TEST(RequestPeekTest, DamagedRequestsAreReadAsTheParserReadsThemOrRefused) {
  milvus::proto::milvus::SearchRequest request;
  request.set_db_name("shop");
  request.set_collection_name("books");
  request.add_partition_names("p");
  request.set_guarantee_timestamp(123456789);
  const std::string whole = request.SerializeAsString();
  const google::protobuf::LogSilencer silencer;  // about texts not in UTF-8
  std::mt19937 random(11);
  int both = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string bytes = whole.substr(0, random() % (whole.size() + 1));
    for (int changes = static_cast<int>(random() % 4); changes > 0; --changes) {
      if (bytes.empty()) break;
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    RequestNames names;
    const bool is_peeked = PeekNames(bytes, kSearchFields, &names).ok();
    milvus::proto::milvus::SearchRequest parsed;
    if (!is_peeked || !parsed.ParseFromString(bytes)) continue;
    ++both;
    ASSERT_EQ(names.db_name, parsed.db_name());
    ASSERT_THAT(names.objects, ElementsAre(parsed.collection_name()));
  }
  EXPECT_GT(both, 1000);
}

}  // namespace
}  // namespace elanus::access
