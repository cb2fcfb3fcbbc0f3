// One run: a simulated server and an oracle for each collection, on which the
// operations are performed. machine.cc is its life, dml.cc the writes, reads.cc
// the reads, ddl.cc what makes, changes, loads and flushes collections.
//
// Threads: one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/config.h"
#include "model/client.h"
#include "model/faults.h"
#include "model/operations.h"
#include "model/oracle.h"
#include "model/process.h"
#include "model/run.h"
#include "model/scheduler.h"
#include "model/storage.h"

namespace elanus::model {

inline constexpr Key kKeys = 24;

struct Collection {
  bool exists = false;
  bool loaded = false;
  std::set<int> partitions;
  CollectionOracle oracle;
  // What each proxy's client has seen, of its own writes and in answers.
  std::array<CollectionOracle::Since, Process::kProxies> sessions;
};

class Machine {
 public:
  explicit Machine(const RunOptions& options);

  Run Execute();

 private:
  using Collections = std::map<std::string, Collection>;

  // A read: through which proxy, how new.
  struct Reader {
    std::size_t proxy = 0;
    Consistency consistency;
  };
  // One write of rows through one proxy.
  struct Rows {
    std::size_t proxy = 0;
    bool is_upsert = false;
    std::vector<Row> rows;
    std::vector<Effect> effects;
  };

  bool injects() const { return injects_errors_ || injects_deaths_; }
  // Nothing went wrong on purpose: what fails, fails by itself.
  bool is_calm() const { return faults_.rate() == 0 && !doomed_; }
  void SetFaults(bool on);
  void Fail(const std::string& what);
  bool failed() const { return run_.failure.has_value(); }
  // In calm weather an error is a failure of the run.
  void Expect(const absl::Status& status, const std::string& what);

  std::size_t Draw(std::size_t below) { return random_() % below; }
  bool Chance(int percent) {
    return Draw(100) < static_cast<std::size_t>(percent);
  }
  Client client(std::size_t proxy) {
    return Client(*process_, proxy, scheduler_, faults_, times_[proxy]);
  }
  std::size_t AnyProxy() { return Draw(Process::kProxies); }
  Client client() { return client(AnyProxy()); }

  // machine.cc
  void Perform(const Operation& operation);
  void PerformOn(const std::string& name, Collection& collection, Kind kind);
  void Start();
  void Restart();
  // A collection that there is; makes it if not.
  std::pair<const std::string, Collection>* Pick();

  // dml.cc
  Rows DrawRows(const std::string& name, const Collection& collection,
                std::size_t proxy, bool is_upsert);
  void Write(const std::string& name, Collection& collection, std::size_t proxy,
             bool is_upsert);
  // A write while a read is under way, which must not let a later one see less.
  void Burst(const std::string& name, Collection& collection);
  // Two writes at once, one through each proxy.
  void Race(const std::string& name, Collection& collection);
  void Delete(const std::string& name, Collection& collection, bool by_filter);
  Scope DrawDeleted(bool by_filter);
  void Tell(CollectionOracle& oracle, const std::vector<Effect>& effects,
            const absl::Status& status) const;
  void NoteOutcome(const absl::Status& status, const std::string& what);

  // reads.cc
  Scope DrawScope(const Collection& collection);
  Reader Strong() { return {.proxy = AnyProxy()}; }
  Reader DrawReader();  // not Strong
  CollectionOracle::Since SinceOf(const Collection& collection,
                                  const Reader& reader) const;
  void Query(const std::string& name, Collection& collection,
             const Scope& scope, const Reader& reader);
  void Count(const std::string& name, const Collection& collection,
             const Scope& scope, const Reader& reader);
  void Search(const std::string& name, const Collection& collection,
              const Scope& scope, const Reader& reader);
  // Its own writes are what a Session has to see.
  void OldQuery(const std::string& name, Collection& collection);
  // What recovery did shows before anything else has happened.
  void LookAround();
  template <typename Ask>
  auto Read(Ask ask, const std::string& what) -> decltype(ask());

  // ddl.cc
  void Make(const std::string& name, Collection& collection);
  // After a DDL of unknown outcome: ends in a known state.
  void DropForSure(const std::string& name, Collection& collection);
  void Flush(const std::string& name);
  void CreatePartition(const std::string& name, Collection& collection);
  void DropPartition(const std::string& name, Collection& collection);
  void Load(const std::string& name, Collection& collection);
  void Release(const std::string& name, Collection& collection);
  void Reindex(const std::string& name, Collection& collection);
  void Settle();
  void SettleCollection(const std::string& name, Collection& collection);

  const RunOptions options_;
  std::mt19937_64 setup_;
  const base::Config config_;
  const bool injects_errors_;
  const bool injects_deaths_;
  bool doomed_ = false;  // will die at some call
  Run run_;
  std::string now_ = "start";
  std::mt19937_64 random_;
  std::int64_t next_value_ = 0;
  int next_effect_ = 0;
  std::map<std::int64_t, int> partition_of_;  // by value
  Collections collections_;

  Disk disk_;
  Faults faults_;
  Scheduler scheduler_;
  std::unique_ptr<Process> process_;
  std::array<Client::Times, Process::kProxies> times_;
};

}  // namespace elanus::model
