// The answers of several nodes made into one, and the offset cut off.
//
//   internal::SearchShardsReply merged = MergeSearch(
//       std::move(replies), {.nq = 1, .offset = 4, .top_k = 10,
//                            .is_larger_nearer = false});
//
// The answer of one node without an offset is passed on as it is.
//
// Threads: all functions are pure.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/internal/query_node.pb.h"

namespace elanus::access {

struct SearchMerge {
  std::int64_t nq = 1;
  std::int64_t offset = 0;
  std::int64_t top_k = 0;  // behind the offset
  bool is_larger_nearer = false;
};

// For each query the nearest keys, each once; of equally near ones the smaller
// key first. `states` are those of all replies.
internal::SearchShardsReply MergeSearch(
    std::vector<internal::SearchShardsReply> replies, const SearchMerge& merge);

struct QueryMerge {
  std::int64_t offset = 0;
  std::int64_t limit = 0;  // behind the offset; 0 = none
};

// By rising key, each once: its newest row.
internal::QueryShardsReply MergeQuery(
    std::vector<internal::QueryShardsReply> replies, const QueryMerge& merge);

// Half up, to that many digits behind the point.
void RoundScores(int digits, internal::SearchShardsReply& reply);

}  // namespace elanus::access
