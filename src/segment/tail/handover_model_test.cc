// Random writes to one vchannel over the real log, a writer that commits
// segments and checkpoints and may die at any step, a reader that loads,
// hands over and reads at old and new times: every read is compared with the
// prefix of the log that it stands for.
#include <gtest/gtest.h>

#include "base/timer.h"
#include "segment/rows_maker_test.h"
#include "segment/sealed/sealed_segment.h"
#include "segment/tail/settled_tail_test.h"
#include "segment/tail/tail_set.h"
#include "testing/local_storage.h"

namespace elanus::segment {
namespace {

constexpr VchannelKey kVchannel{.collection = base::CollectionId{7}};

// What the meta store would hold.
struct Meta {
  struct Written {
    std::string manifest;
    storage::Position synced_to;
    base::Timestamp deletes_to;
  };
  std::map<base::SegmentId, Written> segments;
  SealPoint checkpoint;
  TombstoneBatches deletes;  // up to the checkpoint
};

class Events final : public TailListener {
 public:
  void OnSegmentClosed(const std::shared_ptr<GrowingSegment>& segment,
                       const storage::Position& next) override {
    closed.emplace_back(segment, next);
  }
  void OnSealPoint(const SealPoint& point) override { points.push_back(point); }

  std::vector<std::pair<std::shared_ptr<GrowingSegment>, storage::Position>>
      closed;
  std::vector<SealPoint> points;
};

// A view and the tombstones for what it holds sealed.
class Reader final : public TailListener {
 public:
  void OnTombstones(std::span<const TombstoneRun> runs) override {
    for (const auto& segment : sealed) {
      for (const TombstoneRun& run : runs) {
        EXPECT_TRUE(segment->Delete(run).ok());
      }
    }
  }
  void OnSegmentOpened(const std::shared_ptr<GrowingSegment>& s) override {
    growing.push_back(s);
  }

  std::vector<std::shared_ptr<SealedSegment>> sealed;
  GrowingList growing;
};

using Visible = std::multiset<std::pair<std::int64_t, std::uint64_t>>;

class HandoverModel {
 public:
  explicit HandoverModel(unsigned seed) : random_(seed) { Start(); }
  ~HandoverModel() { tails_ = nullptr; }

  void Run() {
    for (int step = 0; step < 250; ++step) {
      const auto x = random_() % 100;
      if (x < 55) {
        Write();
      } else if (x < 70) {
        CatchUp();
        Commit();
      } else if (x < 76) {
        Start();
      } else if (x < 86) {
        CatchUp();
        HandOver();
      } else {
        CatchUp();
        Read();
      }
    }
  }
  std::size_t reads() const { return reads_; }

 private:
  void Append(base::Buffer record) {
    std::promise<storage::AppendResult> appended;
    log_->Append("t", std::move(record), [&](auto result) {
      ASSERT_TRUE(result.ok()) << result.status();
      appended.set_value(*result);
    });
    end_ = appended.get_future().get().next;
  }

  RecordHeader Header(RecordType type) {
    header_ = {.type = type,
               .vchannel = kVchannel,
               .writer = base::WriterId{1 + random_() % 3},
               .sequence = ++sequence_,
               .proposed = {sequence_ * 2 + random_() % 20}};
    clock_ = std::max(clock_ + 1, header_.proposed.value);
    return header_;
  }

  void Write() {
    const base::PartitionId partition{1 + static_cast<int>(random_() % 2)};
    const auto key = [&] { return static_cast<std::int64_t>(random_() % 12); };
    switch (random_() % 9) {
      case 0:
        Append(*BuildCloseSegments(Header(RecordType::kCloseSegments),
                                   random_() % 3 == 0
                                       ? std::vector{partition}
                                       : std::vector<base::PartitionId>{}));
        break;
      case 1:
      case 2: {
        const std::int64_t id = key();
        const std::uint64_t before = clock_;
        RecordHeader header = Header(RecordType::kDelete);
        const std::uint64_t upto =
            random_() % 3 == 0 && before > 5 ? before - random_() % 5 : 0;
        Append(*BuildDelete(
            header, {.keys = {.type = types::DataType::kInt64,
                              .rows = 1,
                              .values = std::as_bytes(std::span(&id, 1))},
                     .upto = {upto}}));
        model_.tombs.push_back({id, upto == 0 ? clock_ : upto, clock_});
        break;
      }
      default: {
        const bool is_upsert = random_() % 2 == 0;
        std::set<std::int64_t> keys;
        for (auto i = 1 + random_() % 3; i > 0; --i) keys.insert(key());
        const RecordHeader header =
            Header(is_upsert ? RecordType::kUpsert : RecordType::kInsert);
        std::vector<TestRow> rows;
        for (const std::int64_t id : keys) {
          rows.push_back({.key = id, .at = clock_});
          if (is_upsert) model_.tombs.push_back({id, clock_ - 1, clock_});
        }
        const base::Buffer record =
            RowsRecord(
                header, rows,
                {.partition = partition,
                 .segment =
                     base::SegmentId{static_cast<std::int64_t>(sequence_)}})
                .buffer();
        Append(record);
        // The same record once more: nobody may see it twice.
        if (random_() % 8 == 0) Append(record);
        model_.rows.insert(model_.rows.end(), rows.begin(), rows.end());
      }
    }
  }

  // A new process: everything out of the meta record and the log.
  void Start() {
    tails_ = std::make_unique<TailSet>(
        *log_, TailServices{.budget = budget_,
                            .clock = base::SystemClock(),
                            .timer = timer_,
                            .executor = pool_});
    VchannelSpec spec{.key = kVchannel,
                      .topic = "t",
                      .schema = TestSchema(),
                      .start = meta_.checkpoint.position,
                      .replay_state = meta_.checkpoint.replay_state};
    for (const auto& [id, written] : meta_.segments) {
      spec.synced_to[id] = written.synced_to;
    }
    auto tail = tails_->Watch(std::move(spec));
    ASSERT_TRUE(tail.ok()) << tail.status();
    tail_ = *std::move(tail);
    events_ = std::make_shared<Events>();
    reader_ = std::make_shared<Reader>();
    Join(*tail_, TailUser::kDataNode, events_,
         [&](const VchannelTail::Joined& joined) {
           for (const auto& closed : joined.closed) {
             events_->closed.emplace_back(closed.segment, closed.next);
           }
         });
    Join(*tail_, TailUser::kQueryNode, reader_,
         [&](const VchannelTail::Joined& joined) {
           reader_->growing = *joined.growing;
         });
    CatchUp();
    HandOver();
  }

  void CatchUp() {
    const absl::Status status = WaitUntilApplied(*tail_, end_);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(tail_->clock().value, clock_);
  }

  // Segments one by one, then the checkpoint; may stop anywhere.
  void Commit() {
    while (!events_->closed.empty()) {
      if (random_() % 6 == 0) return;
      const auto [segment, next] = events_->closed.front();
      events_->closed.erase(events_->closed.begin());
      meta_.segments[segment->id()] = {
          .manifest = WriteFiles(*segment),
          .synced_to = next,
          .deletes_to = segment->min_at().Previous()};
      tail_->ReleaseSegment(segment->id(), TailUser::kDataNode);
    }
    std::optional<SealPoint> point = SealPointOf(*tail_);
    if (!point.has_value() || random_() % 4 == 0) return;
    const auto fresh =
        tail_->tombstones().Between(meta_.checkpoint.clock, point->clock);
    ASSERT_TRUE(fresh.ok()) << fresh.status();
    meta_.deletes.insert(meta_.deletes.end(), fresh->begin(), fresh->end());
    meta_.checkpoint = *std::move(point);
    tail_->tombstones().Trim(meta_.checkpoint.clock);
  }

  std::string WriteFiles(const Segment& segment) {
    const std::string folder = "s" + std::to_string(++attempt_) + "/";
    Manifest manifest{.partition = segment.partition(),
                      .segment = segment.id(),
                      .rows = segment.rows(),
                      .keys = KeyRange{std::int64_t{0}, std::int64_t{99}},
                      .min_at = segment.min_at(),
                      .max_at = segment.max_at()};
    const types::FieldSchema at{.id = kTimestampField,
                                .type = types::DataType::kInt64};
    for (const types::FieldSchema& field :
         {*TestSchema()->Find(kKeyField), at}) {
      const std::string name = folder + std::to_string(base::ToInt(field.id));
      auto upload = *store_->StartUpload(name);
      ColumnFileWriter writer(
          {.field = field.id, .type = field.type, .rows = segment.rows()},
          *upload);
      for (const ChunkRange& chunk : segment.Chunks(segment.rows())) {
        EXPECT_TRUE(writer.Append(*segment.Column(field, chunk.index)).ok());
      }
      const WrittenFile written = *writer.Finish();
      EXPECT_TRUE(upload->Finish().ok());
      manifest.files.push_back({.object = name,
                                .kind = SegmentFileKind::kColumn,
                                .field = field.id,
                                .rows = segment.rows(),
                                .size = written.size,
                                .crc = written.crc});
    }
    EXPECT_TRUE(
        store_->Put(folder + "manifest", SerializeManifest(manifest)).ok());
    return folder + "manifest";
  }

  void HandOver() {
    const TombstonePin pin = tail_->tombstones().Pin();
    const Meta target = meta_;
    // More may be written between the target and the new view.
    if (random_() % 2 == 0) {
      Write();
      CatchUp();
    }
    std::vector<std::shared_ptr<SealedSegment>> sealed;
    std::vector<std::shared_ptr<SealedSegment>> opened;
    for (const auto& [id, written] : target.segments) {
      const auto known = std::ranges::find_if(
          reader_->sealed, [&](const auto& s) { return s->id() == id; });
      if (known != reader_->sealed.end()) {
        sealed.push_back(*known);
        continue;
      }
      auto segment = SealedSegment::Open(
          *store_, budget_,
          {.manifest = written.manifest, .schema = TestSchema()});
      ASSERT_TRUE(segment.ok()) << segment.status();
      for (const auto& batch : target.deletes) {
        if (batch->run().at <= written.deletes_to) continue;
        ASSERT_TRUE((*segment)->Delete(batch->run()).ok());
      }
      sealed.push_back(*segment);
      opened.push_back(*std::move(segment));
    }
    DoAtBoundary(*tail_, [&] {
      const auto batches =
          *tail_->tombstones().Between(pin.since(), base::Timestamp::Max());
      for (const auto& segment : opened) {
        for (const auto& batch : batches) {
          EXPECT_TRUE(segment->Delete(batch->run()).ok());
        }
        segment->PublishDeletes();
      }
      std::erase_if(reader_->growing, [&](const auto& segment) {
        return target.segments.contains(segment->id());
      });
      reader_->sealed = sealed;
    });
    for (const auto& segment : sealed) {
      tail_->ReleaseSegment(segment->id(), TailUser::kQueryNode);
    }
  }

  void Read() {
    const std::uint64_t read_ts =
        clock_ - (random_() % 2 == 0 ? 0 : random_() % (clock_ / 2 + 1));
    Visible got;
    const auto add = [&](const Segment& segment) {
      const auto passed = FilterRows(
          {}, segment, {.schema = TestSchema(), .read_ts = {read_ts}});
      ASSERT_TRUE(passed.ok()) << passed.status();
      for (const std::size_t row : PassingRows(*passed)) {
        const auto offset = static_cast<RowOffset>(row);
        got.emplace(std::get<std::int64_t>(*segment.KeyOfRow(offset)),
                    segment.AtOf(offset)->value);
      }
    };
    for (const auto& segment : reader_->sealed) add(*segment);
    for (const auto& segment : reader_->growing) add(*segment);
    Visible wanted;
    for (const std::size_t i : model_.Visible(read_ts)) {
      wanted.emplace(model_.rows[i].key, model_.rows[i].at);
    }
    ++reads_;
    ASSERT_EQ(got, wanted) << "at " << read_ts << ", clock " << clock_;
  }

  std::mt19937 random_;
  testing::TempFolder folder_;
  base::MemoryBudget budget_{std::int64_t{1} << 40};
  base::ThreadPool pool_{{.name = "reads", .threads = 1}};
  base::ThreadTimer timer_{pool_};
  std::unique_ptr<storage::EmbeddedLog> log_ = testing::OpenLog(folder_);
  std::unique_ptr<storage::LocalObjectStore> store_ =
      testing::OpenObjects(folder_);
  Meta meta_;
  std::unique_ptr<TailSet> tails_;
  std::shared_ptr<VchannelTail> tail_;
  std::shared_ptr<Events> events_;
  std::shared_ptr<Reader> reader_;
  RecordHeader header_;
  std::uint64_t sequence_ = 0;
  std::uint64_t clock_ = 0;
  storage::Position end_;
  NaiveSegment model_;
  int attempt_ = 0;
  std::size_t reads_ = 0;
};

TEST(HandoverModelTest, EveryReadIsThePrefixOfTheLogThatItStandsFor) {
  std::size_t reads = 0;
  for (unsigned seed = 0; seed < 12; ++seed) {
    HandoverModel model(seed);
    model.Run();
    if (HasFailure()) FAIL() << "seed " << seed;
    reads += model.reads();
  }
  EXPECT_GT(reads, 200u);
}

}  // namespace
}  // namespace elanus::segment
