// What a client of the simulated process can ask for, each call until it is
// answered, the process has died, or so much time has passed that it hangs.
//
// Threads:   one.
// Ownership: borrows the process and its scheduler.
// Errors:    those of the calls; kDeadlineExceeded if a call hangs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/oracle.h"
#include "model/process.h"

namespace elanus::model {

class Client {
 public:
  Client(Process& process, Scheduler& scheduler, const Faults& faults)
      : process_(process), scheduler_(scheduler), faults_(faults) {}

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
                     bool is_upsert);
  absl::Status Delete(const std::string& name, const Scope& scope);
  absl::StatusOr<std::vector<Row>> Query(const std::string& name,
                                         const Scope& scope);
  // A Query whose answer nobody waits for.
  void StartQuery(const std::string& name);
  absl::StatusOr<std::int64_t> Count(const std::string& name,
                                     const Scope& scope);
  absl::StatusOr<std::vector<std::pair<Key, float>>> Search(
      const std::string& name, const std::vector<float>& query,
      std::size_t limit, const Scope& scope);

 private:
  template <typename Reply, typename Request>
  absl::StatusOr<Reply> Call(const std::string& method, const Request& request);

  Process& process_;
  Scheduler& scheduler_;
  const Faults& faults_;
};

std::string PartitionName(int partition);
// The filter for it, without its partitions; empty: none.
std::string ExprOf(const Scope& scope);

}  // namespace elanus::model
