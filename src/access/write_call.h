// What Insert and Upsert share: one request on its way through the proxy.
//
// Steps: cached schema → check everything → ids and a timestamp → one record
// per shard → durable → the collection that was checked is still there, with
// its schema → acknowledged. Nothing is appended before everything is checked.
//
// Threads:   one step at a time, on whatever thread brings it on.
// Ownership: lives until its Done; request, reply and context are the gate's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/grpc/call_context.h"
#include "access/meta_cache.h"
#include "access/proxy.h"
#include "access/rows_request.h"
#include "base/executor.h"
#include "base/join.h"
#include "proto/milvus/milvus.pb.h"

namespace elanus::access {

// The parts of InsertRequest and UpsertRequest that matter here.
struct WriteRequest {
  const std::string& collection_name;
  const std::string& partition_name;
  const RequestColumns columns;
  std::uint32_t rows = 0;
  std::uint64_t schema_timestamp = 0;
  bool is_upsert = false;
};

class WriteCall : public std::enable_shared_from_this<WriteCall> {
 public:
  WriteCall(Proxy& proxy, CallContext& ctx, const WriteRequest& request,
            milvus::proto::milvus::MutationResult* reply, base::Done done)
      : proxy_(proxy),
        ctx_(ctx),
        request_(request),
        reply_(reply),
        done_(std::move(done)) {}

  void Start();

 private:
  absl::Status Check(EntryRef entry);
  void TakeIds();
  void TakeSegmentIds();
  void TakeTime();
  void AppendAll();
  void AppendShard(std::uint32_t shard, segment::RowsBuilder builder,
                   const std::shared_ptr<base::Join>& join);
  storage::AppendDone NoteAppended(std::uint32_t shard,
                                   const std::shared_ptr<base::Join>& join);
  void Confirm(absl::Status status);
  void Finish(absl::Status status);

  Proxy& proxy_;
  CallContext& ctx_;
  const WriteRequest request_;
  milvus::proto::milvus::MutationResult* const reply_;
  base::Done done_;

  EntryRef entry_;
  base::PartitionId partition_{0};
  std::optional<RowsRequest> rows_;
  std::int64_t first_segment_ = 0;
  base::Timestamp proposed_;
  std::vector<RowsRequest::RowList> shards_;
};

}  // namespace elanus::access
