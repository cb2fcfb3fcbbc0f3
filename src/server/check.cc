#include "server/check.h"

#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/crc32c.h"
#include "coordinator/collection_file.h"
#include "coordinator/collection_saver.h"
#include "coordinator/meta_records.h"
#include "proto/internal/meta.pb.h"
#include "segment/file/block_file.h"
#include "segment/file/delete_file.h"
#include "segment/file/manifest.h"
#include "segment/replay/replay.h"
#include "storage/embedded/log_check.h"
#include "storage/embedded/rocks_log_tail.h"
#include "storage/embedded/rocks_meta_store.h"
#include "storage/local/local_object_store.h"
#include "storage/meta_copy.h"

namespace elanus::server {
namespace {

namespace keys = coordinator::keys;

std::string Text(const absl::Status& status) {
  return std::string(base::MessageOf(status));
}

class Checker {
 public:
  explicit Checker(std::string data_dir) : data_dir_(std::move(data_dir)) {}

  CheckReport Run() && {
    CheckLog();
    auto meta = storage::RocksMetaStore::Open(
        {.path = data_dir_ + "/meta", .read_only = true});
    auto objects = storage::LocalObjectStore::Open(
        {.root = data_dir_ + "/objects", .read_only = true});
    if (!objects.ok()) {
      Problem("objects: {}", Text(objects.status()));
      return std::move(report_);
    }
    objects_ = objects->get();
    CheckCopies();
    CheckCollectionFiles();
    LookForTornMeta();
    if (!meta.ok()) {
      Problem("meta store: {}", Text(meta.status()));
      return std::move(report_);
    }
    meta_ = meta->get();
    CheckCollections();
    CheckChannels();
    CheckSegments();
    CheckIndexes();
    CheckOthers();
    return std::move(report_);
  }

 private:
  template <typename... Args>
  void Problem(fmt::format_string<Args...> format, Args&&... args) {
    report_.problems.push_back(
        fmt::format(format, std::forward<Args>(args)...));
  }

  // Each record under `prefix` that can be read.
  template <typename Message, typename Use>
  void ForEach(std::string_view prefix, Use use) {
    const auto page = coordinator::ListAll(*meta_, prefix, 0);
    if (!page.ok()) return Problem("meta store: {}", Text(page.status()));
    for (const storage::MetaEntry& entry : page->entries) {
      ++report_.records;
      Message message;
      const absl::Status parsed =
          coordinator::ParseRecord(entry.key, entry.value, message);
      if (parsed.ok()) {
        use(entry.key, message);
      } else {
        Problem("meta store: {}", Text(parsed));
      }
    }
  }

  void CheckLog() {
    auto log = storage::CheckLog(data_dir_ + "/log");
    if (!log.ok()) return Problem("log: {}", Text(log.status()));
    log_ = *std::move(log);
    report_.log_records = log_->records;
    report_.log_torn_bytes = log_->torn_bytes;
  }

  // What prevents the look prevents the opening, which tells.
  void LookForTornMeta() {
    const auto tails = storage::FindTornTails(data_dir_ + "/meta");
    if (!tails.ok()) return;
    for (const storage::TornTail& tail : *tails) {
      report_.meta_torn_bytes += tail.bytes;
    }
  }

  void CheckCopies() {
    const auto copy = storage::ReadNewestCopy(*objects_);
    if (!copy.ok())
      return Problem("copy of the metadata: {}", Text(copy.status()));
    for (const std::string& damaged : copy->damaged) {
      Problem("copy of the metadata: {}", damaged);
    }
  }

  void CheckCollectionFiles() {
    const auto names = coordinator::ListCollectionFiles(*objects_);
    if (!names.ok()) return Problem("{}", Text(names.status()));
    for (const auto& [collection, name] : *names) {
      const auto bytes = objects_->Get(name);
      if (!bytes.ok()) {
        Problem("{}", Text(bytes.status()));
        continue;
      }
      const auto file = coordinator::ParseCollectionFile(bytes->view(), name);
      if (!file.ok()) Problem("{}", Text(file.status()));
    }
  }

  void CheckCollections() {
    ForEach<internal::CollectionMeta>(
        keys::kCollections,
        [&](const std::string&, const internal::CollectionMeta& collection) {
          collections_.insert(collection.id());
          ++report_.collections;
        });
  }

  bool IsKnown(const std::string& key, std::int64_t collection) {
    if (collections_.contains(collection)) return true;
    Problem("meta store: {}: there is no collection {}", key, collection);
    return false;
  }

  void CheckChannels() {
    ForEach<internal::ChannelMeta>(
        keys::kChannels,
        [&](const std::string& key, const internal::ChannelMeta& channel) {
          if (IsKnown(key, channel.collection_id())) CheckPlace(key, channel);
          if (!channel.replay_state().empty()) {
            const auto replay =
                segment::Replay::Deserialize(channel.replay_state(), key);
            if (!replay.ok()) Problem("meta store: {}", Text(replay.status()));
          }
          for (const auto& file : channel.delete_files()) {
            CheckDeleteFile(key, file.object());
          }
        });
  }

  // Replay needs all of the log from the checkpoint on.
  void CheckPlace(const std::string& key,
                  const internal::ChannelMeta& channel) {
    if (!log_.has_value()) return;
    const auto topic = log_->topics.find(channel.topic());
    if (topic == log_->topics.end()) {
      return Problem("meta store: {}: the log has no topic {}", key,
                     channel.topic());
    }
    const auto from = storage::Position::FromBytes(channel.checkpoint());
    if (from < topic->second.truncated) {
      Problem("log: topic {} begins at {}, behind the checkpoint {} of {}",
              channel.topic(), topic->second.truncated.ToString(),
              from.ToString(), key);
    } else if (from > log_->end) {
      Problem("log: it ends at {}, before the checkpoint {} of {}",
              log_->end.ToString(), from.ToString(), key);
    }
  }

  // The object's bytes, if size and checksum are as stated.
  std::optional<base::Buffer> CheckObject(const std::string& by,
                                          const std::string& name,
                                          std::uint64_t size,
                                          std::uint32_t crc) {
    const auto bytes = objects_->Map(name);
    ++report_.files;
    if (!bytes.ok()) {
      Problem("{}: {} (named by {})", name, Text(bytes.status()), by);
      return std::nullopt;
    }
    report_.bytes += bytes->size();
    if (bytes->size() != size) {
      Problem("{}: it has {} bytes, {} names {}", name, bytes->size(), by,
              size);
      return std::nullopt;
    }
    if (base::Crc32c(bytes->bytes()) != crc) {
      Problem("{}", WhereDamaged(*bytes, name));
      return std::nullopt;
    }
    return *bytes;
  }

  static std::string WhereDamaged(const base::Buffer& bytes,
                                  const std::string& name) {
    const auto file =
        segment::BlockFile::Open(bytes, name, segment::CheckBlocks::kAtOpen);
    return file.ok() ? fmt::format("{}: the checksum does not match", name)
                     : Text(file.status());
  }

  void CheckDeleteFile(const std::string& by, const internal::ObjectRef& ref) {
    const auto bytes = CheckObject(by, ref.name(), ref.size(), ref.crc32c());
    if (!bytes.has_value()) return;
    const auto file = segment::DeleteFile::Open(*bytes, ref.name());
    if (!file.ok()) Problem("{}", Text(file.status()));
  }

  void CheckSegments() {
    ForEach<internal::SegmentMeta>(
        keys::kSegments,
        [&](const std::string& key, const internal::SegmentMeta& segment) {
          if (segment.state() != internal::SEGMENT_FLUSHED) return;
          ++report_.segments;
          IsKnown(key, segment.collection_id());
          CheckSegment(key, segment);
        });
  }

  void CheckSegment(const std::string& key,
                    const internal::SegmentMeta& segment) {
    segments_.insert(segment.id());
    const internal::ObjectRef& ref = segment.manifest();
    const auto bytes = CheckObject(key, ref.name(), ref.size(), ref.crc32c());
    if (!bytes.has_value()) return;
    const auto manifest = segment::ParseManifest(bytes->view(), ref.name());
    if (!manifest.ok()) return Problem("{}", Text(manifest.status()));
    if (manifest->rows != static_cast<std::uint64_t>(segment.rows())) {
      Problem("{}: it has {} rows, {} names {}", ref.name(), manifest->rows,
              key, segment.rows());
    }
    for (const segment::SegmentFile& file : manifest->files) {
      CheckObject(ref.name(), file.object, file.size, file.crc);
    }
  }

  void CheckIndexes() {
    ForEach<internal::SegmentIndexMeta>(
        keys::kSegmentIndexes,
        [&](const std::string& key, const internal::SegmentIndexMeta& index) {
          if (!segments_.contains(index.segment_id())) {
            Problem("meta store: {}: there is no segment {}", key,
                    index.segment_id());
          }
          if (index.state() != internal::INDEX_FINISHED) return;
          for (const internal::ObjectRef& file : index.files()) {
            CheckObject(key, file.name(), file.size(), file.crc32c());
          }
        });
  }

  void CheckOthers() {
    const auto ignore = [](const std::string&, const auto&) {};
    ForEach<internal::DatabaseMeta>(keys::kDatabases, ignore);
    ForEach<internal::IndexMeta>(
        keys::kIndexes,
        [&](const std::string& key, const internal::IndexMeta& index) {
          IsKnown(key, index.collection_id());
        });
    ForEach<internal::AliasMeta>(
        keys::kAliases,
        [&](const std::string& key, const internal::AliasMeta& alias) {
          IsKnown(key, alias.collection_id());
        });
    ForEach<internal::LoadMeta>(
        keys::kLoads,
        [&](const std::string& key, const internal::LoadMeta& load) {
          IsKnown(key, load.collection_id());
        });
    ForEach<internal::AttemptMeta>(keys::kAttempts, ignore);
  }

  const std::string data_dir_;
  storage::MetaStore* meta_ = nullptr;
  storage::ObjectStore* objects_ = nullptr;
  std::optional<storage::LogCheck> log_;
  std::set<std::int64_t> collections_;
  std::set<std::int64_t> segments_;
  CheckReport report_;
};

}  // namespace

// Beside a running server files that were replaced go, and so does the log
// behind a checkpoint: only what is still wrong at a second look counts.
CheckReport CheckData(const std::string& data_dir) {
  CheckReport first = Checker(data_dir).Run();
  if (first.problems.empty()) return first;
  CheckReport second = Checker(data_dir).Run();
  const std::set<std::string> before(first.problems.begin(),
                                     first.problems.end());
  std::erase_if(second.problems, [&](const std::string& problem) {
    return !before.contains(problem);
  });
  return second;
}

}  // namespace elanus::server
