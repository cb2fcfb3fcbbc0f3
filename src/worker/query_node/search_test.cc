#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/give_way.h"
#include "base/metrics.h"
#include "base/timer.h"
#include "role/refusing_roles_for_test.h"
#include "role/schema_convert.h"
#include "segment/rows_maker_test.h"
#include "testing/held_executor.h"
#include "testing/local_storage.h"
#include "worker/query_node/query_node.h"

namespace elanus::worker {
namespace {

using segment::kDim;
using segment::kVectorField;

constexpr std::int64_t kCollection = 7;
// As many as make a scan of four dimensions worth being shared.
constexpr std::int64_t kRows = 270'000;
constexpr int kRecords = 6;
constexpr std::size_t kBytesMax = std::size_t{1} << 30;

class FlatDataCoord final : public role::RefusingDataCoord {
 public:
  void GetTarget(const base::OpContext&, const internal::ShardRequest&,
                 internal::GetTargetReply* reply, base::Done done) override {
    internal::IndexMeta* index = reply->mutable_target()->add_index_defs();
    index->set_id(1);
    index->set_field_id(base::ToInt(kVectorField));
    index->set_index_type("FLAT");
    index->set_metric_type("L2");
    done(absl::OkStatus());
  }
};

// Lets the test act when a deadline is looked at: a search that has this clock
// has begun then, and is not over.
class WatchedClock final : public base::Clock {
 public:
  std::int64_t WallMs() const override { return base::SystemClock().WallMs(); }
  std::int64_t MonotonicNs() const override {
    if (const auto act = std::exchange(once, nullptr)) act();
    return base::SystemClock().MonotonicNs();
  }

  mutable std::function<void()> once;
};

// A node that serves one growing collection, whose searches are scans.
class SearchTest : public ::testing::Test {
 protected:
  struct Call {
    base::OpContext ctx;
    internal::SearchShardsRequest request;
    internal::SearchShardsReply reply;
    std::optional<absl::Status> outcome;
  };

  void SetUp() override {
    tails_.emplace(*log_, segment::TailServices{.budget = budget_,
                                                .clock = base::SystemClock(),
                                                .timer = timer_,
                                                .executor = pool_});
    ASSERT_NO_FATAL_FAILURE(StartNode(kBytesMax));
    Fill();
  }
  void TearDown() override {
    if (node_.has_value()) node_->Stop();
    timer_.Stop();
    pool_.Stop();
    tails_.reset();
  }

  void StartNode(std::size_t output_bytes_max) {
    if (node_.has_value()) node_->Stop();
    node_.emplace(
        QueryNode::Dependencies{.data_coord = coord_,
                                .objects = *store_,
                                .broker = *log_,
                                .tails = *tails_,
                                .budget = budget_,
                                .reads = reads_,
                                .background = inline_,
                                .timer = timer_,
                                .clock = base::SystemClock(),
                                .metrics = metrics_,
                                .traffic = traffic_,
                                .output_bytes_max = output_bytes_max});
    internal::LoadShardRequest load;
    internal::CollectionMeta collection;
    collection.set_id(kCollection);
    types::Schema schema = *segment::TestSchema();
    for (types::FieldSchema& field : schema.fields) {
      field.type_params = {{"dim", std::to_string(kDim)}, {"max_length", "64"}};
    }
    *collection.mutable_schema() = role::SchemaToProto(schema);
    collection.set_schema_version(1);
    *load.mutable_collection() = collection;
    load.set_whole_collection(true);
    *load.mutable_assignment()->mutable_collection() = collection;
    load.mutable_assignment()->mutable_channel()->set_collection_id(
        kCollection);
    load.mutable_assignment()->mutable_channel()->set_topic("t");
    internal::Empty empty;
    std::promise<absl::Status> loaded;
    node_->LoadShard({}, load, &empty, [&loaded](absl::Status status) {
      loaded.set_value(std::move(status));
    });
    const absl::Status status = loaded.get_future().get();
    ASSERT_TRUE(status.ok()) << status;
    AwaitEnd();
  }

  void Append(base::Buffer record) {
    std::promise<storage::Position> appended;
    log_->Append("t", std::move(record), [&](auto result) {
      EXPECT_TRUE(result.ok()) << result.status();
      appended.set_value(result->next);
    });
    end_ = appended.get_future().get();
    AwaitEnd();
  }
  void AwaitEnd() {
    std::promise<absl::Status> applied;
    tails_->Find(key_)->WaitFor(end_, {}, [&](absl::Status status) {
      applied.set_value(std::move(status));
    });
    EXPECT_TRUE(applied.get_future().get().ok());
  }
  segment::RecordHeader Header() {
    return {.vchannel = key_,
            .writer = base::WriterId{1},
            .sequence = ++sequence_,
            .proposed = {sequence_ * 10}};
  }

  // Rows of several segments, some of them deleted.
  void Fill() {
    std::uniform_real_distribution<float> coordinate(0, 1);
    for (int record = 0; record < kRecords; ++record) {
      std::vector<segment::TestRow> rows(kRows / kRecords);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].key = static_cast<std::int64_t>(i) * kRecords + record;
        rows[i].price = rows[i].key % 100;
        for (float& x : rows[i].vector) x = coordinate(random_);
        std::ranges::copy(
            rows[i].vector,
            vectors_.begin() + static_cast<std::ptrdiff_t>(rows[i].key) * kDim);
      }
      const segment::PartitionRun run{
          .partition = base::PartitionId{1 + record % 2},
          .segment = base::SegmentId{100 + record}};
      Append(segment::RowsRecord(Header(), rows, run).buffer());
    }
    std::vector<std::int64_t> deleted;
    for (std::int64_t key = 0; key < kRows; key += 7) deleted.push_back(key);
    Append(*segment::BuildDelete(
        Header(), {.keys = {.type = types::DataType::kInt64,
                            .rows = deleted.size(),
                            .values = std::as_bytes(std::span(deleted))}}));
  }

  internal::SearchShardsRequest Request(std::size_t nq, std::int64_t k,
                                        const std::string& filter = "") {
    std::uniform_real_distribution<float> coordinate(0, 1);
    std::vector<float> queries(nq * kDim);
    for (float& x : queries) x = coordinate(random_);
    internal::SearchShardsRequest request;
    request.mutable_scope()->set_collection_id(kCollection);
    request.mutable_scope()->add_shards(0);
    request.mutable_scope()->mutable_guarantee()->set_kind(
        internal::ReadGuarantee::EVENTUALLY);
    request.mutable_scope()->set_filter(filter);
    request.set_field_id(base::ToInt(kVectorField));
    request.set_queries(queries.data(), queries.size() * sizeof(float));
    request.set_nq(static_cast<std::int64_t>(nq));
    request.set_top_k(k);
    return request;
  }
  // Wants the columns that `bits` name.
  static void Want(std::size_t bits, internal::SearchShardsRequest& request) {
    if (bits % 2 != 0) {
      request.mutable_output()->add_field_ids(
          base::ToInt(segment::kPriceField));
    }
    if (bits / 2 % 2 != 0) {
      request.mutable_output()->add_field_ids(base::ToInt(kVectorField));
    }
  }

  void Start(Call& call) {
    node_->Search(call.ctx, call.request, &call.reply,
                  [&call](absl::Status status) {
                    EXPECT_FALSE(call.outcome.has_value());
                    call.outcome = std::move(status);
                  });
  }
  internal::SearchShardsReply Alone(
      const internal::SearchShardsRequest& request) {
    Call call{.request = request};
    Start(call);
    EXPECT_TRUE(call.outcome.has_value() && call.outcome->ok())
        << call.outcome.value_or(absl::UnknownError("it waits"));
    return call.reply;
  }
  // Runs `act` while `request` is under way.
  void During(internal::SearchShardsRequest request,
              std::function<void()> act) {
    WatchedClock clock;
    clock.once = std::move(act);
    Call first{.ctx = base::OpContext(clock, base::OpContext::kNoDeadline - 1,
                                      "first"),
               .request = std::move(request)};
    Start(first);
    EXPECT_EQ(clock.once, nullptr);
    ASSERT_TRUE(first.outcome.has_value());
    EXPECT_TRUE(first.outcome->ok()) << *first.outcome;
  }

  double Metric(const std::string& name) const {
    const std::string text = metrics_.Render();
    const std::size_t at = text.find("\n" + name + " ");
    if (at == std::string::npos) return -1;
    return std::stod(text.substr(at + name.size() + 2));
  }
  double scans() const { return Metric("elanus_query_node_flat_scans_total"); }
  double searches() const {
    return Metric("elanus_query_node_flat_searches_total");
  }

  const segment::VchannelKey key_{.collection = base::CollectionId{kCollection},
                                  .shard = 0};
  std::mt19937 random_{5};
  testing::TempFolder folder_;
  base::MemoryBudget budget_{std::int64_t{1} << 40};
  base::Metrics metrics_;
  base::ReadTraffic traffic_;
  base::InlineExecutor inline_;
  testing::HeldExecutor reads_{2};
  base::ThreadPool pool_{{.name = "tails", .threads = 1}};
  base::ThreadTimer timer_{pool_};
  FlatDataCoord coord_;
  std::unique_ptr<storage::LocalObjectStore> store_ =
      testing::OpenObjects(folder_);
  std::unique_ptr<storage::EmbeddedLog> log_ = testing::OpenLog(folder_);
  std::optional<segment::TailSet> tails_;
  std::optional<QueryNode> node_;
  std::uint64_t sequence_ = 0;
  storage::Position end_;                                          // of the log
  std::vector<float> vectors_ = std::vector<float>(kRows * kDim);  // by key
};

void ExpectEqual(const internal::SearchShardsReply& together,
                 const internal::SearchShardsReply& alone) {
  EXPECT_EQ(std::vector(together.top_ks().begin(), together.top_ks().end()),
            std::vector(alone.top_ks().begin(), alone.top_ks().end()));
  EXPECT_EQ(together.ids().SerializeAsString(),
            alone.ids().SerializeAsString());
  ASSERT_EQ(together.fields_size(), alone.fields_size());
  for (int i = 0; i < alone.fields_size(); ++i) {
    EXPECT_EQ(together.fields(i).SerializeAsString(),
              alone.fields(i).SerializeAsString());
  }
  ASSERT_EQ(together.scores_size(), alone.scores_size());
  for (int i = 0; i < alone.scores_size(); ++i) {
    EXPECT_NEAR(together.scores(i), alone.scores(i), 1e-5F);
  }
  EXPECT_EQ(together.metric_type(), alone.metric_type());
  ASSERT_EQ(together.states_size(), 1);
  EXPECT_EQ(together.states(0).clock(), alone.states(0).clock());
}

TEST_F(SearchTest, SearchesThatShareAScanAreAnsweredAsThoseThatAreAlone) {
  const std::string filters[] = {"", "price < 40", "price == 3"};
  for (int round = 0; round < 8; ++round) {
    const std::string& filter = filters[random_() % 3];
    const bool is_partition = random_() % 3 == 0;
    const auto request = [&] {
      auto made = Request(1 + random_() % 4,
                          65 + static_cast<int>(random_() % 60), filter);
      if (is_partition) made.mutable_scope()->add_partition_ids(2);
      Want(random_(), made);
      return made;
    };
    std::vector<Call> calls(2 + random_() % 12);
    std::vector<internal::SearchShardsReply> alone;
    for (Call& call : calls) {
      call.request = request();
      alone.push_back(Alone(call.request));
    }
    const double searches_before = searches();
    const double scans_before = scans();
    During(request(), [&] {
      for (Call& call : calls) Start(call);
    });
    reads_.RunAll();
    for (std::size_t i = 0; i < calls.size(); ++i) {
      ASSERT_TRUE(calls[i].outcome.has_value());
      ASSERT_TRUE(calls[i].outcome->ok()) << *calls[i].outcome;
      ExpectEqual(calls[i].reply, alone[i]);
    }
    EXPECT_EQ(searches() - searches_before,
              static_cast<double>(calls.size()) + 1);
    EXPECT_LT(scans() - scans_before, searches() - searches_before);
  }
}

// What one segment has found keeps no hit of another from being found.
TEST_F(SearchTest, HitsAreTheNearestOfAllSegments) {
  for (const std::int64_t k : {1, 10, 200}) {
    const auto request = Request(3, k);
    const internal::SearchShardsReply reply = Alone(request);
    std::vector<float> queries(3 * kDim);
    std::memcpy(queries.data(), request.queries().data(),
                queries.size() * sizeof(float));
    for (std::size_t q = 0; q < 3; ++q) {
      std::vector<float> distances;
      for (std::int64_t key = 0; key < kRows; ++key) {
        if (key % 7 == 0) continue;  // deleted
        float distance = 0;
        for (std::size_t i = 0; i < kDim; ++i) {
          const float gap = queries[q * kDim + i] -
                            vectors_[static_cast<std::size_t>(key) * kDim + i];
          distance += gap * gap;
        }
        distances.push_back(distance);
      }
      std::ranges::sort(distances);
      for (std::int64_t i = 0; i < k; ++i) {
        const auto at = static_cast<std::int64_t>(q) * k + i;
        ASSERT_NEAR(reply.scores(static_cast<int>(at)),
                    distances[static_cast<std::size_t>(i)], 1e-5F);
      }
    }
  }
}

// A key with many rows in one segment leaves room for those of others,
// whichever segment is searched first.
TEST_F(SearchTest, RowsOfOneKeyTakeNoHitsFromOtherKeys) {
  for (int record = 0; record < kRecords; ++record) {
    const auto request = Request(1, 10);
    std::vector<segment::TestRow> rows(20, {.key = kRows + record});
    for (segment::TestRow& row : rows) {
      std::memcpy(row.vector.data(), request.queries().data(),
                  sizeof(row.vector));
    }
    Append(segment::RowsRecord(Header(), rows,
                               {.partition = base::PartitionId{1 + record % 2},
                                .segment = base::SegmentId{100 + record}})
               .buffer());
    const internal::SearchShardsReply reply = Alone(request);
    ASSERT_EQ(reply.ids().int_id().data_size(), 10);
    EXPECT_EQ(reply.ids().int_id().data(0), kRows + record);
    for (int i = 1; i < 10; ++i) {
      EXPECT_LT(reply.ids().int_id().data(i), kRows);
      EXPECT_GE(reply.scores(i), reply.scores(i - 1));
    }
  }
}

TEST_F(SearchTest, SearchesThatDifferInQueriesAndHitsShareOneScan) {
  std::vector<Call> calls(4);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    calls[i].request = Request(i + 1, 10 * static_cast<std::int64_t>(i + 1));
  }
  const double before = scans();
  During(Request(1, 10), [&] {
    for (Call& call : calls) Start(call);
  });
  reads_.RunAll();
  EXPECT_EQ(scans() - before, 2);
  for (const Call& call : calls) EXPECT_TRUE(call.outcome->ok());
}

TEST_F(SearchTest, ASearchThatCannotShareTheScanDoesNotWaitForIt) {
  std::vector<Call> calls;
  const auto add = [this, &calls]() -> internal::SearchShardsRequest& {
    calls.emplace_back();
    return calls.back().request = Request(1, 10);
  };
  internal::ReadGuarantee& pinned = *add().mutable_scope()->mutable_guarantee();
  pinned.set_kind(internal::ReadGuarantee::PINNED);
  pinned.set_read_at(tails_->Find(key_)->clock().value);
  (*add().mutable_params())["radius"] = "0.5";
  add().mutable_scope()->set_filter("price < 40");
  add().mutable_scope()->add_partition_ids(2);
  add() = Request(17, 10);
  add().set_top_k(2000);
  During(Request(1, 10), [&] {
    for (Call& call : calls) Start(call);
    for (const Call& call : calls) {
      ASSERT_TRUE(call.outcome.has_value()) << call.request.DebugString();
      EXPECT_TRUE(call.outcome->ok()) << *call.outcome;
    }
  });
}

TEST_F(SearchTest, APinnedSearchSeesNothingNewerBesideOthersThatDo) {
  Call pinned{.request = Request(1, 1)};
  Call newest{.request = pinned.request};
  internal::ReadGuarantee& guarantee =
      *pinned.request.mutable_scope()->mutable_guarantee();
  guarantee.set_kind(internal::ReadGuarantee::PINNED);
  guarantee.set_read_at(tails_->Find(key_)->clock().value);
  During(Request(1, 10), [&] {
    segment::TestRow row{.key = kRows};
    std::memcpy(row.vector.data(), newest.request.queries().data(),
                sizeof(row.vector));
    Append(segment::RowsRecord(Header(), {row},
                               {.partition = base::PartitionId{1},
                                .segment = base::SegmentId{200}})
               .buffer());
    Start(newest);
    Start(pinned);
  });
  reads_.RunAll();
  ASSERT_TRUE(newest.outcome->ok()) << *newest.outcome;
  ASSERT_TRUE(pinned.outcome->ok()) << *pinned.outcome;
  EXPECT_EQ(newest.reply.ids().int_id().data(0), kRows);
  EXPECT_NE(pinned.reply.ids().int_id().data(0), kRows);
  EXPECT_EQ(pinned.reply.states(0).clock(), guarantee.read_at());
}

TEST_F(SearchTest, TheFaultOfOneFailsNoOtherOfItsScan) {
  std::vector<Call> calls(4);
  for (Call& call : calls) call.request = Request(1, 10);
  calls[0].request.mutable_output()->add_field_ids(999);
  calls[1].request.mutable_queries()->pop_back();
  During(Request(1, 10), [&] {
    for (Call& call : calls) Start(call);
    calls[2].ctx.Cancel();
  });
  reads_.RunAll();
  EXPECT_EQ(base::CodeOf(*calls[0].outcome), base::ErrorCode::kFieldNotFound);
  EXPECT_EQ(base::CodeOf(*calls[1].outcome),
            base::ErrorCode::kParameterInvalid);
  EXPECT_EQ(base::CodeOf(*calls[2].outcome), base::ErrorCode::kCancelled);
  EXPECT_TRUE(calls[3].outcome->ok()) << *calls[3].outcome;
}

TEST_F(SearchTest, WhatIsTooMuchForAllIsFoundForEach) {
  constexpr std::size_t kKeyAndScore = 12;
  ASSERT_NO_FATAL_FAILURE(StartNode(100 * kKeyAndScore));
  std::vector<Call> calls(4);
  for (Call& call : calls) call.request = Request(1, 60);
  During(Request(1, 10), [&] {
    for (Call& call : calls) Start(call);
  });
  reads_.RunAll();
  for (const Call& call : calls) {
    EXPECT_TRUE(call.outcome->ok()) << *call.outcome;
    EXPECT_EQ(call.reply.scores_size(), 60);
  }
}

}  // namespace
}  // namespace elanus::worker
