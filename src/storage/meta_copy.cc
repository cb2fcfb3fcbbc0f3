#include "storage/meta_copy.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "absl/strings/numbers.h"
#include "base/byte_io.h"
#include "base/crc32c.h"
#include "storage/errors.h"

namespace elanus::storage {
namespace {

constexpr std::string_view kMagic = "ELMC";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kCopiesKept = 2;
constexpr std::size_t kPage = 1000;

std::uint32_t CrcOf(std::string_view bytes) {
  return base::Crc32c(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

absl::StatusOr<std::vector<std::string>> ListCopies(ObjectStore& objects) {
  std::vector<std::string> names;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const ObjectPage page,
                     objects.List(kMetaCopies, after, kPage));
    for (const ObjectInfo& object : page.objects) names.push_back(object.name);
    if (!page.more || page.objects.empty()) return names;
    after = page.objects.back().name;
  }
}

// All entries as of one moment; read again if it is not kept that long.
absl::StatusOr<MetaCopy> ReadAll(MetaStore& store) {
  while (true) {
    MetaCopy copy;
    RangeOptions options;
    absl::Status status;
    bool more = true;
    while (more) {
      absl::StatusOr<MetaPage> page = store.Range("", options);
      status = page.status();
      if (!status.ok()) break;
      copy.revision = page->revision;
      more = page->more && !page->entries.empty();
      std::move(page->entries.begin(), page->entries.end(),
                std::back_inserter(copy.entries));
      options.revision = copy.revision;
      if (more) options.start_after = copy.entries.back().key;
    }
    if (status.ok()) return copy;
    if (!IsRevisionGone(status)) return status;
  }
}

}  // namespace

absl::Status MetaCopier::Save() {
  mutex_.Lock();
  while (saving_) saved_.Wait(mutex_);
  saving_ = true;
  mutex_.Unlock();
  absl::Status status = SaveNow();
  mutex_.Lock();
  saving_ = false;
  saved_.NotifyAll();
  mutex_.Unlock();
  return status;
}

std::uint64_t MetaCopier::bytes() const {
  base::MutexLock lock(mutex_);
  return bytes_;
}

absl::Status MetaCopier::SaveNow() {
  if (next_number_ == 0) RETURN_IF_ERROR(ListFormer());
  ASSIGN_OR_RETURN(const MetaPage now, store_.Range("", {.limit = 1}));
  if (now.revision == saved_revision_) return absl::OkStatus();
  ASSIGN_OR_RETURN(MetaCopy copy, ReadAll(store_));
  // Counted on over recoveries, while revisions begin anew.
  copy.name = fmt::format("{}{:020}", kMetaCopies, next_number_);
  ++next_number_;
  const std::string bytes = EncodeMetaCopy(copy);
  RETURN_IF_ERROR(objects_.Put(copy.name, bytes));
  names_.push_back(copy.name);
  absl::Status status;
  if (also_save_) status = also_save_(copy);
  if (status.ok()) saved_revision_ = copy.revision;
  {
    base::MutexLock lock(mutex_);
    bytes_ = bytes.size();
  }
  while (names_.size() > kCopiesKept) {
    RETURN_IF_ERROR(objects_.Delete(names_.front()));
    names_.erase(names_.begin());
  }
  return status;
}

absl::Status MetaCopier::ListFormer() {
  ASSIGN_OR_RETURN(names_, ListCopies(objects_));
  std::uint64_t last = 0;
  if (!names_.empty() &&
      !absl::SimpleAtoi(names_.back().substr(kMetaCopies.size()), &last)) {
    return base::DataLoss("{} is no copy of the metadata", names_.back());
  }
  next_number_ = last + 1;
  return absl::OkStatus();
}

std::string EncodeMetaCopy(const MetaCopy& copy) {
  base::ByteWriter out;
  out.Raw(kMagic);
  out.Fixed(kVersion);
  out.Fixed(std::uint16_t{0});
  out.Fixed(copy.revision);
  out.Fixed(static_cast<std::uint32_t>(copy.entries.size()));
  for (const MetaEntry& entry : copy.entries) {
    out.Text(entry.key);
    out.Text(entry.value);
  }
  out.Fixed(CrcOf(out.view()));
  return std::move(out).Take();
}

absl::StatusOr<MetaCopy> DecodeMetaCopy(std::string_view bytes,
                                        std::string_view name) {
  constexpr std::size_t kCrcBytes = sizeof(std::uint32_t);
  if (bytes.size() < kMagic.size() + kCrcBytes || !bytes.starts_with(kMagic)) {
    return base::DataLoss("{} is no copy of the metadata", name);
  }
  base::ByteReader crc(bytes.substr(bytes.size() - kCrcBytes), name);
  bytes.remove_suffix(kCrcBytes);
  ASSIGN_OR_RETURN(const std::uint32_t stated, crc.Fixed<std::uint32_t>());
  if (stated != CrcOf(bytes)) {
    return base::DataLoss("{}: the checksum does not match", name);
  }
  base::ByteReader in(bytes.substr(kMagic.size()), name);
  ASSIGN_OR_RETURN(const std::uint16_t version, in.Fixed<std::uint16_t>());
  if (version != kVersion) {
    return base::DataLoss("{}: version {} is not known, the newest is {}", name,
                          version, kVersion);
  }
  RETURN_IF_ERROR(in.Fixed<std::uint16_t>().status());
  MetaCopy copy{.name = std::string(name)};
  ASSIGN_OR_RETURN(copy.revision, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const std::uint32_t count, in.Count(2 * kCrcBytes));
  copy.entries.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const std::string_view key, in.Text());
    ASSIGN_OR_RETURN(const std::string_view value, in.Text());
    copy.entries.push_back(
        {.key = std::string(key), .value = std::string(value)});
  }
  if (in.remaining() != 0) {
    return base::DataLoss("{}: {} bytes behind the last entry", name,
                          in.remaining());
  }
  return copy;
}

absl::StatusOr<MetaCopy> ReadNewestCopy(ObjectStore& objects) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListCopies(objects));
  if (names.empty()) {
    return ObjectNotFound("no copy of the metadata under " +
                          std::string(kMetaCopies));
  }
  std::vector<std::string> damaged;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const absl::StatusOr<base::Buffer> bytes = objects.Get(*name);
    absl::Status status = bytes.status();
    if (bytes.ok()) {
      absl::StatusOr<MetaCopy> copy = DecodeMetaCopy(bytes->view(), *name);
      if (copy.ok()) {
        copy->damaged = std::move(damaged);
        return copy;
      }
      status = copy.status();
    }
    damaged.push_back(std::string(base::MessageOf(status)));
  }
  return base::DataLoss("no copy of the metadata can be read: {}",
                        fmt::join(damaged, "; "));
}

absl::Status FillMetaStore(const MetaCopy& copy, MetaStore& store) {
  for (std::size_t i = 0; i < copy.entries.size();) {
    MetaTxn txn;
    std::size_t bytes = 0;
    while (i < copy.entries.size() && txn.puts.size() < kMaxTxnKeys) {
      const MetaEntry& entry = copy.entries[i];
      bytes += entry.key.size() + entry.value.size();
      if (bytes > kMaxTxnBytes && !txn.puts.empty()) break;
      txn.puts.push_back({.key = entry.key, .value = entry.value});
      ++i;
    }
    RETURN_IF_ERROR(store.Txn(txn).status());
  }
  return absl::OkStatus();
}

}  // namespace elanus::storage
