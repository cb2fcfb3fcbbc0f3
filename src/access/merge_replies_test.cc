#include "access/merge_replies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>

namespace elanus::access {
namespace {

using testing::ElementsAre;

// (distance or score, key) of each query of one node.
using Found = std::vector<std::vector<std::pair<float, std::int64_t>>>;

internal::SearchShardsReply MakeReply(const Found& found) {
  internal::SearchShardsReply reply;
  auto* column = reply.add_fields();
  column->set_field_name("twice");
  auto* vectors = reply.add_fields();
  vectors->set_field_name("v");
  vectors->set_type(milvus::proto::schema::FloatVector);
  vectors->mutable_vectors()->set_dim(2);
  for (const auto& query : found) {
    reply.add_top_ks(static_cast<std::int64_t>(query.size()));
    for (const auto& [score, key] : query) {
      reply.add_scores(score);
      reply.mutable_ids()->mutable_int_id()->add_data(key);
      column->mutable_scalars()->mutable_long_data()->add_data(2 * key);
      column->add_valid_data(key % 2 == 0);
      auto* values = vectors->mutable_vectors()->mutable_float_vector();
      values->add_data(static_cast<float>(key));
      values->add_data(score);
    }
  }
  return reply;
}

// The same in another way: best score of each key, then all sorted.
Found NaiveMerge(const std::vector<Found>& nodes, const SearchMerge& merge) {
  const float sign = merge.is_larger_nearer ? -1.0f : 1.0f;
  Found merged;
  for (std::size_t query = 0; query < static_cast<std::size_t>(merge.nq);
       ++query) {
    std::map<std::int64_t, float> best;
    for (const Found& node : nodes) {
      for (const auto& [score, key] : node[query]) {
        const auto [it, is_new] = best.emplace(key, sign * score);
        if (!is_new) it->second = std::min(it->second, sign * score);
      }
    }
    std::vector<std::pair<float, std::int64_t>> rows;
    for (const auto& [key, distance] : best) rows.push_back({distance, key});
    std::sort(rows.begin(), rows.end());
    std::vector<std::pair<float, std::int64_t>> kept;
    for (std::size_t i = static_cast<std::size_t>(merge.offset);
         i < rows.size() && kept.size() < static_cast<std::size_t>(merge.top_k);
         ++i) {
      kept.push_back({sign * rows[i].first, rows[i].second});
    }
    merged.push_back(std::move(kept));
  }
  return merged;
}

Found RandomNode(std::mt19937& random, const SearchMerge& merge) {
  Found node;
  for (int query = 0; query < merge.nq; ++query) {
    std::map<std::int64_t, float> rows;
    for (std::size_t i = random() % 12; i > 0; --i) {
      rows[random() % 15] = static_cast<float>(random() % 6);
    }
    std::vector<std::pair<float, std::int64_t>> sorted;
    for (const auto& [key, score] : rows) sorted.push_back({score, key});
    std::sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) {
      if (a.first == b.first) return a.second < b.second;
      return (a.first < b.first) != merge.is_larger_nearer;
    });
    node.push_back(std::move(sorted));
  }
  return node;
}

TEST(MergeSearchTest, EqualsSortingAllThatTheNodesFound) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    const SearchMerge merge = {.nq = 1 + static_cast<int>(random() % 3),
                               .offset = static_cast<int>(random() % 4),
                               .top_k = 1 + static_cast<int>(random() % 8),
                               .is_larger_nearer = random() % 2 == 0};
    std::vector<Found> nodes(1 + random() % 3);
    std::vector<internal::SearchShardsReply> replies;
    for (Found& node : nodes) {
      node = RandomNode(random, merge);
      // A node answers with no more than was asked for.
      for (auto& query : node) {
        query.resize(std::min<std::size_t>(
            query.size(),
            static_cast<std::size_t>(merge.offset + merge.top_k)));
      }
      replies.push_back(MakeReply(node));
    }
    auto merged = MergeSearch(std::move(replies), merge);
    auto wanted = MakeReply(NaiveMerge(nodes, merge));
    if (wanted.scores_size() == 0) {
      // Without a row nothing says of which kind the keys and columns are.
      merged.clear_ids();
      merged.clear_fields();
      wanted.clear_fields();
    }
    EXPECT_EQ(merged.DebugString(), wanted.DebugString()) << "round " << round;
  }
}

TEST(MergeSearchTest, TheStatesOfAllNodesAreKept) {
  std::vector<internal::SearchShardsReply> replies = {MakeReply({{{1.0f, 1}}}),
                                                      MakeReply({{{2.0f, 2}}})};
  replies[0].add_states()->set_shard(0);
  replies[1].add_states()->set_shard(1);
  const auto merged = MergeSearch(std::move(replies), {.top_k = 5});
  ASSERT_EQ(merged.states_size(), 2);
  EXPECT_EQ(merged.states(1).shard(), 1);
}

internal::QueryShardsReply MakeRows(
    const std::vector<std::pair<std::string, std::uint64_t>>& rows) {
  internal::QueryShardsReply reply;
  auto* column = reply.add_fields();
  column->set_field_name("text");
  for (const auto& [key, at] : rows) {
    reply.mutable_ids()->mutable_str_id()->add_data(key);
    reply.add_at(at);
    column->mutable_scalars()->mutable_string_data()->add_data(
        key + std::to_string(at));
  }
  return reply;
}

TEST(MergeQueryTest, RowsRiseByKeyAndTheNewestOfAKeyStays) {
  const auto merged =
      MergeQuery({MakeRows({{"a", 1}, {"c", 9}, {"d", 2}}),
                  MakeRows({{"b", 3}, {"c", 8}}), MakeRows({{"a", 4}})},
                 {});
  EXPECT_THAT(merged.ids().str_id().data(), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(merged.at(), ElementsAre(4, 3, 9, 2));
  EXPECT_THAT(merged.fields(0).scalars().string_data().data(),
              ElementsAre("a4", "b3", "c9", "d2"));
}

TEST(MergeQueryTest, OffsetAndLimitCutTheMergedRows) {
  const std::vector<internal::QueryShardsReply> replies = {
      MakeRows({{"a", 1}, {"c", 1}}), MakeRows({{"b", 1}, {"d", 1}})};
  EXPECT_THAT(
      MergeQuery(replies, {.offset = 1, .limit = 2}).ids().str_id().data(),
      ElementsAre("b", "c"));
  EXPECT_EQ(MergeQuery(replies, {.offset = 9, .limit = 2}).at_size(), 0);
  EXPECT_THAT(MergeQuery({replies[0]}, {.offset = 1}).ids().str_id().data(),
              ElementsAre("c"));
}

TEST(MergeQueryTest, CountsAreAddedUp) {
  internal::QueryShardsReply one, two;
  one.set_count(3);
  two.set_count(4);
  EXPECT_EQ(MergeQuery({one, two}, {}).count(), 7);
}

TEST(RoundScoresTest, HalvesGoUp) {
  internal::SearchShardsReply reply;
  for (const float score : {0.125f, -0.125f, 2.0f, 1.3749f}) {
    reply.add_scores(score);
  }
  RoundScores(2, reply);
  EXPECT_THAT(reply.scores(), ElementsAre(0.13f, -0.12f, 2.0f, 1.37f));
  RoundScores(0, reply);
  EXPECT_THAT(reply.scores(), ElementsAre(0.0f, 0.0f, 2.0f, 1.0f));
}

}  // namespace
}  // namespace elanus::access
