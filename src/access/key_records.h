// Delete records for a list of primary keys: scattered by shard, cut so that no
// record grows too large.
//
// Threads:   any.
// Ownership: keys are copied into the records.
// Errors:    those of the log.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "access/meta_cache.h"
#include "base/executor.h"
#include "base/hybrid_time.h"
#include "base/ids.h"
#include "proto/milvus/schema.pb.h"

namespace elanus::access {

class Proxy;

using KeyList =
    std::variant<std::vector<std::int64_t>, std::vector<std::string>>;

std::size_t CountOf(const KeyList& keys);
// Of a key field's column, or of the ids of an answer.
KeyList KeysOfColumn(const milvus::proto::schema::FieldData& column);
KeyList KeysOfIds(const milvus::proto::schema::IDs& ids);

struct KeyDeletes {
  EntryRef entry;
  KeyList keys;
  base::PartitionId partition = base::kAllPartitions;
  base::Timestamp proposed;
  // Rows younger than this stay, by shard; not given = all rows.
  std::map<std::uint32_t, base::Timestamp> upto;
};

// `done` when all records are durable.
void AppendKeyDeletes(Proxy& proxy, KeyDeletes deletes, base::Done done);

}  // namespace elanus::access
