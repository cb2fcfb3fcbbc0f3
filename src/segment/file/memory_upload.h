// An upload into memory: files that are looked at before, or instead of, being
// stored.
//
//   MemoryUpload upload;
//   ... write ...
//   base::Buffer file = std::move(upload).Take();
#pragma once

#include <span>
#include <string>
#include <utility>

#include "base/buffer.h"
#include "base/status.h"
#include "storage/object_store.h"

namespace elanus::segment {

class MemoryUpload final : public storage::Upload {
 public:
  absl::Status Append(std::span<const std::byte> bytes) override {
    bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  }
  absl::Status Finish() override { return absl::OkStatus(); }

  base::Buffer Take() && { return base::Buffer::FromString(std::move(bytes_)); }

 private:
  std::string bytes_;
};

}  // namespace elanus::segment
