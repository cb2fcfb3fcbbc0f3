#include "worker/query_node/scan_key.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "worker/query_node/search_input.h"

namespace elanus::worker {
namespace {

// Behind so many queries a scan is not cheaper for more of them.
constexpr std::int64_t kQueriesMax = 16;
// More hits are slower to find for whoever shares the scan.
constexpr std::int64_t kHitsMax = 1024;
// A search for fewer hits is as one for so many.
constexpr std::int64_t kHitsMin = 64;
// Bytes that are gone through in less than 50 us: sharing would cost as much.
constexpr std::uint64_t kScanBytesMin = std::uint64_t{1} << 20;

// What a scan reads of a row: of floats their codes.
std::uint64_t RowBytes(const types::FieldSchema& field) {
  if (field.type == types::DataType::kFloatVector) {
    return static_cast<std::uint64_t>(field.dim);
  }
  return types::FixedWidth(field.type, field.dim);
}

std::uint64_t RowsOf(const View& view) {
  std::uint64_t rows = 0;
  for (const auto& segment : view.sealed) rows += segment->rows();
  for (const auto& segment : view.unindexed) rows += segment->rows();
  for (const auto& segment : view.growing) rows += segment->rows();
  return rows;
}

// Is it a scan, and one that is worth being shared?
bool IsScan(const PassedSearch& search) {
  if (search.shards.empty()) return false;
  const base::FieldId id{search.request->field_id()};
  std::uint64_t rows = 0;
  for (const std::shared_ptr<Shard>& shard : search.shards) {
    const std::shared_ptr<const View> view = shard->view();
    const auto index = view->indexes.find(id);
    if (index == view->indexes.end() ||
        (index->second.type != "FLAT" && index->second.type != "BIN_FLAT")) {
      return false;
    }
    rows += RowsOf(*view);
  }
  const auto schema = search.shards.front()->tail().schema();
  const types::FieldSchema* field = schema->Find(id);
  return field != nullptr && types::IsVector(field->type) &&
         !types::IsVariableLength(field->type) &&
         rows * RowBytes(*field) >= kScanBytesMin &&
         search.request->queries().size() ==
             static_cast<std::size_t>(search.request->nq()) *
                 QueryBytes(*field);
}

std::string SerialiseInOrder(const google::protobuf::MessageLite& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

std::optional<std::string> ScanKeyOf(const PassedSearch& search) {
  const internal::SearchShardsRequest& request = *search.request;
  const internal::ReadScope& scope = request.scope();
  if (scope.guarantee().kind() == internal::ReadGuarantee::PINNED ||
      request.params().contains("radius") || request.nq() < 1 ||
      request.nq() > kQueriesMax || request.top_k() < 1 ||
      request.top_k() > kHitsMax || !IsScan(search)) {
    return std::nullopt;
  }
  internal::SearchShardsRequest same;
  same.mutable_scope()->mutable_partition_ids()->CopyFrom(
      scope.partition_ids());
  same.mutable_scope()->set_filter(scope.filter());
  *same.mutable_scope()->mutable_template_values() = scope.template_values();
  same.mutable_scope()->set_ignore_growing(scope.ignore_growing());
  same.set_field_id(request.field_id());
  same.set_metric_type(request.metric_type());
  same.set_top_k(static_cast<std::int64_t>(std::bit_ceil(
      static_cast<std::uint64_t>(std::max(request.top_k(), kHitsMin)))));
  *same.mutable_params() = request.params();
  std::string key = SerialiseInOrder(same);
  // The shards themselves: one that was loaded anew under the same number may
  // be newer.
  for (const std::shared_ptr<Shard>& shard : search.shards) {
    const auto address = reinterpret_cast<std::uintptr_t>(shard.get());
    key.append(reinterpret_cast<const char*>(&address), sizeof(address));
  }
  return key;
}

}  // namespace elanus::worker
