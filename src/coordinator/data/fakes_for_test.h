// What data coord talks to, for its tests: objects in memory, and roles that
// answer at once or when they are told to.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/fakes_for_test.h"
#include "role/data_node.h"
#include "role/index_node.h"
#include "role/root_coord.h"
#include "storage/errors.h"
#include "storage/meta_copy.h"
#include "storage/object_store.h"

namespace elanus::coordinator {

class MemoryObjects final : public storage::ObjectStore {
 public:
  using ObjectStore::Put;
  absl::Status Put(std::string_view name,
                   std::span<const std::byte> bytes) override {
    if (auto meanwhile = std::exchange(before_put, nullptr)) meanwhile();
    if (fails) return Script::Dead();
    objects[std::string(name)] =
        std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  }
  absl::StatusOr<base::Buffer> Get(std::string_view name) override {
    const auto found = objects.find(std::string(name));
    if (found == objects.end()) return storage::ObjectNotFound(name);
    return base::Buffer::FromString(found->second);
  }
  absl::StatusOr<base::Buffer> Get(std::string_view, std::uint64_t,
                                   std::uint64_t) override {
    return Script::Dead();
  }
  absl::StatusOr<base::Buffer> Map(std::string_view) override {
    return Script::Dead();
  }
  absl::StatusOr<std::uint64_t> Head(std::string_view) override {
    return Script::Dead();
  }
  absl::StatusOr<storage::ObjectPage> List(std::string_view prefix,
                                           std::string_view start_after,
                                           std::size_t limit) override {
    storage::ObjectPage page;
    for (const auto& [name, bytes] : objects) {
      if (!name.starts_with(prefix) || name <= start_after) continue;
      page.more = page.objects.size() == limit;
      if (page.more) break;
      page.objects.push_back({.name = name, .size = bytes.size()});
    }
    return page;
  }
  absl::Status Delete(std::string_view name) override {
    objects.erase(std::string(name));
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<storage::Upload>> StartUpload(
      std::string_view) override {
    return Script::Dead();
  }

  // Names, without the copies of the metadata.
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : objects) {
      if (!name.starts_with(storage::kMetaCopies)) names.push_back(name);
    }
    return names;
  }

  std::map<std::string, std::string> objects;  // bytes by name
  bool fails = false;                          // Put
  std::function<void()> before_put;            // what others do, once
};

class FakeRootCoord final : public RefusingRootCoord {
 public:
  void AllocTimestamp(const base::OpContext&,
                      const internal::AllocTimestampRequest& request,
                      internal::AllocTimestampReply* reply,
                      base::Done done) override {
    reply->set_first(next_time);
    reply->set_count(request.count());
    next_time += request.count();
    done(absl::OkStatus());
  }
  void AllocId(const base::OpContext&, const internal::AllocIdRequest& request,
               internal::AllocIdReply* reply, base::Done done) override {
    reply->set_first(next_id);
    reply->set_count(request.count());
    next_id += request.count();
    done(absl::OkStatus());
  }

  std::uint64_t next_time = 1'000;
  std::int64_t next_id = 1'000;
};

class FakeQueryCoord final : public RefusingQueryCoord {
 public:
  void TargetChanged(const base::OpContext&,
                     const internal::TargetChangedRequest&, internal::Empty*,
                     base::Done done) override {
    ++changes;
    done(absl::OkStatus());
  }
  void GetLoadState(const base::OpContext&,
                    const internal::GetLoadStateRequest&,
                    internal::GetLoadStateReply* reply,
                    base::Done done) override {
    if (loaded) reply->set_state(internal::GetLoadStateReply::LOADED);
    done(absl::OkStatus());
  }
  void ServedSegments(const base::OpContext&,
                      const internal::ServedSegmentsRequest& request,
                      internal::ServedSegmentsReply* reply,
                      base::Done done) override {
    for (const std::int64_t id : request.segment_ids()) {
      if (served.contains(id)) reply->add_segment_ids(id);
    }
    done(answer);
  }

  bool loaded = false;  // whatever is asked about
  std::set<std::int64_t> served;
  int changes = 0;  // of targets, told
  absl::Status answer;
};

class FakeDataNode final : public role::DataNode {
 public:
  void WatchChannel(const base::OpContext&,
                    const internal::WatchChannelRequest&, internal::Empty*,
                    base::Done done) override {
    done(absl::OkStatus());
  }
  void UnwatchChannel(const base::OpContext&, const internal::ShardRequest&,
                      internal::Empty*, base::Done done) override {
    done(absl::OkStatus());
  }
  void GetChannelStates(const base::OpContext&,
                        const internal::GetChannelStatesRequest&,
                        internal::GetChannelStatesReply* reply,
                        base::Done done) override {
    *reply = states;
    done(absl::OkStatus());
  }
  // Everything is applied at once, unless the caller has gone.
  void WaitApplied(const base::OpContext& ctx,
                   const internal::WaitAppliedRequest&,
                   internal::WaitAppliedReply*, base::Done done) override {
    done(ctx.Check());
  }
  // The output has `output_rows`; with none, nothing was left.
  void Compact(const base::OpContext&, const internal::CompactRequest& request,
               internal::CompactReply* reply, base::Done done) override {
    ++compactions;
    AnswerOrPark([this, &request, reply, done = std::move(done)]() mutable {
      if (!compact_answer.ok()) return done(compact_answer);
      if (output_rows > 0) {
        internal::SegmentMeta& output = *reply->mutable_output();
        output = request.inputs(0);
        output.set_id(request.target_segment_id());
        output.set_attempt_id(request.attempt_id());
        output.set_rows(output_rows);
        output.set_deleted_rows(output_deleted_rows);
        output.set_deletes_to(request.fold_to());
      }
      done(absl::OkStatus());
    });
  }
  void MergeDeletes(const base::OpContext&,
                    const internal::MergeDeletesRequest& request,
                    internal::MergeDeletesReply* reply,
                    base::Done done) override {
    ++delete_merges;
    AnswerOrPark([this, &request, reply, done = std::move(done)]() mutable {
      if (!merge_answer.ok()) return done(merge_answer);
      internal::DeleteFileMeta& merged = *reply->mutable_merged();
      merged = request.files(request.files_size() - 1);
      merged.set_count(0);
      merged.set_min_at(request.files(0).min_at());
      merged.mutable_object()->set_name(
          fmt::format("delete/7-0/{}/deletes", request.attempt_id()));
      for (const auto& file : request.files()) {
        merged.set_count(merged.count() + file.count());
      }
      done(absl::OkStatus());
    });
  }

  void AnswerParked() {
    parks = false;
    std::vector<base::Task> answered;
    answered.swap(parked_);
    for (base::Task& task : answered) task();
  }

  internal::GetChannelStatesReply states;
  std::int64_t output_rows = 0;
  std::int64_t output_deleted_rows = 0;
  absl::Status compact_answer;
  int compactions = 0;
  absl::Status merge_answer;
  int delete_merges = 0;
  bool parks = false;

 private:
  void AnswerOrPark(base::Task answer) {
    if (parks) {
      parked_.push_back(std::move(answer));
    } else {
      answer();
    }
  }

  std::vector<base::Task> parked_;
};

// Parks every build; the test commits and answers it.
class FakeIndexNode final : public role::IndexNode {
 public:
  void BuildIndex(const base::OpContext&,
                  const internal::BuildIndexRequest& request, internal::Empty*,
                  base::Done done) override {
    builds.push_back({.request = request, .done = std::move(done)});
  }

  struct Build {
    internal::BuildIndexRequest request;
    base::Done done;
  };
  std::vector<Build> builds;
};

}  // namespace elanus::coordinator
