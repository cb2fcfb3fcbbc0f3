#include "access/merge_replies.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstddef>
#include <limits>
#include <utility>

#include "role/vector_field.h"

namespace elanus::access {
namespace {

namespace schema_pb = milvus::proto::schema;

// A row of a reply; each reply has its keys in one column.
struct Row {
  std::size_t reply = 0;
  int at = 0;
};
using Rows = std::vector<Row>;

template <typename Reply>
std::strong_ordering CompareKeys(const std::vector<Reply>& replies, Row a,
                                 Row b) {
  const schema_pb::IDs& left = replies[a.reply].ids();
  const schema_pb::IDs& right = replies[b.reply].ids();
  if (left.has_str_id()) {
    return left.str_id().data(a.at) <=> right.str_id().data(b.at);
  }
  return left.int_id().data(a.at) <=> right.int_id().data(b.at);
}

template <typename Reply>
void TakeIds(const std::vector<Reply>& replies, const Rows& rows,
             schema_pb::IDs* ids) {
  for (const Row row : rows) {
    const schema_pb::IDs& from = replies[row.reply].ids();
    if (from.has_str_id()) {
      ids->mutable_str_id()->add_data(from.str_id().data(row.at));
    } else {
      ids->mutable_int_id()->add_data(from.int_id().data(row.at));
    }
  }
}

// Appends the values of one row of `from` to `to`, both of the same field.
void AppendScalar(const schema_pb::ScalarField& from, int row,
                  schema_pb::ScalarField* to) {
  switch (from.data_case()) {
    case schema_pb::ScalarField::kBoolData:
      to->mutable_bool_data()->add_data(from.bool_data().data(row));
      break;
    case schema_pb::ScalarField::kIntData:
      to->mutable_int_data()->add_data(from.int_data().data(row));
      break;
    case schema_pb::ScalarField::kLongData:
      to->mutable_long_data()->add_data(from.long_data().data(row));
      break;
    case schema_pb::ScalarField::kFloatData:
      to->mutable_float_data()->add_data(from.float_data().data(row));
      break;
    case schema_pb::ScalarField::kDoubleData:
      to->mutable_double_data()->add_data(from.double_data().data(row));
      break;
    case schema_pb::ScalarField::kStringData:
      to->mutable_string_data()->add_data(from.string_data().data(row));
      break;
    case schema_pb::ScalarField::kJsonData:
      to->mutable_json_data()->add_data(from.json_data().data(row));
      break;
    default:  // no field of a collection has another kind
      break;
  }
}

void AppendValue(const schema_pb::FieldData& from, int row,
                 schema_pb::FieldData* to) {
  if (from.has_vectors()) {
    role::AppendVector(static_cast<types::DataType>(from.type()),
                       from.vectors(), static_cast<std::size_t>(row),
                       to->mutable_vectors());
  } else {
    AppendScalar(from.scalars(), row, to->mutable_scalars());
  }
  if (from.valid_data_size() > 0) to->add_valid_data(from.valid_data(row));
}

// A column without rows still says of which kind it is: clients look at that.
void SetKind(const schema_pb::FieldData& like, schema_pb::FieldData* field) {
  if (like.has_vectors()) {
    role::MakeVectors(static_cast<types::DataType>(like.type()),
                      like.vectors().dim(), 0, field->mutable_vectors());
    return;
  }
  const auto* reflection = like.scalars().GetReflection();
  const auto* kind = reflection->GetOneofFieldDescriptor(
      like.scalars(), schema_pb::ScalarField::descriptor()->oneof_decl(0));
  if (kind == nullptr) return;
  reflection->MutableMessage(field->mutable_scalars(), kind);
}

template <typename Reply>
void TakeFields(
    const std::vector<Reply>& replies, const Rows& rows,
    google::protobuf::RepeatedPtrField<schema_pb::FieldData>* fields) {
  for (int i = 0; i < replies.front().fields_size(); ++i) {
    const schema_pb::FieldData& like = replies.front().fields(i);
    schema_pb::FieldData* field = fields->Add();
    field->set_type(like.type());
    field->set_field_name(like.field_name());
    field->set_field_id(like.field_id());
    field->set_is_dynamic(like.is_dynamic());
    SetKind(like, field);
    for (const Row row : rows) {
      AppendValue(replies[row.reply].fields(i), row.at, field);
    }
  }
}

template <typename Reply>
void TakeStates(const std::vector<Reply>& replies, Reply& merged) {
  for (const Reply& reply : replies) {
    merged.mutable_states()->MergeFrom(reply.states());
  }
}

// Only the first of rows with the same key; the rest keeps its order.
template <typename Reply>
void KeepFirstOfKey(const std::vector<Reply>& replies, Rows& rows) {
  Rows by_key = rows;
  const auto same_reply_order = [&](Row a, Row b) {
    return CompareKeys(replies, a, b) < 0;
  };
  std::stable_sort(by_key.begin(), by_key.end(), same_reply_order);
  const auto is_same = [&](Row a, Row b) {
    return CompareKeys(replies, a, b) == 0;
  };
  by_key.erase(std::unique(by_key.begin(), by_key.end(), is_same),
               by_key.end());
  if (by_key.size() == rows.size()) return;
  // Of each key that is there the first row in `rows` was kept.
  std::erase_if(rows, [&](Row row) {
    const auto kept =
        std::lower_bound(by_key.begin(), by_key.end(), row, same_reply_order);
    return kept->reply != row.reply || kept->at != row.at;
  });
}

Rows Cut(Rows rows, std::int64_t offset, std::int64_t limit) {
  const auto size = static_cast<std::int64_t>(rows.size());
  const std::int64_t begin = std::min(offset, size);
  const std::int64_t end = begin + std::min(limit, size - begin);
  return Rows(rows.begin() + begin, rows.begin() + end);
}

}  // namespace

internal::SearchShardsReply MergeSearch(
    std::vector<internal::SearchShardsReply> replies,
    const SearchMerge& merge) {
  if (replies.size() == 1 && merge.offset == 0) {
    return std::move(replies.front());
  }
  const auto is_nearer = [&](Row a, Row b) {
    const float left = replies[a.reply].scores(a.at);
    const float right = replies[b.reply].scores(b.at);
    if (left != right) {
      return merge.is_larger_nearer ? left > right : left < right;
    }
    return CompareKeys(replies, a, b) < 0;
  };
  internal::SearchShardsReply merged;
  Rows all;
  std::vector<int> next(replies.size());  // first row of the query
  for (int query = 0; query < merge.nq; ++query) {
    Rows rows;
    for (std::size_t i = 0; i < replies.size(); ++i) {
      const auto found = static_cast<int>(replies[i].top_ks(query));
      for (int row = 0; row < found; ++row) rows.push_back({i, next[i] + row});
      next[i] += found;
    }
    if (replies.size() > 1) {
      std::sort(rows.begin(), rows.end(), is_nearer);
      KeepFirstOfKey(replies, rows);
    }
    rows = Cut(std::move(rows), merge.offset, merge.top_k);
    merged.add_top_ks(static_cast<std::int64_t>(rows.size()));
    all.insert(all.end(), rows.begin(), rows.end());
  }
  for (const Row row : all) {
    merged.add_scores(replies[row.reply].scores(row.at));
  }
  TakeIds(replies, all, merged.mutable_ids());
  TakeFields(replies, all, merged.mutable_fields());
  TakeStates(replies, merged);
  return merged;
}

internal::QueryShardsReply MergeQuery(
    std::vector<internal::QueryShardsReply> replies, const QueryMerge& merge) {
  if (replies.size() == 1 && merge.offset == 0) {
    return std::move(replies.front());
  }
  internal::QueryShardsReply merged;
  Rows rows;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    merged.set_count(merged.count() + replies[i].count());
    for (int row = 0; row < replies[i].at_size(); ++row) {
      rows.push_back({i, row});
    }
  }
  if (replies.size() > 1) {
    std::sort(rows.begin(), rows.end(), [&](Row a, Row b) {
      const auto order = CompareKeys(replies, a, b);
      if (order != 0) return order < 0;
      return replies[a.reply].at(a.at) > replies[b.reply].at(b.at);
    });
    const auto is_same = [&](Row a, Row b) {
      return CompareKeys(replies, a, b) == 0;
    };
    rows.erase(std::unique(rows.begin(), rows.end(), is_same), rows.end());
  }
  rows = Cut(
      std::move(rows), merge.offset,
      merge.limit > 0 ? merge.limit : std::numeric_limits<std::int64_t>::max());
  for (const Row row : rows) merged.add_at(replies[row.reply].at(row.at));
  TakeIds(replies, rows, merged.mutable_ids());
  TakeFields(replies, rows, merged.mutable_fields());
  TakeStates(replies, merged);
  return merged;
}

void RoundScores(int digits, internal::SearchShardsReply& reply) {
  const double scale = std::pow(10.0, digits);
  for (float& score : *reply.mutable_scores()) {
    score = static_cast<float>(std::floor(score * scale + 0.5) / scale);
  }
}

}  // namespace elanus::access
