// What the embedded log keeps in memory: where every live record lies, which
// file is still needed, and the records appended last. Does no I/O.
//
// Threads: not thread-safe; EmbeddedLog guards it with one mutex.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/buffer.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "storage/embedded/log_file.h"
#include "storage/embedded/log_table.h"

namespace elanus::storage {

// The records appended last, up to a number of bytes: a follower that keeps up
// never reads a file.
class RecentRecords {
 public:
  // budget: charged with what is held, if given.
  RecentRecords(std::uint64_t max_bytes, base::MemoryBudget* budget)
      : max_bytes_(max_bytes), budget_(budget) {}

  void Add(std::uint64_t place, base::Buffer record);
  void Remove(std::uint64_t place);
  // Null if it is not held.
  const base::Buffer* Find(std::uint64_t place) const;

 private:
  void Account();

  const std::uint64_t max_bytes_;
  base::MemoryBudget* const budget_;
  base::MemoryReservation held_;
  std::uint64_t bytes_ = 0;
  std::deque<std::uint64_t> order_;  // may name removed ones
  absl::flat_hash_map<std::uint64_t, base::Buffer> records_;
};

// A record to give to a follower: its bytes, or the file to read them from.
struct RecordRef {
  std::uint64_t place = 0;
  std::uint32_t size = 0;
  bool cached = false;
  base::Buffer bytes;  // if cached
  std::shared_ptr<const LogFile> file;
  std::uint64_t file_start = 0;
};

class LogState {
 public:
  struct Record {
    std::uint64_t place = 0;
    std::uint32_t size = 0;
  };
  struct Topic {
    std::string name;
    std::uint32_t number = 0;
    std::uint64_t truncated = 0;  // records before it are given up
    std::uint64_t end = 0;        // place of the next record, at the earliest
    // A drop was tried: the table on disk may be without the topic, so it takes
    // no records until it was made again.
    bool dropping = false;
    bool dropped = false;
    std::deque<Record> records;  // ascending by place
    base::CondVar changed;       // new records, truncated, dropped
  };
  using TopicPtr = std::shared_ptr<Topic>;

  LogState(std::uint64_t recent_bytes, base::MemoryBudget* budget)
      : recent_(recent_bytes, budget) {}

  const LogTable& table() const { return table_; }

  void AddFile(std::uint64_t start, std::shared_ptr<LogFile> file);

  // Null if there is none.
  TopicPtr Find(std::string_view name) const;
  TopicPtr Find(std::uint32_t number) const;

  // Makes a record known; one of a topic that is gone, or that is given up, is
  // not kept. False if the topic is gone.
  bool AddRecord(std::uint32_t topic, std::uint64_t place, std::uint32_t size);
  RecentRecords& recent() { return recent_; }

  // The records at or behind `from`, up to a number of records and bytes, but
  // at least one if there is one.
  std::vector<RecordRef> Collect(const Topic& topic, std::uint64_t from,
                                 std::size_t max_records,
                                 std::uint64_t max_bytes) const;

  // The table as it will be once `topic` is given up before `place`, or
  // entirely, with the files that nobody needs any more taken out of it. The
  // file that is appended to stays.
  LogTable PlanTruncate(const Topic& topic, std::uint64_t place) const;
  LogTable PlanDrop(const Topic& topic) const;

  // Takes over a table: the first one, or one that was planned from table().
  // Returns the starts of the files to remove.
  std::vector<std::uint64_t> Apply(const LogTable& table);

 private:
  struct File {
    std::shared_ptr<LogFile> file;
    std::uint64_t live = 0;  // records that some topic still needs
  };
  using LiveCounts = std::map<std::uint64_t, std::uint64_t>;

  std::uint64_t FileOf(std::uint64_t place) const;
  void GiveUp(Topic& topic, std::uint64_t place);
  void TakeOutFiles(const LiveCounts& given_up, LogTable& table) const;
  LiveCounts CountBefore(const Topic& topic, std::uint64_t place) const;

  LogTable table_;
  std::map<std::uint64_t, File> files_;  // by start
  std::map<std::string, TopicPtr, std::less<>> topics_;
  absl::flat_hash_map<std::uint32_t, TopicPtr> by_number_;
  RecentRecords recent_;
};

}  // namespace elanus::storage
