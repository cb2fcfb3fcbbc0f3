#include "segment/query.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "expr/eval.h"
#include "segment/row_bits.h"

namespace elanus::segment {
namespace {

// The columns of one chunk as a filter sees them.
class ChunkColumns final : public expr::ColumnSource {
 public:
  ChunkColumns(const Segment& segment, const types::Schema& schema,
               const ChunkRange& chunk)
      : segment_(segment), schema_(schema), chunk_(chunk) {}

  absl::StatusOr<types::ColumnView> Column(base::FieldId field) const override {
    const types::FieldSchema* known = schema_.Find(field);
    if (known == nullptr) {
      return base::Error(base::ErrorCode::kFieldNotFound,
                         "the filter names field {}, schema version {} has "
                         "not got it",
                         base::ToInt(field), schema_.version);
    }
    ASSIGN_OR_RETURN(const types::ColumnView values,
                     segment_.Column(*known, chunk_.index));
    return FirstRows(values, chunk_.rows);
  }

 private:
  const Segment& segment_;
  const types::Schema& schema_;
  const ChunkRange& chunk_;
};

// Evaluates a filter over what is visible.
class FilterRun {
 public:
  FilterRun(const base::OpContext& ctx, const Segment& segment,
            const RowFilter& filter)
      : ctx_(ctx), segment_(segment), filter_(filter) {}

  // The keys that are all the filter asks for, if they are few.
  std::optional<std::vector<types::PrimaryKey>> ListedKeys() const {
    if (filter_.filter == nullptr) return std::nullopt;
    auto keys = filter_.filter->PrimaryKeyList();
    if (keys.has_value() && !AreFew(keys->size(), segment_.rows())) {
      keys.reset();
    }
    return keys;
  }

  // The newest visible row of each of these keys that has one, by rising key.
  // Does no work that grows with the segment.
  absl::StatusOr<std::vector<FoundRow>> NewestOf(
      std::vector<types::PrimaryKey> keys) const {
    RETURN_IF_ERROR(segment_.CheckHistory(filter_.read_ts));
    std::vector<FoundRow> newest;
    std::vector<RowOffset> rows;
    for (types::PrimaryKey& key : keys) {
      rows.clear();
      RETURN_IF_ERROR(segment_.FindKey(ViewOf(key), filter_.read_ts, &rows));
      std::optional<std::pair<base::Timestamp, RowOffset>> best;
      for (const RowOffset row : rows) {
        if (segment_.IsDeletedAt(row, filter_.read_ts)) continue;
        ASSIGN_OR_RETURN(const base::Timestamp at, segment_.AtOf(row));
        best = std::max(best, std::optional(std::pair(at, row)));
      }
      if (!best.has_value()) continue;
      newest.push_back(
          {.key = std::move(key), .at = best->first, .row = best->second});
    }
    std::ranges::sort(newest, {}, &FoundRow::key);
    return newest;
  }

  absl::StatusOr<PassedRows> Run() {
    ASSIGN_OR_RETURN(visible_, segment_.VisibleAt(filter_.read_ts));
    const expr::Plan* plan = filter_.filter.get();
    if (visible_.rows == 0 || (plan != nullptr && plan->always_false())) {
      return PassedRows{.rows = visible_.rows};
    }
    if (plan == nullptr || plan->always_true()) {
      const std::size_t count = visible_.visible_count();
      return PassedRows{.rows = visible_.rows,
                        .count = count,
                        .excluded = std::move(visible_.excluded)};
    }
    types::Bitset selected(visible_.rows);
    const auto keys = plan->PrimaryKeyCandidates();
    if (keys.has_value() && AreFew(keys->size(), visible_.rows)) {
      RETURN_IF_ERROR(SelectByKeys(*keys, &selected));
    } else {
      RETURN_IF_ERROR(SelectByScan(&selected));
    }
    if (!visible_.excluded.empty()) {
      selected.AndNot(visible_.excluded.view());
    }
    PassedRows passed{.rows = visible_.rows, .count = selected.Count()};
    selected.Flip();
    passed.excluded = std::move(selected);
    return passed;
  }

 private:
  // A look-up costs about as much as the scan of so many rows.
  static constexpr std::size_t kRowsPerLookUp = 16;

  static bool AreFew(std::size_t keys, std::size_t rows) {
    return keys * kRowsPerLookUp < rows;
  }

  bool IsVisible(RowOffset row) const {
    return row < visible_.rows && !visible_.excluded.Test(row);
  }

  absl::Status SelectByKeys(const std::vector<types::PrimaryKey>& keys,
                            types::Bitset* selected) const {
    std::vector<RowOffset> found;
    for (const types::PrimaryKey& key : keys) {
      RETURN_IF_ERROR(segment_.FindKey(ViewOf(key), filter_.read_ts, &found));
    }
    for (const RowOffset row : found) {
      if (IsVisible(row)) selected->Set(row);
    }
    if (filter_.filter->IsPrimaryKeyList()) return absl::OkStatus();
    const types::Bitset candidates =
        std::exchange(*selected, types::Bitset(visible_.rows));
    return SelectAmong(candidates, selected);
  }

  absl::Status SelectByScan(types::Bitset* selected) const {
    // Deleted rows are left out where that spares a good part of the work.
    if (visible_.visible_count() < visible_.rows / 2) {
      types::Bitset candidates = visible_.excluded;
      candidates.Flip();
      return SelectAmong(candidates, selected);
    }
    for (const ChunkRange& chunk : segment_.Chunks(visible_.rows)) {
      const ChunkColumns columns(segment_, *filter_.schema, chunk);
      types::Bitset bits;
      RETURN_IF_ERROR(
          expr::EvalChunk(*filter_.filter, columns, chunk.rows, ctx_, &bits));
      OrBitsAt(bits.view(), chunk.row_begin, selected);
    }
    return absl::OkStatus();
  }

  absl::Status SelectAmong(const types::Bitset& candidates,
                           types::Bitset* selected) const {
    for (const ChunkRange& chunk : segment_.Chunks(visible_.rows)) {
      const types::Bitset wanted =
          TakeBits(candidates.view(), chunk.row_begin, chunk.rows);
      if (wanted.Count() == 0) continue;
      const ChunkColumns columns(segment_, *filter_.schema, chunk);
      types::Bitset bits;
      RETURN_IF_ERROR(expr::EvalCandidates(*filter_.filter, columns,
                                           wanted.view(), ctx_, &bits));
      OrBitsAt(bits.view(), chunk.row_begin, selected);
    }
    return absl::OkStatus();
  }

  const base::OpContext& ctx_;
  const Segment& segment_;
  const RowFilter& filter_;
  Visibility visible_;  // for Run
};

// The passing rows of one kind of key, sorted: by key, newest first.
template <typename Key>
struct KeyedRow {
  Key key;
  std::uint64_t at = 0;
  RowOffset row = 0;
};

template <typename Key>
bool KeyThenNewest(const KeyedRow<Key>& a, const KeyedRow<Key>& b) {
  if (a.key != b.key) return a.key < b.key;
  return a.at != b.at ? a.at > b.at : a.row > b.row;
}

// The first `limit` distinct keys of the rows offered, each with its newest
// row. Holds about twice as many rows as it gives, however many are offered.
template <typename Key>
class FirstKeys {
 public:
  // rows: how many will be offered, at most.
  FirstKeys(std::size_t limit, std::size_t rows)
      : limit_(limit),
        full_(
            std::min(rows + 1, std::max(kRowsMin, 2 * std::min(limit, rows)))) {
    rows_.reserve(std::min(rows, full_));
  }

  // False if its key lies behind the first ones that are known already.
  bool Offer(const KeyedRow<Key>& row) {
    if (last_.has_value() && *last_ < row.key) return false;
    rows_.push_back(row);
    if (rows_.size() == full_) Cut();
    return true;
  }

  std::vector<FoundRow> Take() {
    Cut();
    std::vector<FoundRow> found;
    found.reserve(rows_.size());
    for (const KeyedRow<Key>& row : rows_) {
      found.push_back({.key = KeyOf(row.key), .at = {row.at}, .row = row.row});
    }
    return found;
  }

 private:
  static constexpr std::size_t kRowsMin = 1024;

  void Cut() {
    std::ranges::sort(rows_, KeyThenNewest<Key>);
    const auto repeated = std::ranges::unique(rows_, {}, &KeyedRow<Key>::key);
    rows_.erase(repeated.begin(), repeated.end());
    if (rows_.size() < limit_) return;
    rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(limit_),
                rows_.end());
    last_ = rows_.back().key;
  }

  const std::size_t limit_;
  const std::size_t full_;
  std::vector<KeyedRow<Key>> rows_;
  std::optional<Key> last_;  // once `limit` keys are known
};

template <typename Key>
absl::StatusOr<std::vector<FoundRow>> RetrieveAs(const Segment& segment,
                                                 const PassedRows& passed,
                                                 std::size_t limit) {
  FirstKeys<Key> first(limit, passed.count);
  for (const ChunkRange& chunk : segment.Chunks(passed.rows)) {
    types::Bitset passing(chunk.rows, true);
    if (!passed.excluded.empty()) {
      passing.AndNot(
          TakeBits(passed.excluded.view(), chunk.row_begin, chunk.rows).view());
    }
    if (passing.Count() == 0) continue;
    ASSIGN_OR_RETURN(const types::ColumnView keys, segment.Keys(chunk.index));
    ASSIGN_OR_RETURN(const types::ColumnView times,
                     segment.Column(kTimestampField, chunk.index));
    const auto at = times.As<std::uint64_t>();
    bool all_taken = true;
    passing.ForEach([&](std::size_t i) {
      const bool is_taken =
          first.Offer({.key = std::get<Key>(KeyAt(keys, i)),
                       .at = at[i],
                       .row = static_cast<RowOffset>(chunk.row_begin + i)});
      all_taken = all_taken && is_taken;
    });
    if (!all_taken && segment.is_in_key_order()) break;
  }
  return first.Take();
}

}  // namespace

absl::StatusOr<PassedRows> FilterRows(const base::OpContext& ctx,
                                      const Segment& segment,
                                      const RowFilter& filter) {
  return FilterRun(ctx, segment, filter).Run();
}

absl::StatusOr<std::size_t> Count(const base::OpContext& ctx,
                                  const Segment& segment,
                                  const RowFilter& filter) {
  ASSIGN_OR_RETURN(const PassedRows passed, FilterRows(ctx, segment, filter));
  return passed.count;
}

absl::StatusOr<std::vector<FoundRow>> Retrieve(const base::OpContext& ctx,
                                               const Segment& segment,
                                               const RowFilter& filter,
                                               const RetrieveOptions& options) {
  FilterRun run(ctx, segment, filter);
  if (auto keys = run.ListedKeys()) {
    ASSIGN_OR_RETURN(std::vector<FoundRow> found,
                     run.NewestOf(*std::move(keys)));
    if (found.size() > options.limit) {
      found.erase(found.begin() + static_cast<std::ptrdiff_t>(options.limit),
                  found.end());
    }
    return found;
  }
  ASSIGN_OR_RETURN(const PassedRows passed, run.Run());
  if (passed.count == 0 || options.limit == 0) return std::vector<FoundRow>();
  if (segment.schema()->primary_key().type == types::DataType::kVarChar) {
    return RetrieveAs<std::string_view>(segment, passed, options.limit);
  }
  return RetrieveAs<std::int64_t>(segment, passed, options.limit);
}

absl::Status Gather(const Segment& segment, const types::FieldSchema& field,
                    std::span<const RowOffset> rows, GatherRows append) {
  std::vector<RowOffset> run;
  for (std::size_t i = 0; i < rows.size();) {
    const ChunkRange chunk = segment.ChunkOf(rows[i]);
    run.clear();
    for (; i < rows.size() && rows[i] >= chunk.row_begin &&
           rows[i] - chunk.row_begin < chunk.rows;
         ++i) {
      run.push_back(static_cast<RowOffset>(rows[i] - chunk.row_begin));
    }
    ASSIGN_OR_RETURN(const types::ColumnView values,
                     segment.Column(field, chunk.index));
    RETURN_IF_ERROR(append(values, run));
  }
  return absl::OkStatus();
}

}  // namespace elanus::segment
