// The rows of an Insert or Upsert: checked against the schema as a whole, then
// scattered column by column straight into the records of the shards.
//
//   ASSIGN_OR_RETURN(RowsRequest rows, RowsRequest::Check(
//       *entry, {.fields = request.fields_data()}, request.num_rows(), {...}));
//   if (rows.needs_ids()) rows.SetIds(first_id);
//   const auto shards = rows.Scatter(shard_count);
//   ASSIGN_OR_RETURN(segment::RowsBuilder builder,
//                    rows.Build(shards[i], partition, segment));
//
// Threads:   one thread.
// Ownership: borrows the request's columns and the entry's schema.
// Errors:    in Milvus's words, with field, row, value and limit.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/repeated_ptr_field.h>

#include "access/meta_cache.h"
#include "base/ids.h"
#include "base/status.h"
#include "proto/milvus/schema.pb.h"
#include "segment/key.h"
#include "segment/record/rows_builder.h"
#include "types/schema.h"

namespace elanus::access {

using FieldDataList =
    google::protobuf::RepeatedPtrField<milvus::proto::schema::FieldData>;

// A request's columns as they came.
struct RequestColumns {
  const FieldDataList& fields;
  // The dense vectors of each of them, where they were left out of it; without
  // data, or empty altogether: they are in it.
  std::span<const std::string_view> vectors = {};
};

struct RowsCheck {
  bool is_upsert = false;
  std::int64_t max_json_bytes = 65536;
};

// One field's values as the request brings them.
struct InputColumn {
  const types::FieldSchema* field = nullptr;
  // Null: the default or null for every row, or ids that are made here.
  const milvus::proto::schema::FieldData* data = nullptr;
  // Dense vectors that lie outside of the data, as in RequestColumns.
  std::string_view vectors = {};
  // Where row r's value stands in the data, -1 = null or default; empty = at r.
  std::vector<std::int32_t> index;
};

class RowsRequest {
 public:
  static absl::StatusOr<RowsRequest> Check(const types::Schema& schema,
                                           const RequestColumns& columns,
                                           std::uint32_t rows,
                                           const RowsCheck& check);

  std::uint32_t rows() const { return rows_; }
  // The primary keys are to be made.
  bool needs_ids() const { return needs_ids_; }
  // Row r gets the key first + r (as decimal text in a VarChar field).
  void SetIds(std::int64_t first);
  // An upsert with auto ids: the keys that the request names, to be deleted.
  bool has_old_keys() const { return old_keys_ != nullptr; }
  const InputColumn& old_keys() const { return *old_keys_; }

  segment::KeyView key(std::uint32_t row) const;
  void FillIds(milvus::proto::schema::IDs* ids) const;

  using RowList = std::vector<std::uint32_t>;
  // The rows of each shard, in order. Of an upsert's rows with the same key
  // only the last one stays.
  std::vector<RowList> Scatter(std::uint32_t shards, bool keep_last) const;

  // A record of these rows, filled, ready to be finished.
  absl::StatusOr<segment::RowsBuilder> Build(const RowList& rows,
                                             base::PartitionId partition,
                                             base::SegmentId segment) const;

 private:
  RowsRequest() = default;

  const types::Schema* schema_ = nullptr;
  std::uint32_t rows_ = 0;
  bool needs_ids_ = false;
  std::vector<InputColumn> columns_;  // in the order of the schema
  std::size_t key_column_ = 0;
  std::shared_ptr<InputColumn> old_keys_;
  std::vector<std::int64_t> made_ids_;
  std::vector<std::string> made_texts_;
};

}  // namespace elanus::access
