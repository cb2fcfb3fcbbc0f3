// Shows RocksDB its files as they will be when their torn tails are cut, and
// changes none: for who may only read.
//
//   const std::unique_ptr<rocksdb::Env> env = EnvWithoutTails(*tails);
//   options.env = env.get();
//
// Threads:   as rocksdb::Env.
// Ownership: outlives the database that is opened with it.
#pragma once

#include <memory>
#include <vector>

#include "rocksdb/env.h"
#include "storage/embedded/rocks_log_tail.h"

namespace elanus::storage {

std::unique_ptr<rocksdb::Env> EnvWithoutTails(std::vector<TornTail> tails);

}  // namespace elanus::storage
