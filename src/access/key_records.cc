#include "access/key_records.h"

#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "access/key_hash.h"
#include "access/proxy.h"
#include "base/join.h"
#include "segment/record/record_builder.h"

namespace elanus::access {
namespace {

// Keys of one record: 8 MiB of numbers.
constexpr std::size_t kKeysMax = std::size_t{1} << 20;
constexpr std::size_t kTextBytesMax = std::size_t{16} << 20;

// The keys of one record as a column.
struct KeyColumn {
  std::vector<std::int64_t> numbers;
  std::string texts;
  std::vector<std::uint32_t> offsets{0};
  bool is_text = false;

  std::size_t rows() const {
    return is_text ? offsets.size() - 1 : numbers.size();
  }
  bool is_full() const {
    return rows() >= kKeysMax || texts.size() >= kTextBytesMax;
  }
  void Add(std::int64_t key) { numbers.push_back(key); }
  void Add(const std::string& key) {
    is_text = true;
    texts += key;
    offsets.push_back(static_cast<std::uint32_t>(texts.size()));
  }
  types::ColumnView view() const {
    if (!is_text) {
      return {.type = types::DataType::kInt64,
              .rows = numbers.size(),
              .values = std::as_bytes(std::span(numbers))};
    }
    return {.type = types::DataType::kVarChar,
            .rows = rows(),
            .values = std::as_bytes(std::span(texts.data(), texts.size())),
            .offsets = offsets};
  }
};

struct ShardColumn {
  std::uint32_t shard = 0;
  KeyColumn keys;
};

template <typename Key>
std::vector<ShardColumn> ScatterKeys(const std::vector<Key>& keys,
                                     std::uint32_t shards) {
  std::vector<ShardColumn> full;
  std::vector<KeyColumn> open(shards);
  for (const Key& key : keys) {
    const std::uint32_t shard = HashKey(key) % shards;
    open[shard].Add(key);
    if (open[shard].is_full()) {
      full.push_back({shard, std::exchange(open[shard], {})});
    }
  }
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    if (open[shard].rows() > 0) full.push_back({shard, std::move(open[shard])});
  }
  return full;
}

}  // namespace

std::size_t CountOf(const KeyList& keys) {
  return std::visit([](const auto& list) { return list.size(); }, keys);
}

KeyList KeysOfColumn(const milvus::proto::schema::FieldData& column) {
  if (column.scalars().has_string_data()) {
    const auto& data = column.scalars().string_data().data();
    return std::vector<std::string>(data.begin(), data.end());
  }
  const auto& data = column.scalars().long_data().data();
  return std::vector<std::int64_t>(data.begin(), data.end());
}

KeyList KeysOfIds(const milvus::proto::schema::IDs& ids) {
  if (ids.has_str_id()) {
    const auto& data = ids.str_id().data();
    return std::vector<std::string>(data.begin(), data.end());
  }
  const auto& data = ids.int_id().data();
  return std::vector<std::int64_t>(data.begin(), data.end());
}

void AppendKeyDeletes(Proxy& proxy, KeyDeletes deletes, base::Done done) {
  const auto shards =
      static_cast<std::uint32_t>(deletes.entry->meta.vchannels_size());
  const std::vector<ShardColumn> columns = std::visit(
      [shards](const auto& keys) { return ScatterKeys(keys, shards); },
      deletes.keys);
  const auto join = base::Join::Make(columns.size(), std::move(done));
  for (const ShardColumn& column : columns) {
    const segment::VchannelKey vchannel{deletes.entry->id(), column.shard};
    const auto upto = deletes.upto.find(column.shard);
    proxy.log().Append(
        {.topic = deletes.entry->meta.vchannels(static_cast<int>(column.shard))
                      .topic(),
         .vchannel = vchannel,
         .proposed = deletes.proposed,
         .schema_version = deletes.entry->schema->version},
        [&](segment::RecordHeader header) {
          return segment::BuildDelete(
              header, {.keys = column.keys.view(),
                       .upto = upto == deletes.upto.end() ? base::Timestamp{}
                                                          : upto->second,
                       .partition = deletes.partition});
        },
        [&proxy, vchannel, join](absl::StatusOr<storage::AppendResult> result) {
          if (result.ok()) {
            proxy.positions().Note(vchannel, result->next.Encode());
          }
          join->Finish(result.status());
        });
  }
}

}  // namespace elanus::access
