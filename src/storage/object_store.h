// The object store: immutable files under names. A local folder in standalone,
// S3 in a cluster. An object is written under its final name once and never
// changed: it is there whole and durable, or not at all.
//
//   RETURN_IF_ERROR(store.Put("segment/1/2/3/9/pk.col", bytes));
//   ASSIGN_OR_RETURN(base::Buffer part, store.Get(name, 4096, 512));
//
// Names are paths of components joined by '/': not empty, at most 1024 bytes
// (255 a component), no empty component, no ".", "..", no component that
// starts with ".elanus", no NUL and no control characters.
//
// Threads:   all methods from any thread; they block on I/O.
// Ownership: buffers keep their memory alive; uploads must not outlive the
//            store.
// Errors:    IsObjectExists, IsObjectNotFound, InvalidInput for names; a full
//            disk is kDiskLimitExceeded, retriable. IsOutcomeUnknown: the
//            object may be there or not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/status.h"

namespace elanus::storage {

struct ObjectInfo {
  std::string name;
  std::uint64_t size = 0;
  friend bool operator==(const ObjectInfo&, const ObjectInfo&) = default;
};

struct ObjectPage {
  std::vector<ObjectInfo> objects;  // ascending by name, bytewise
  bool more = false;                // there are objects behind the last one
};

// An object in the making; invisible until Finish returned OK. Destroying an
// unfinished one leaves nothing behind. One thread at a time.
class Upload {
 public:
  virtual ~Upload() = default;
  virtual absl::Status Append(std::span<const std::byte> bytes) = 0;
  // Once. Errors: IsObjectExists. After any error the upload is dead.
  virtual absl::Status Finish() = 0;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Durable when it returns. Errors: IsObjectExists.
  virtual absl::Status Put(std::string_view name,
                           std::span<const std::byte> bytes) = 0;
  absl::Status Put(std::string_view name, std::string_view bytes) {
    return Put(name, std::as_bytes(std::span(bytes.data(), bytes.size())));
  }

  virtual absl::StatusOr<base::Buffer> Get(std::string_view name) = 0;

  // Exactly [offset, offset + length), which must lie inside the object
  // (otherwise kIoUnexpectedEof with both sizes).
  virtual absl::StatusOr<base::Buffer> Get(std::string_view name,
                                           std::uint64_t offset,
                                           std::uint64_t length) = 0;

  // The object as mapped memory, page-aligned; stays valid after Delete.
  // Errors: kUnimplemented where objects are not local files: download then.
  virtual absl::StatusOr<base::Buffer> Map(std::string_view name) = 0;

  // Size in bytes. Errors: IsObjectNotFound.
  virtual absl::StatusOr<std::uint64_t> Head(std::string_view name) = 0;

  // Objects whose name starts with `prefix` (any bytes, need not end at '/';
  // empty = all) and is behind `start_after`. limit: at least 1.
  virtual absl::StatusOr<ObjectPage> List(std::string_view prefix,
                                          std::string_view start_after,
                                          std::size_t limit) = 0;

  // OK also if there is none. A loss of power soon after may bring it back.
  virtual absl::Status Delete(std::string_view name) = 0;

  // For objects that shall not be held in memory whole.
  virtual absl::StatusOr<std::unique_ptr<Upload>> StartUpload(
      std::string_view name) = 0;

  // Finishes uploads of this store that belong together, with less waiting than
  // one by one where names have a folder in common. After an error or a crash
  // any of the objects may be there, without those before it.
  virtual absl::Status FinishAll(
      std::span<const std::unique_ptr<Upload>> uploads);
};

// The rules for names above, the same for all backends.
absl::Status CheckObjectName(std::string_view name);

}  // namespace elanus::storage
