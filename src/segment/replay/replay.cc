#include "segment/replay/replay.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace elanus::segment {
namespace {

// Rows [begin, begin + rows) of a column without nulls. The texts stay where
// they are, so the first offset may be above 0.
types::ColumnView SliceKeys(const types::ColumnView& keys, std::size_t begin,
                            std::size_t rows) {
  types::ColumnView slice = keys;
  slice.rows = rows;
  if (types::IsVariableLength(keys.type)) {
    slice.offsets = keys.offsets.subspan(begin, rows + 1);
  } else {
    const std::size_t width = types::FixedWidth(keys.type, keys.dim);
    slice.values = keys.values.subspan(begin * width, rows * width);
  }
  return slice;
}

// Values of the run, with an offset for each variable-length one and eight
// bytes a row for the effective time.
std::uint64_t BytesOf(const RecordView& record, const PartitionRun& run) {
  std::uint64_t bytes = std::uint64_t{run.rows} * sizeof(std::uint64_t);
  for (const RecordColumn& column : record.columns()) {
    const types::ColumnView& values = column.values;
    if (types::IsVariableLength(values.type)) {
      bytes += values.offsets[run.row_begin + run.rows] -
               values.offsets[run.row_begin];
      bytes += std::uint64_t{run.rows} * sizeof(std::uint32_t);
    } else {
      bytes += run.rows * types::FixedWidth(values.type, values.dim);
    }
  }
  return bytes;
}

}  // namespace

ReplayStep Replay::Apply(const RecordView& record,
                         const storage::Position& position) {
  const RecordHeader& header = record.header();
  CHECK(header.vchannel == vchannel_);
  ReplayStep step;
  step.position = position;
  if (IsDuplicate(header)) {
    step.effect = ReplayEffect::kDuplicate;
    step.at = clock_;
    return step;
  }
  clock_ = std::max(header.proposed, clock_.Next());
  step.at = clock_;
  NoteWriter(header);
  if (collection_dropped_) {
    step.effect = ReplayEffect::kIgnored;
  } else {
    Dispatch(record, step);
  }
  return step;
}

bool Replay::IsDuplicate(const RecordHeader& header) const {
  const auto found = writers_.find(header.writer);
  return found != writers_.end() && header.sequence <= found->second.sequence;
}

void Replay::NoteWriter(const RecordHeader& header) {
  const auto [entry, added] = writers_.try_emplace(header.writer);
  if (!added) writers_by_at_.erase(entry->second.at);
  entry->second = {.sequence = header.sequence, .at = clock_};
  writers_by_at_.emplace(clock_, header.writer);
  if (writers_.size() > kMaxWriters) {
    const auto oldest = writers_by_at_.begin();
    writers_.erase(oldest->second);
    writers_by_at_.erase(oldest);
  }
}

void Replay::Dispatch(const RecordView& record, ReplayStep& step) {
  switch (record.type()) {
    case RecordType::kInsert:
    case RecordType::kUpsert:
      return ApplyRows(record, step);
    case RecordType::kDelete:
      return ApplyDelete(record, step);
    case RecordType::kCloseSegments:
      return ApplyClose(record, step);
    case RecordType::kCreatePartition:
    case RecordType::kDropPartition:
      return ApplyPartition(record, step);
    case RecordType::kCreateCollection:
    case RecordType::kSchemaChange:
      return ApplySchema(record, step);
    case RecordType::kImport:
      step.imported = true;
      return;
    case RecordType::kTick:
      return;
    case RecordType::kDropCollection:
      CloseAll(step);
      collection_dropped_ = true;
      step.collection_dropped = true;
      return;
  }
}

void Replay::ApplyRows(const RecordView& record, ReplayStep& step) {
  const bool upsert = record.type() == RecordType::kUpsert;
  const bool all_live = std::none_of(
      record.runs().begin(), record.runs().end(),
      [this](const auto& run) { return IsDropped(run.partition); });
  const auto add_tombstones = [&](const types::ColumnView& keys) {
    step.tombstones.push_back({.keys = keys,
                               .upto = step.at.Previous(),
                               .at = step.at,
                               .partition = base::kAllPartitions});
  };
  if (upsert && all_live && record.rows() > 0) add_tombstones(record.keys());
  for (const PartitionRun& run : record.runs()) {
    if (IsDropped(run.partition)) continue;
    if (upsert && !all_live) {
      add_tombstones(SliceKeys(record.keys(), run.row_begin, run.rows));
    }
    InsertRun(record, run, step);
  }
  if (step.inserted.empty()) step.effect = ReplayEffect::kIgnored;
}

void Replay::InsertRun(const RecordView& record, const PartitionRun& run,
                       ReplayStep& step) {
  const auto [entry, opened] = open_.try_emplace(run.partition);
  OpenSegment& segment = entry->second;
  if (opened) {
    segment.segment = run.segment;
    segment.partition = run.partition;
    segment.opened_at = step.at;
    segment.opened_position = step.position;
  }
  step.inserted.push_back({.segment = segment.segment,
                           .partition = run.partition,
                           .first_row = segment.rows,
                           .row_begin = run.row_begin,
                           .rows = run.rows,
                           .opened = opened});
  segment.rows += run.rows;
  segment.bytes += BytesOf(record, run);
}

void Replay::ApplyDelete(const RecordView& record, ReplayStep& step) const {
  if (record.rows() == 0 || IsDropped(record.partition())) {
    step.effect = ReplayEffect::kIgnored;
    return;
  }
  const bool limited = record.upto() > base::Timestamp{};
  step.tombstones.push_back(
      {.keys = record.keys(),
       .upto = limited ? std::min(record.upto(), step.at) : step.at,
       .at = step.at,
       .partition = record.partition()});
}

void Replay::ApplyClose(const RecordView& record, ReplayStep& step) {
  if (record.partitions().empty()) {
    CloseAll(step);
  } else {
    for (const base::PartitionId id : record.partitions()) Close(id, step);
  }
  if (step.closed.empty()) step.effect = ReplayEffect::kIgnored;
}

void Replay::ApplyPartition(const RecordView& record, ReplayStep& step) {
  const base::PartitionId partition = record.partition();
  if (IsDropped(partition)) {
    step.effect = ReplayEffect::kIgnored;
  } else if (record.type() == RecordType::kCreatePartition) {
    step.partition_created = partition;
  } else {
    Close(partition, step);
    dropped_partitions_.insert(partition);
    step.partition_dropped = partition;
  }
}

void Replay::ApplySchema(const RecordView& record, ReplayStep& step) {
  if (record.type() == RecordType::kCreateCollection) {
    if (collection_created_) {
      step.effect = ReplayEffect::kIgnored;
      return;
    }
    collection_created_ = true;
    schema_version_ = record.header().schema_version;
    step.collection_created = true;
    return;
  }
  if (record.new_schema_version() <= schema_version_) {
    step.effect = ReplayEffect::kIgnored;
    return;
  }
  CloseAll(step);
  schema_version_ = record.new_schema_version();
  step.schema_changed = true;
}

void Replay::Close(base::PartitionId partition, ReplayStep& step) {
  const auto found = open_.find(partition);
  if (found == open_.end()) return;
  const OpenSegment& segment = found->second;
  step.closed.push_back({.segment = segment.segment,
                         .partition = partition,
                         .rows = segment.rows,
                         .bytes = segment.bytes});
  open_.erase(found);
}

void Replay::CloseAll(ReplayStep& step) {
  while (!open_.empty()) Close(open_.begin()->first, step);
}

}  // namespace elanus::segment
