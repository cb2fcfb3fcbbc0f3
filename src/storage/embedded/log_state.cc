#include "storage/embedded/log_state.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "base/log.h"
#include "storage/embedded/log_format.h"

namespace elanus::storage {
namespace {

constexpr std::uint64_t kEverything = std::numeric_limits<std::uint64_t>::max();

bool PlaceLess(const LogState::Record& record, std::uint64_t place) {
  return record.place < place;
}

}  // namespace

void RecentRecords::Add(std::uint64_t place, base::Buffer record) {
  bytes_ += record.size();
  records_.emplace(place, std::move(record));
  order_.push_back(place);
  while (bytes_ > max_bytes_ && !order_.empty()) {
    const std::uint64_t oldest = order_.front();
    order_.pop_front();
    Remove(oldest);
  }
  Account();
}

void RecentRecords::Account() {
  if (budget_ == nullptr) return;
  held_ = budget_->Charge(static_cast<std::int64_t>(bytes_));
}

void RecentRecords::Remove(std::uint64_t place) {
  const auto found = records_.find(place);
  if (found == records_.end()) return;
  bytes_ -= found->second.size();
  records_.erase(found);
  Account();
}

const base::Buffer* RecentRecords::Find(std::uint64_t place) const {
  const auto found = records_.find(place);
  return found == records_.end() ? nullptr : &found->second;
}

void LogState::AddFile(std::uint64_t start, std::shared_ptr<LogFile> file) {
  files_[start].file = std::move(file);
}

LogState::TopicPtr LogState::Find(std::string_view name) const {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second;
}

LogState::TopicPtr LogState::Find(std::uint32_t number) const {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : found->second;
}

bool LogState::AddRecord(std::uint32_t topic, std::uint64_t place,
                         std::uint32_t size) {
  const TopicPtr found = Find(topic);
  if (found == nullptr || found->dropping) return false;
  if (place < found->truncated) return true;
  found->records.push_back({.place = place, .size = size});
  found->end = place + RecordSpace(size);
  ++files_[FileOf(place)].live;
  return true;
}

std::vector<RecordRef> LogState::Collect(const Topic& topic, std::uint64_t from,
                                         std::size_t max_records,
                                         std::uint64_t max_bytes) const {
  std::vector<RecordRef> refs;
  std::uint64_t bytes = 0;
  auto record = std::lower_bound(topic.records.begin(), topic.records.end(),
                                 from, PlaceLess);
  for (; record != topic.records.end(); ++record) {
    bytes += record->size;
    if (!refs.empty() && (refs.size() >= max_records || bytes > max_bytes)) {
      break;
    }
    RecordRef ref{.place = record->place, .size = record->size};
    if (const base::Buffer* recent = recent_.Find(record->place)) {
      ref.cached = true;
      ref.bytes = *recent;
    } else {
      ref.file_start = FileOf(record->place);
      ref.file = files_.at(ref.file_start).file;
    }
    refs.push_back(std::move(ref));
  }
  return refs;
}

LogTable LogState::PlanTruncate(const Topic& topic, std::uint64_t place) const {
  LogTable table = table_;
  table.topics[topic.name].truncated = place;
  TakeOutFiles(CountBefore(topic, place), table);
  return table;
}

LogTable LogState::PlanDrop(const Topic& topic) const {
  LogTable table = table_;
  table.topics.erase(topic.name);
  TakeOutFiles(CountBefore(topic, kEverything), table);
  return table;
}

std::vector<std::uint64_t> LogState::Apply(const LogTable& table) {
  for (auto& [name, row] : table.topics) {
    TopicPtr topic = Find(name);
    if (topic == nullptr) {
      topic = std::make_shared<Topic>();
      topic->name = name;
      topic->number = row.number;
      topics_[name] = topic;
      by_number_[row.number] = topic;
    }
    GiveUp(*topic, row.truncated);
  }
  for (auto topic = topics_.begin(); topic != topics_.end();) {
    if (table.topics.contains(topic->first)) {
      ++topic;
      continue;
    }
    GiveUp(*topic->second, kEverything);
    topic->second->dropped = true;
    by_number_.erase(topic->second->number);
    topic = topics_.erase(topic);
  }
  std::vector<std::uint64_t> removed;
  std::erase_if(files_, [&](const auto& file) {
    const bool gone =
        file.first < table.log_start ||
        std::any_of(table.gaps.begin(), table.gaps.end(),
                    [&](const auto& gap) { return gap.start == file.first; });
    if (gone) removed.push_back(file.first);
    return gone;
  });
  table_ = table;
  return removed;
}

std::uint64_t LogState::FileOf(std::uint64_t place) const {
  const auto behind = files_.upper_bound(place);
  CHECK(behind != files_.begin());
  return std::prev(behind)->first;
}

void LogState::GiveUp(Topic& topic, std::uint64_t place) {
  while (!topic.records.empty() && topic.records.front().place < place) {
    const std::uint64_t given_up = topic.records.front().place;
    --files_[FileOf(given_up)].live;
    recent_.Remove(given_up);
    topic.records.pop_front();
  }
  if (place <= topic.truncated) return;
  topic.truncated = place;
  if (place != kEverything) topic.end = std::max(topic.end, place);
  topic.changed.NotifyAll();
}

LogState::LiveCounts LogState::CountBefore(const Topic& topic,
                                           std::uint64_t place) const {
  LiveCounts counts;
  for (const Record& record : topic.records) {
    if (record.place >= place) break;
    ++counts[FileOf(record.place)];
  }
  return counts;
}

void LogState::TakeOutFiles(const LiveCounts& given_up, LogTable& table) const {
  table.log_start = std::prev(files_.end())->first;
  std::vector<LogTable::Gap> gaps = table_.gaps;
  for (auto file = files_.begin(); std::next(file) != files_.end(); ++file) {
    const auto less = given_up.find(file->first);
    const std::uint64_t live =
        file->second.live - (less == given_up.end() ? 0 : less->second);
    if (live > 0) {
      table.log_start = std::min(table.log_start, file->first);
    } else {
      const std::uint64_t size = file->second.file->size();
      gaps.push_back({.start = file->first, .end = file->first + size});
    }
  }
  std::sort(gaps.begin(), gaps.end(),
            [](const auto& a, const auto& b) { return a.start < b.start; });
  std::erase_if(gaps,
                [&](const auto& gap) { return gap.start < table.log_start; });
  table.gaps = std::move(gaps);
}

}  // namespace elanus::storage
