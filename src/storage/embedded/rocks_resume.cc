#include "storage/embedded/rocks_resume.h"

#include <cstddef>
#include <string>

#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/listener.h"
#include "storage/embedded/rocks_group.h"

namespace elanus::storage {
namespace {

// More than the log of a resumed database needs before its next write.
constexpr std::size_t kProbeBytes = 4 << 20;

class RecoveryByHand final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/,
                            rocksdb::Status /*error*/,
                            bool* automatic) override {
    *automatic = false;
  }
};

// Writes a file and removes it. Its name is that of a temporary file of
// RocksDB's, which removes it if we die in between.
rocksdb::Status ProbeSpace(rocksdb::DB& db) {
  rocksdb::Env* env = db.GetEnv();
  const std::string path = db.GetName() + "/000000.dbtmp";
  const rocksdb::Status written = rocksdb::WriteStringToFile(
      env, std::string(kProbeBytes, '.'), path, /*should_sync=*/true);
  const rocksdb::Status removed = env->DeleteFile(path);
  return written.ok() ? removed : written;
}

}  // namespace

std::shared_ptr<rocksdb::EventListener> NoAutomaticRecovery() {
  return std::make_shared<RecoveryByHand>();
}

absl::Status ResumeWithSpace(rocksdb::DB& db) {
  RETURN_IF_ERROR(
      FromRocks(ProbeSpace(db), "write while the disk is full or failing"));
  return FromRocks(db.Resume(), "resume after a failed write");
}

}  // namespace elanus::storage
