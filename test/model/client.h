// What a client of one proxy of the simulated process can ask for, each call
// until it is answered, the process has died, or so much time has passed that
// it hangs.
//
// Threads:   one.
// Ownership: borrows all it is given.
// Errors:    those of the calls; kDeadlineExceeded if a call hangs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/oracle.h"
#include "model/process.h"

namespace elanus::model {

// How new an answer has to be.
enum class Level { kStrong, kSession, kBounded, kEventually };
std::string_view NameOf(Level level);

struct Consistency {
  Level level = Level::kStrong;
  // Told by the guarantee timestamp alone, as older clients do.
  bool by_timestamp = false;
};

class Client {
 public:
  // The newest time that an answer has brought, by collection.
  using Times = std::map<std::string, std::uint64_t>;

  Client(Process& process, std::size_t proxy, Scheduler& scheduler,
         const Faults& faults, Times& times)
      : process_(process),
        proxy_(proxy),
        scheduler_(scheduler),
        faults_(faults),
        times_(times) {}

  absl::Status CreateCollection(const std::string& name, int shards);
  absl::Status DropCollection(const std::string& name);
  absl::Status CreatePartition(const std::string& name, int partition);
  absl::Status DropPartition(const std::string& name, int partition);
  absl::Status CreateIndex(const std::string& name, const std::string& type);
  absl::Status DropIndex(const std::string& name);
  absl::Status Load(const std::string& name);
  absl::Status Release(const std::string& name);
  absl::StatusOr<bool> IsLoaded(const std::string& name);
  // The flush timestamp, for IsFlushed.
  absl::StatusOr<std::uint64_t> Flush(const std::string& name);
  absl::StatusOr<bool> IsFlushed(const std::string& name, std::uint64_t time);
  absl::Status Compact(const std::string& name);

  // The rows are of one partition.
  absl::Status Write(const std::string& name, const std::vector<Row>& rows,
                     bool is_upsert) {
    return StartWrite(name, rows, is_upsert)();
  }
  // A Write that is under way until what is given back, to be called once, has
  // returned its outcome.
  std::function<absl::Status()> StartWrite(const std::string& name,
                                           const std::vector<Row>& rows,
                                           bool is_upsert);
  absl::Status Delete(const std::string& name, const Scope& scope);
  absl::StatusOr<std::vector<Row>> Query(const std::string& name,
                                         const Scope& scope,
                                         const Consistency& consistency);
  // A Query whose answer nobody waits for.
  void StartQuery(const std::string& name);
  absl::StatusOr<std::int64_t> Count(const std::string& name,
                                     const Scope& scope,
                                     const Consistency& consistency);
  absl::StatusOr<std::vector<std::pair<Key, float>>> Search(
      const std::string& name, const std::vector<float>& query,
      std::size_t limit, const Scope& scope, const Consistency& consistency);

 private:
  template <typename Reply>
  struct Answer {
    std::string method;
    std::optional<absl::Status> status;
    Reply reply;
  };

  template <typename Reply, typename Request>
  std::shared_ptr<Answer<Reply>> Start(const std::string& method,
                                       const Request& request);
  template <typename Reply>
  absl::StatusOr<Reply> Await(Answer<Reply>& answer);
  template <typename Reply, typename Request>
  absl::StatusOr<Reply> Call(const std::string& method,
                             const Request& request) {
    return Await(*Start<Reply>(method, request));
  }

  // Sets how new the answer to a read has to be.
  template <typename Request>
  void Ask(const Consistency& consistency, Request& request) const;
  void Note(const std::string& name, std::uint64_t time);

  Process& process_;
  const std::size_t proxy_;
  Scheduler& scheduler_;
  const Faults& faults_;
  Times& times_;
};

std::string PartitionName(int partition);
// The filter for it, without its partitions; empty: none.
std::string ExprOf(const Scope& scope);

}  // namespace elanus::model
