#include "coordinator/root/root_coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/fakes_for_test.h"
#include "coordinator/meta_records.h"
#include "coordinator/root/topic_choice.h"
#include "segment/record/record.h"
#include "testing/fake_clock.h"
#include "testing/held_executor.h"

namespace elanus::coordinator {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Follows what it is told; each call is a step of the script.
class FakeDataCoord final : public RefusingDataCoord {
 public:
  explicit FakeDataCoord(Script& script) : script_(script) {}

  void WatchCollection(const base::OpContext&,
                       const internal::WatchCollectionRequest& request,
                       internal::Empty*, base::Done done) override {
    Do([&] { watched[request.collection().id()] = request.collection(); },
       std::move(done));
  }
  void DropCollection(const base::OpContext&,
                      const internal::CollectionIdRequest& request,
                      internal::Empty*, base::Done done) override {
    Do([&] { watched.erase(request.collection_id()); }, std::move(done));
  }
  void DropPartition(const base::OpContext&,
                     const internal::PartitionIdRequest& request,
                     internal::Empty*, base::Done done) override {
    Do([&] { dropped_partitions.insert(request.partition_id()); },
       std::move(done));
  }

  std::map<std::int64_t, internal::CollectionMeta> watched;
  std::set<std::int64_t> dropped_partitions;

 private:
  template <typename Act>
  void Do(Act act, base::Done done) {
    const Script::Verdict verdict = script_.Step();
    if (verdict != Script::Verdict::kRefuse) act();
    done(verdict == Script::Verdict::kDo ? absl::OkStatus() : Script::Dead());
  }
  Script& script_;
};

class FakeQueryCoord final : public RefusingQueryCoord {
 public:
  explicit FakeQueryCoord(Script& script) : script_(script) {}

  void Release(const base::OpContext&, const internal::ReleaseRequest& request,
               internal::Empty*, base::Done done) override {
    const Script::Verdict verdict = script_.Step();
    if (verdict != Script::Verdict::kRefuse) {
      loaded_partitions.clear();
      released.insert(request.collection_id());
    }
    done(verdict == Script::Verdict::kDo ? absl::OkStatus() : Script::Dead());
  }
  void GetLoadState(const base::OpContext&,
                    const internal::GetLoadStateRequest& request,
                    internal::GetLoadStateReply* reply,
                    base::Done done) override {
    const bool loaded = loaded_partitions.contains(request.partition_ids(0));
    reply->set_state(loaded ? internal::GetLoadStateReply::LOADING
                            : internal::GetLoadStateReply::NOT_LOADED);
    done(absl::OkStatus());
  }

  std::set<std::int64_t> loaded_partitions;
  std::set<std::int64_t> released;

 private:
  Script& script_;
};

class FakeProxy final : public role::Proxy {
 public:
  void InvalidateCache(const base::OpContext&,
                       const internal::InvalidateCacheRequest& request,
                       internal::Empty*, base::Done done) override {
    for (const auto& name : request.names()) told.push_back(name.name());
    for (const auto& gone : request.dropped()) {
      dropped[gone.collection_id()] = gone.shards();
    }
    if (unreachable) {
      done(base::Error(ErrorCode::kServiceUnavailable, "no proxy"));
    } else if (parked_wanted) {
      parked = std::move(done);
    } else {
      done(absl::OkStatus());
    }
  }

  std::vector<std::string> told;
  std::map<std::int64_t, int> dropped;  // shards, by collection
  bool unreachable = false;
  bool parked_wanted = false;
  base::Done parked;
};

// One life of root coord on storage that outlives it.
class RootCoordinatorTest : public ::testing::Test {
 protected:
  RootCoordinatorTest() {
    options_.pchannels = 4;
    Restart();
  }

  void Restart() {
    root_ =
        std::make_unique<RootCoordinator>(RootDeps{.store = store_,
                                                   .broker = log_,
                                                   .data_coord = data_coord_,
                                                   .query_coord = query_coord_,
                                                   .clock = clock_,
                                                   .executor = executor_,
                                                   .timer = timer_},
                                          options_);
    root_->SetProxies({&proxy_});
    ASSERT_TRUE(root_->Start().ok());
    root_->ResumeIntents();
    executor_.RunAll();
  }

  internal::CreateCollectionRequest CreateRequest(const std::string& name,
                                                  int shards = 2, int dim = 8) {
    internal::CreateCollectionRequest request;
    request.set_collection_name(name);
    request.set_schema(SchemaBytes(dim));
    request.set_shards_num(shards);
    return request;
  }

  // Calls and runs until it is answered.
  template <typename Request, typename Reply>
  absl::Status Call(void (role::RootCoord::*method)(const base::OpContext&,
                                                    const Request&, Reply*,
                                                    base::Done),
                    const Request& request, Reply* reply) {
    // Outlives the call: an answer may come when nobody waits any more.
    auto outcome =
        std::make_shared<absl::Status>(absl::UnknownError("no answer"));
    role::RootCoord& root = *root_;
    (root.*method)(
        base::OpContext(), request, reply,
        [outcome](absl::Status status) { *outcome = std::move(status); });
    executor_.RunAll();
    return *outcome;
  }

  absl::Status Create(const std::string& name, int shards = 2, int dim = 8) {
    internal::DescribeCollectionReply reply;
    return Call(&role::RootCoord::CreateCollection,
                CreateRequest(name, shards, dim), &reply);
  }
  absl::Status Drop(const std::string& name) {
    internal::CollectionRef request;
    request.set_collection_name(name);
    internal::Empty reply;
    return Call(&role::RootCoord::DropCollection, request, &reply);
  }
  absl::StatusOr<internal::CollectionMeta> Describe(const std::string& name) {
    internal::CollectionRef request;
    request.set_collection_name(name);
    internal::DescribeCollectionReply reply;
    RETURN_IF_ERROR(
        Call(&role::RootCoord::DescribeCollection, request, &reply));
    return reply.collection();
  }
  std::vector<std::string> Names() {
    internal::ListCollectionsRequest request;
    internal::ListCollectionsReply reply;
    EXPECT_TRUE(Call(&role::RootCoord::ListCollections, request, &reply).ok());
    std::vector<std::string> names;
    for (const auto& c : reply.collections()) names.push_back(c.name());
    return names;
  }
  absl::Status Rename(const std::string& from, const std::string& to) {
    internal::RenameCollectionRequest request;
    request.set_old_name(from);
    request.set_new_name(to);
    internal::Empty reply;
    return Call(&role::RootCoord::RenameCollection, request, &reply);
  }
  using AliasCall = void (role::RootCoord::*)(const base::OpContext&,
                                              const internal::AliasRequest&,
                                              internal::Empty*, base::Done);
  absl::Status Alias(AliasCall method, const std::string& alias,
                     const std::string& collection = "") {
    internal::AliasRequest request;
    request.set_alias(alias);
    request.set_collection_name(collection);
    internal::Empty reply;
    return Call(method, request, &reply);
  }
  using PartitionCall = void (role::RootCoord::*)(
      const base::OpContext&, const internal::PartitionRequest&,
      internal::Empty*, base::Done);
  absl::Status Partition(PartitionCall method, const std::string& collection,
                         const std::string& partition) {
    internal::PartitionRequest request;
    request.set_collection_name(collection);
    request.set_partition_name(partition);
    internal::Empty reply;
    return Call(method, request, &reply);
  }
  std::vector<std::string> PartitionsOf(const std::string& collection) {
    std::vector<std::string> names;
    const auto described = Describe(collection);
    if (!described.ok()) return names;
    for (const auto& p : described->partitions()) names.push_back(p.name());
    return names;
  }

  // Types of the records in the logs of a collection, by shard.
  std::vector<segment::RecordType> RecordsOf(std::int64_t id,
                                             std::uint32_t shard) {
    std::vector<segment::RecordType> found;
    for (const auto& [topic, records] : log_.topics) {
      for (const base::Buffer& bytes : records) {
        const auto record = segment::ParseRecord(bytes);
        EXPECT_TRUE(record.ok()) << record.status();
        const auto& vchannel = record->header().vchannel;
        if (base::ToInt(vchannel.collection) == id && vchannel.shard == shard) {
          found.push_back(record->type());
        }
      }
    }
    return found;
  }

  Script script_;
  MemoryMetaStore store_{script_};
  MemoryLog log_{script_};
  FakeDataCoord data_coord_{script_};
  FakeQueryCoord query_coord_{script_};
  FakeProxy proxy_;
  testing::FakeClock clock_;
  testing::HeldExecutor executor_;
  ManualTimer timer_;
  RootCoordinatorOptions options_;
  std::unique_ptr<RootCoordinator> root_;
};

constexpr auto kCreateAlias = &role::RootCoord::CreateAlias;
constexpr auto kAlterAlias = &role::RootCoord::AlterAlias;
constexpr auto kDropAlias = &role::RootCoord::DropAlias;
constexpr auto kCreatePartition = &role::RootCoord::CreatePartition;
constexpr auto kDropPartition = &role::RootCoord::DropPartition;

MATCHER_P2(FailsWith, code, text, "") {
  *result_listener << arg;
  return base::CodeOf(arg) == code &&
         base::MessageOf(arg).find(text) != std::string_view::npos;
}

TEST_F(RootCoordinatorTest, ANewCollectionIsDescribedByNameAndById) {
  ASSERT_TRUE(Create("books").ok());
  const auto books = Describe("books");
  ASSERT_TRUE(books.ok()) << books.status();
  EXPECT_EQ(books->state(), internal::CREATED);
  EXPECT_EQ(books->schema().name(), "books");
  EXPECT_EQ(books->schema().fields(1).fieldid(), 101);
  EXPECT_EQ(books->created_at() >> 18,
            static_cast<std::uint64_t>(clock_.wall_ms));
  EXPECT_THAT(PartitionsOf("books"), ElementsAre("_default"));
  internal::CollectionRef by_id;
  by_id.set_collection_id(books->id());
  internal::DescribeCollectionReply reply;
  ASSERT_TRUE(Call(&role::RootCoord::DescribeCollection, by_id, &reply).ok());
  EXPECT_EQ(reply.collection().SerializeAsString(), books->SerializeAsString());
}

TEST_F(RootCoordinatorTest, EachShardStartsAtItsOwnCreateRecord) {
  ASSERT_TRUE(Create("books", 3).ok());
  const auto books = Describe("books");
  ASSERT_EQ(books->vchannels_size(), 3);
  for (int shard = 0; shard < 3; ++shard) {
    const auto& vchannel = books->vchannels(shard);
    EXPECT_EQ(vchannel.name(),
              fmt::format("{}_{}v{}", vchannel.topic(), books->id(), shard));
    EXPECT_EQ(vchannel.start_position(), MemoryLog::PositionOf(0).Encode());
    EXPECT_THAT(RecordsOf(books->id(), static_cast<std::uint32_t>(shard)),
                ElementsAre(segment::RecordType::kCreateCollection));
  }
  const auto& watched = data_coord_.watched.at(books->id());
  EXPECT_EQ(watched.SerializeAsString(), books->SerializeAsString());
}

TEST_F(RootCoordinatorTest, CreatingAgainSucceedsWithTheSameParametersOnly) {
  ASSERT_TRUE(Create("books", 2, 8).ok());
  const std::int64_t id = Describe("books")->id();
  EXPECT_TRUE(Create("books", 2, 8).ok());
  EXPECT_EQ(Describe("books")->id(), id);
  const std::string words =
      "create duplicate collection with different parameters, collection: "
      "books";
  EXPECT_THAT(Create("books", 2, 16), FailsWith(ErrorCode::kUnexpected, words));
  EXPECT_THAT(Create("books", 3, 8), FailsWith(ErrorCode::kUnexpected, words));
}

TEST_F(RootCoordinatorTest, OfManyCreationsAtOnceOneWinsTheName) {
  const int kRequests = 8;
  std::vector<internal::CreateCollectionRequest> requests;
  std::vector<internal::DescribeCollectionReply> replies(kRequests);
  for (int i = 0; i < kRequests; ++i) {
    requests.push_back(CreateRequest("books", 1, 8 + i));
  }
  std::vector<absl::Status> outcomes(kRequests);
  for (std::size_t i = 0; i < kRequests; ++i) {
    root_->CreateCollection(
        base::OpContext(), requests[i], &replies[i],
        [&outcomes, i](absl::Status status) { outcomes[i] = status; });
  }
  executor_.RunAll();
  EXPECT_EQ(std::count_if(outcomes.begin(), outcomes.end(),
                          [](const absl::Status& s) { return s.ok(); }),
            1);
  EXPECT_EQ(data_coord_.watched.size(), 1U);
}

TEST_F(RootCoordinatorTest, UnknownNamesAndDatabasesAreNotFound) {
  EXPECT_THAT(
      Describe("x").status(),
      FailsWith(ErrorCode::kCollectionNotFound,
                "collection not found[database=default][collection=x]"));
  internal::CollectionRef elsewhere;
  elsewhere.set_database_name("other");
  elsewhere.set_collection_name("x");
  internal::DescribeCollectionReply reply;
  EXPECT_THAT(Call(&role::RootCoord::DescribeCollection, elsewhere, &reply),
              FailsWith(ErrorCode::kDatabaseNotFound,
                        "database not found[database=other]"));
}

TEST_F(RootCoordinatorTest, ADroppedCollectionLeavesNothingAndFreesItsName) {
  ASSERT_TRUE(Create("books").ok());
  const std::int64_t id = Describe("books")->id();
  ASSERT_TRUE(Drop("books").ok());
  EXPECT_EQ(base::CodeOf(Describe("books").status()),
            ErrorCode::kCollectionNotFound);
  EXPECT_THAT(data_coord_.watched, IsEmpty());
  EXPECT_TRUE(query_coord_.released.contains(id));
  EXPECT_THAT(store_.KeysUnder("root/collection/"), IsEmpty());
  EXPECT_THAT(store_.KeysUnder("root/name/"), IsEmpty());
  EXPECT_THAT(RecordsOf(id, 1),
              ElementsAre(segment::RecordType::kCreateCollection,
                          segment::RecordType::kDropCollection));
  ASSERT_TRUE(Create("books").ok());
  EXPECT_NE(Describe("books")->id(), id);
}

TEST_F(RootCoordinatorTest, ProxiesHearOfACollectionThatIsGoneForGood) {
  ASSERT_TRUE(Create("books", 3).ok());
  ASSERT_TRUE(Create("films", 2).ok());
  const std::int64_t id = Describe("books")->id();
  ASSERT_TRUE(Partition(kCreatePartition, "books", "new").ok());
  ASSERT_TRUE(Partition(kDropPartition, "books", "new").ok());
  ASSERT_TRUE(Rename("books", "novels").ok());
  EXPECT_THAT(proxy_.dropped, IsEmpty());
  ASSERT_TRUE(Drop("novels").ok());
  EXPECT_THAT(proxy_.dropped, ElementsAre(std::pair(id, 3)));
}

TEST_F(RootCoordinatorTest, DroppingWhatIsNotThereSucceeds) {
  EXPECT_TRUE(Drop("nothing").ok());
}

TEST_F(RootCoordinatorTest, DdlAnswersOnlyWhenTheProxyHasForgotten) {
  ASSERT_TRUE(Create("books").ok());
  proxy_.told.clear();
  proxy_.parked_wanted = true;
  EXPECT_EQ(Drop("books").message(), "no answer");
  EXPECT_THAT(proxy_.told, ElementsAre("books"));
  EXPECT_FALSE(data_coord_.watched.empty());
  proxy_.parked(absl::OkStatus());
  executor_.RunAll();
  EXPECT_TRUE(data_coord_.watched.empty());
}

TEST_F(RootCoordinatorTest, AProxyOutOfReachDelaysDdlUntilItsLeaseHasRunOut) {
  ASSERT_TRUE(Create("books").ok());
  proxy_.unreachable = true;
  EXPECT_EQ(Drop("books").message(), "no answer");
  timer_.RunDue();
  executor_.RunAll();
  EXPECT_FALSE(data_coord_.watched.empty());
  clock_.monotonic_ns += 5'000'000'000;
  timer_.RunDue();
  executor_.RunAll();
  EXPECT_TRUE(data_coord_.watched.empty());
}

TEST_F(RootCoordinatorTest, AliasesFollowMilvussRules) {
  ASSERT_TRUE(Create("books").ok());
  ASSERT_TRUE(Create("films").ok());
  EXPECT_THAT(Alias(kCreateAlias, "books", "films"),
              FailsWith(ErrorCode::kAliasCollectionNameConflict,
                        "[database=default][alias=books]"));
  EXPECT_THAT(Alias(kCreateAlias, "a", "x"),
              FailsWith(ErrorCode::kCollectionNotFound, "[collection=x]"));
  EXPECT_THAT(Alias(kAlterAlias, "a", "books"),
              FailsWith(ErrorCode::kAliasNotFound,
                        "alias not found[database=default][alias=a]"));
  ASSERT_TRUE(Alias(kCreateAlias, "a", "books").ok());
  EXPECT_TRUE(Alias(kCreateAlias, "a", "books").ok());
  EXPECT_THAT(
      Alias(kCreateAlias, "a", "films"),
      FailsWith(ErrorCode::kAliasAlreadyExists,
                "a is alias to another collection: books: alias already "
                "exist[database=default][alias=a]"));
  EXPECT_EQ(Describe("a")->name(), "books");
  EXPECT_THAT(Describe("a")->aliases(), ElementsAre("a"));
  EXPECT_THAT(Drop("a"), FailsWith(ErrorCode::kUnexpected, "via alias = a"));
  EXPECT_THAT(Drop("books"),
              FailsWith(ErrorCode::kUnexpected, "has associated aliases [a]"));
  EXPECT_THAT(Create("a"),
              FailsWith(ErrorCode::kAliasCollectionNameConflict, "alias"));
  ASSERT_TRUE(Alias(kAlterAlias, "a", "films").ok());
  EXPECT_EQ(Describe("a")->name(), "films");
  EXPECT_TRUE(Drop("books").ok());
  EXPECT_TRUE(Alias(kDropAlias, "a").ok());
  EXPECT_TRUE(Alias(kDropAlias, "a").ok());
  EXPECT_FALSE(Describe("a").ok());
  EXPECT_TRUE(Drop("films").ok());
}

TEST_F(RootCoordinatorTest, AliasesAreDescribedAndListed) {
  ASSERT_TRUE(Create("books").ok());
  ASSERT_TRUE(Create("films").ok());
  ASSERT_TRUE(Alias(kCreateAlias, "b", "books").ok());
  ASSERT_TRUE(Alias(kCreateAlias, "f", "films").ok());
  internal::AliasRequest request;
  internal::ListAliasesReply all;
  ASSERT_TRUE(Call(&role::RootCoord::ListAliases, request, &all).ok());
  EXPECT_THAT(all.aliases(), ElementsAre("b", "f"));
  request.set_collection_name("films");
  internal::ListAliasesReply some;
  ASSERT_TRUE(Call(&role::RootCoord::ListAliases, request, &some).ok());
  EXPECT_THAT(some.aliases(), ElementsAre("f"));
  request.set_alias("b");
  internal::DescribeAliasReply described;
  ASSERT_TRUE(Call(&role::RootCoord::DescribeAlias, request, &described).ok());
  EXPECT_EQ(described.collection_name(), "books");
}

TEST_F(RootCoordinatorTest, ARenamedCollectionKeepsItsIdAndFreesItsOldName) {
  ASSERT_TRUE(Create("books").ok());
  ASSERT_TRUE(Create("films").ok());
  const std::int64_t id = Describe("books")->id();
  EXPECT_THAT(
      Rename("books", "films"),
      FailsWith(ErrorCode::kUnexpected, "duplicated new collection name"));
  EXPECT_THAT(Rename("x", "y"),
              FailsWith(ErrorCode::kCollectionNotFound, "[collection=x]"));
  proxy_.told.clear();
  ASSERT_TRUE(Rename("books", "novels").ok());
  EXPECT_THAT(proxy_.told, ElementsAre("books", "novels"));
  EXPECT_EQ(Describe("novels")->id(), id);
  EXPECT_FALSE(Describe("books").ok());
  ASSERT_TRUE(Create("books").ok());
  Restart();
  EXPECT_THAT(Names(), ElementsAre("books", "films", "novels"));
}

TEST_F(RootCoordinatorTest, PartitionsComeAndGo) {
  ASSERT_TRUE(Create("books", 1).ok());
  const std::int64_t id = Describe("books")->id();
  ASSERT_TRUE(Partition(kCreatePartition, "books", "new").ok());
  ASSERT_TRUE(Partition(kCreatePartition, "books", "new").ok());
  EXPECT_THAT(PartitionsOf("books"), ElementsAre("_default", "new"));
  const std::int64_t partition = Describe("books")->partitions(1).id();
  query_coord_.loaded_partitions.insert(partition);
  EXPECT_THAT(Partition(kDropPartition, "books", "new"),
              FailsWith(ErrorCode::kUnexpected,
                        "partition cannot be dropped, partition is loaded, "
                        "please release it first"));
  query_coord_.loaded_partitions.clear();
  EXPECT_THAT(
      Partition(kDropPartition, "books", "_default"),
      FailsWith(ErrorCode::kUnexpected, "default partition cannot be deleted"));
  EXPECT_TRUE(Partition(kDropPartition, "books", "unknown").ok());
  ASSERT_TRUE(Partition(kDropPartition, "books", "new").ok());
  EXPECT_THAT(PartitionsOf("books"), ElementsAre("_default"));
  EXPECT_THAT(data_coord_.dropped_partitions, ElementsAre(partition));
  EXPECT_THAT(RecordsOf(id, 0),
              ElementsAre(segment::RecordType::kCreateCollection,
                          segment::RecordType::kCreatePartition,
                          segment::RecordType::kDropPartition));
  EXPECT_THAT(Partition(kCreatePartition, "x", "new"),
              FailsWith(ErrorCode::kCollectionNotFound, "[collection=x]"));
}

TEST_F(RootCoordinatorTest, APartitionThatIsLoadedMeanwhileIsNotDropped) {
  ASSERT_TRUE(Create("books", 1).ok());
  ASSERT_TRUE(Partition(kCreatePartition, "books", "new").ok());
  const base::CollectionId id{Describe("books")->id()};
  internal::LoadMeta wish;
  wish.set_collection_id(base::ToInt(id));
  // A load begins after query coord was asked.
  bool begun = false;
  store_.before_txn = [&] {
    if (std::exchange(begun, true)) return;
    storage::MetaTxn txn;
    txn.puts.push_back(PutRecord(keys::Load(id), wish));
    ASSERT_TRUE(store_.Txn(txn).ok());
  };
  wish.add_partition_ids(Describe("books")->partitions(1).id());
  EXPECT_THAT(Partition(kDropPartition, "books", "new"),
              FailsWith(ErrorCode::kUnexpected,
                        "partition cannot be dropped, partition is loaded, "
                        "please release it first"));
  EXPECT_THAT(PartitionsOf("books"), ElementsAre("_default", "new"));
  EXPECT_THAT(data_coord_.dropped_partitions, IsEmpty());
}

TEST_F(RootCoordinatorTest, ALoadOfAnotherPartitionStopsNoDrop) {
  ASSERT_TRUE(Create("books", 1).ok());
  ASSERT_TRUE(Partition(kCreatePartition, "books", "new").ok());
  const base::CollectionId id{Describe("books")->id()};
  bool begun = false;
  store_.before_txn = [&] {
    if (std::exchange(begun, true)) return;
    internal::LoadMeta wish;
    wish.set_collection_id(base::ToInt(id));
    wish.add_partition_ids(1);
    storage::MetaTxn txn;
    txn.puts.push_back(PutRecord(keys::Load(id), wish));
    ASSERT_TRUE(store_.Txn(txn).ok());
  };
  EXPECT_TRUE(Partition(kDropPartition, "books", "new").ok());
  EXPECT_THAT(PartitionsOf("books"), ElementsAre("_default"));
}

TEST_F(RootCoordinatorTest, LimitsNameTheNumberThatIsBroken) {
  options_.max_collections = 2;
  options_.max_partitions = 3;
  options_.max_general_capacity = 7;
  Restart();
  ASSERT_TRUE(Create("a", 2).ok());
  ASSERT_TRUE(Partition(kCreatePartition, "a", "p1").ok());
  ASSERT_TRUE(Partition(kCreatePartition, "a", "p2").ok());
  EXPECT_THAT(Partition(kCreatePartition, "a", "p3"),
              FailsWith(ErrorCode::kUnexpected,
                        "partition number (3) exceeds max configuration (3)"));
  EXPECT_THAT(Create("b", 2),
              FailsWith(ErrorCode::kGeneralCapacityExceeded,
                        "[newGeneralSize=8][generalCapacity=7]"));
  ASSERT_TRUE(Create("b", 1).ok());
  EXPECT_THAT(Create("c", 1), FailsWith(ErrorCode::kCollectionNumLimitExceeded,
                                        "[dbName=default][limit=2]"));
}

TEST_F(RootCoordinatorTest, ARestartKnowsEverythingThatWasThere) {
  ASSERT_TRUE(Create("books").ok());
  ASSERT_TRUE(Partition(kCreatePartition, "books", "p").ok());
  ASSERT_TRUE(Alias(kCreateAlias, "a", "books").ok());
  const std::string before = Describe("a")->SerializeAsString();
  Restart();
  EXPECT_EQ(Describe("a")->SerializeAsString(), before);
}

TEST_F(RootCoordinatorTest, TheNumberOfTopicsIsThatOfTheFirstStart) {
  options_.pchannels = 9;
  Restart();
  EXPECT_EQ(log_.topics.size(), 4U);
  ASSERT_TRUE(Create("books", 8).ok());
  EXPECT_EQ(log_.topics.size(), 4U);
}

TEST(ChooseLeastUsedTest, SpreadsAndPrefersTheLowestNumber) {
  EXPECT_THAT(ChooseLeastUsed({0, 0, 0}, 4), ElementsAre(0, 1, 2, 0));
  EXPECT_THAT(ChooseLeastUsed({2, 0, 1}, 3), ElementsAre(1, 1, 2));
}

// Kills root coord at every step of `verb`, once before and once behind it,
// and looks at what the next life makes of it.
class RootCrashTest : public RootCoordinatorTest {
 protected:
  template <typename Prepare, typename Verb, typename Promise>
  void KillAtEveryStep(Prepare prepare, Verb verb, Promise promise) {
    for (const bool last_is_done : {false, true}) {
      int survived = -1;
      for (int step = 0; survived < 0; ++step) {
        ASSERT_LT(step, 100);
        SCOPED_TRACE(fmt::format("killed at step {}, {}", step,
                                 last_is_done ? "done" : "not done"));
        Wipe();
        prepare();
        script_.last_is_done = last_is_done;
        script_.dies_at = script_.steps + step;
        if (verb().ok()) survived = step;
        script_.dies_at = Script::kNever;
        root_.reset();
        timer_.Clear();
        Restart();
        CheckWhole();
        if (survived >= 0) promise();
      }
      EXPECT_GT(survived, 0);
    }
  }

  void Wipe() {
    root_.reset();
    timer_.Clear();
    store_.map.clear();
    log_.topics.clear();
    data_coord_.watched.clear();
    Restart();
  }

  // Nothing is half made: records, names, topics and data coord agree.
  void CheckWhole() {
    std::set<std::string> names;
    std::set<std::int64_t> ids;
    for (const std::string& key : store_.KeysUnder("root/collection/")) {
      internal::CollectionMeta record;
      ASSERT_TRUE(record.ParseFromString(store_.map.at(key).value));
      EXPECT_EQ(record.state(), internal::CREATED) << key;
      for (const auto& partition : record.partitions()) {
        EXPECT_EQ(partition.state(), internal::CREATED) << partition.name();
      }
      EXPECT_EQ(store_.map.at("root/name/1/" + record.name()).value,
                std::to_string(record.id()));
      names.insert("root/name/1/" + record.name());
      ids.insert(record.id());
    }
    EXPECT_EQ(store_.KeysUnder("root/name/").size(), names.size());
    std::set<std::int64_t> watched;
    for (const auto& [id, collection] : data_coord_.watched) watched.insert(id);
    EXPECT_EQ(watched, ids);
    for (const std::string& key : store_.KeysUnder("root/alias/")) {
      internal::AliasMeta alias;
      ASSERT_TRUE(alias.ParseFromString(store_.map.at(key).value));
      EXPECT_TRUE(ids.contains(alias.collection_id())) << key;
    }
    // And the next operations work.
    EXPECT_TRUE(Create("next").ok());
    EXPECT_TRUE(Drop("next").ok());
  }
};

TEST_F(RootCrashTest, ACreationIsWholeOrGone) {
  KillAtEveryStep([] {}, [this] { return Create("books"); },
                  [this] { EXPECT_THAT(Names(), ElementsAre("books")); });
}

TEST_F(RootCrashTest, ADropIsBegunOrNot) {
  KillAtEveryStep([this] { ASSERT_TRUE(Create("books").ok()); },
                  [this] { return Drop("books"); },
                  [this] { EXPECT_THAT(Names(), IsEmpty()); });
}

TEST_F(RootCrashTest, APartitionIsWholeOrGone) {
  KillAtEveryStep([this] { ASSERT_TRUE(Create("books").ok()); },
                  [this] { return Partition(kCreatePartition, "books", "p"); },
                  [this] {
                    EXPECT_THAT(PartitionsOf("books"),
                                ElementsAre("_default", "p"));
                  });
}

TEST_F(RootCrashTest, ADropOfAPartitionIsBegunOrNot) {
  KillAtEveryStep(
      [this] {
        ASSERT_TRUE(Create("books").ok());
        ASSERT_TRUE(Partition(kCreatePartition, "books", "p").ok());
      },
      [this] { return Partition(kDropPartition, "books", "p"); },
      [this] { EXPECT_THAT(PartitionsOf("books"), ElementsAre("_default")); });
}

TEST_F(RootCrashTest, ARenamingHappensOrNot) {
  KillAtEveryStep(
      [this] {
        ASSERT_TRUE(Create("books").ok());
        ASSERT_TRUE(Alias(kCreateAlias, "a", "books").ok());
      },
      [this] {
        RETURN_IF_ERROR(Rename("books", "novels"));
        return Alias(kCreateAlias, "b", "novels");
      },
      [this] {
        EXPECT_THAT(Names(), ElementsAre("novels"));
        EXPECT_THAT(Describe("b")->aliases(), ElementsAre("a", "b"));
      });
}

TEST_F(RootCrashTest, WithoutARestartTheTimerFinishesWhatFailed) {
  for (int step = 0; step < 12; ++step) {
    SCOPED_TRACE(step);
    Wipe();
    ASSERT_TRUE(Create("books").ok());
    script_.last_is_done = step % 2 == 0;
    script_.dies_at = script_.steps + step;
    base::LogIfError(Drop("books"), "cut off on purpose");
    base::LogIfError(Create("films"), "cut off on purpose");
    script_.dies_at = Script::kNever;
    for (int i = 0; i < 5; ++i) {
      timer_.RunDue();
      executor_.RunAll();
    }
    CheckWhole();
  }
}

}  // namespace
}  // namespace elanus::coordinator
