// Objects that nobody owns: files of attempts that ended, of segments that were
// replaced or dropped, of collections that are gone.
//
// The objects are listed first and the records read after that: what was
// written in between has its attempt in the records. An attempt is ended by
// transaction before its files are swept, so that a writer which wakes up late
// cannot commit; no clock decides what is garbage, only when it goes.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/join.h"
#include "base/log.h"
#include "coordinator/data/data_coordinator.h"

namespace elanus::coordinator {
namespace {

constexpr std::size_t kListPage = 1000;

// The attempt in an object's name: its last folder.
//   segment/<collection>/<partition>/<segment>/<attempt>/<file>
//   delete/<vchannel>/<attempt>/<file>
//   index/<segment>/<field>/<attempt>/<file>
std::optional<std::int64_t> AttemptOf(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  std::int64_t attempt = 0;
  if (parts.size() < 3 ||
      !absl::SimpleAtoi(parts[parts.size() - 2], &attempt)) {
    return std::nullopt;
  }
  return attempt;
}

// Where a segment's file lies.
struct SegmentPlace {
  std::int64_t collection = 0;
  std::int64_t segment = 0;
};

std::optional<SegmentPlace> PlaceOf(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  SegmentPlace place;
  if (parts.size() != 6 || parts[0] != "segment" ||
      !absl::SimpleAtoi(parts[1], &place.collection) ||
      !absl::SimpleAtoi(parts[3], &place.segment)) {
    return std::nullopt;
  }
  return place;
}

// The attempts whose files have an owner. Not by the mirror, which does not
// know of a commit that happens late. A commit expects its attempt, so these
// come first: of one that is missing there, no commit can follow, and one that
// happened before is in the records read behind.
absl::StatusOr<absl::flat_hash_set<std::int64_t>> OwningAttempts(
    storage::MetaStore& store) {
  absl::flat_hash_set<std::int64_t> ids;
  ASSIGN_OR_RETURN(const auto attempts,
                   ListRecords<internal::AttemptMeta>(store, keys::kAttempts));
  for (const auto& attempt : attempts.records) {
    ids.insert(attempt.message.id());
  }
  ASSIGN_OR_RETURN(const auto segments,
                   ListRecords<internal::SegmentMeta>(store, keys::kSegments));
  for (const auto& segment : segments.records) {
    if (segment.message.state() == internal::SEGMENT_FLUSHED) {
      ids.insert(segment.message.attempt_id());
    }
  }
  ASSIGN_OR_RETURN(const auto indexes, ListRecords<internal::SegmentIndexMeta>(
                                           store, keys::kSegmentIndexes));
  for (const auto& index : indexes.records) {
    ids.insert(index.message.attempt_id());
  }
  ASSIGN_OR_RETURN(const auto channels,
                   ListRecords<internal::ChannelMeta>(store, keys::kChannels));
  for (const auto& channel : channels.records) {
    for (const auto& file : channel.message.delete_files()) {
      ids.insert(AttemptOf(file.object().name()).value_or(0));
    }
  }
  return ids;
}

}  // namespace

// What is due, and the questions whether query nodes still serve it.
struct DataCoordinator::Sweep {
  struct Question {
    internal::ServedSegmentsRequest request;
    internal::ServedSegmentsReply reply;
    bool is_answered = false;
  };
  std::vector<std::string> due;
  std::map<std::int64_t, Question> questions;  // by collection
};

void DataCoordinator::GarbageTick() {
  CollectGarbage([](const absl::Status& status) {
    base::LogIfError(status, "the next round collects");
  });
}

void DataCoordinator::CollectGarbage(base::Done done) {
  deps_.background.Submit([this, done = std::move(done)]() mutable {
    if (absl::Status ended = EndAttempts(); !ended.ok()) {
      return done(std::move(ended));
    }
    const auto unowned = ListUnowned();
    if (!unowned.ok()) return done(unowned.status());
    auto sweep = std::make_shared<Sweep>();
    sweep->due = TakeDue(*unowned);
    AskServed(sweep, [this, sweep, done = std::move(done)]() mutable {
      InBackground([this, sweep] { return DeleteUnserved(*sweep); },
                   std::move(done));
    });
  });
}

absl::StatusOr<std::vector<std::string>> DataCoordinator::ListUnowned() {
  std::vector<std::string> names;
  for (const char* prefix : {"segment/", "delete/", "index/"}) {
    std::string after;
    while (true) {
      ASSIGN_OR_RETURN(const storage::ObjectPage page,
                       deps_.objects.List(prefix, after, kListPage));
      for (const auto& entry : page.objects) names.push_back(entry.name);
      if (!page.more || page.objects.empty()) break;
      after = page.objects.back().name;
    }
  }
  ASSIGN_OR_RETURN(const absl::flat_hash_set<std::int64_t> owned,
                   OwningAttempts(deps_.meta_store));
  std::erase_if(names, [&owned](const std::string& name) {
    const std::optional<std::int64_t> attempt = AttemptOf(name);
    return attempt.has_value() && owned.contains(*attempt);
  });
  return names;
}

// An object goes when it has had no owner for the tolerance: a query node may
// be loading it, by a target that it fetched before.
std::vector<std::string> DataCoordinator::TakeDue(
    const std::vector<std::string>& unowned) {
  const std::int64_t now = deps_.clock.MonotonicNs();
  const std::int64_t tolerance_ns =
      deps_.config.gc_drop_tolerance_s * 1'000'000'000;
  std::vector<std::string> due;
  base::MutexLock lock(mutex_);
  absl::flat_hash_map<std::string, std::int64_t> since;
  for (const std::string& name : unowned) {
    const auto it = unowned_since_.find(name);
    const std::int64_t first = it == unowned_since_.end() ? now : it->second;
    since.emplace(name, first);
    if (now - first >= tolerance_ns) due.push_back(name);
  }
  unowned_since_ = std::move(since);
  return due;
}

// A view may serve a replaced segment for longer than any tolerance, if the
// node cannot load what replaced it; and it opens columns when they are first
// read. Indexes and delete files are opened while loading and then held.
void DataCoordinator::AskServed(const std::shared_ptr<Sweep>& sweep,
                                base::Task then) {
  absl::flat_hash_set<std::int64_t> asked;
  for (const std::string& name : sweep->due) {
    const std::optional<SegmentPlace> place = PlaceOf(name);
    if (!place.has_value() || !asked.insert(place->segment).second) continue;
    auto& request = sweep->questions[place->collection].request;
    request.set_collection_id(place->collection);
    request.add_segment_ids(place->segment);
  }
  const auto join = base::Join::Make(
      sweep->questions.size(),
      [then = std::move(then)](const absl::Status&) mutable { then(); });
  for (auto& [collection, question] : sweep->questions) {
    deps_.query_coord.ServedSegments(
        base::OpContext(), question.request, &question.reply,
        [sweep, join, &question = question](const absl::Status& status) {
          base::LogIfError(status, "the next round asks again");
          question.is_answered = status.ok();
          join->Finish(absl::OkStatus());
        });
  }
}

absl::Status DataCoordinator::DeleteUnserved(const Sweep& sweep) {
  if (sweep.due.empty()) return absl::OkStatus();
  // The newest copy of the metadata names none of them from here on.
  RETURN_IF_ERROR(deps_.meta_copier.Save());
  absl::flat_hash_set<std::int64_t> served;
  for (const auto& [collection, question] : sweep.questions) {
    const auto& kept = question.is_answered ? question.reply.segment_ids()
                                            : question.request.segment_ids();
    served.insert(kept.begin(), kept.end());
  }
  std::size_t deleted = 0;
  for (const std::string& name : sweep.due) {
    const std::optional<SegmentPlace> place = PlaceOf(name);
    if (place.has_value() && served.contains(place->segment)) continue;
    RETURN_IF_ERROR(deps_.objects.Delete(name));
    ++deleted;
  }
  if (deleted > 0) LOG_INFO("garbage: {} objects deleted", deleted);
  return absl::OkStatus();
}

}  // namespace elanus::coordinator
