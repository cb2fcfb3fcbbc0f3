// Puts rows into a graph whose arrays have room for them: finds the neighbours
// of a row, and links them both ways.
//
//   GraphInserter inserter(graph, capacity, {links, upper_links}, ef);
//   InsertScratch scratch(capacity);
//   RETURN_IF_ERROR(inserter.Find(ctx, row, scratch));
//   inserter.Link(row, scratch);
//
// Threads:   any, each with scratch of its own. Links are read without a lock
//            and written under the lock of their row.
// Ownership: the graph and its arrays are borrowed. Its entry point and number
//            of rows may change between two calls.
// Source:    arXiv:1603.09320, algorithms 1, 3 and 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/hnsw/graph.h"
#include "index/vector/hnsw/scratch.h"
#include "index/vector/spin_lock.h"
#include "index/vector/topk.h"

namespace elanus::index {

struct InsertScratch {
  // `capacity` of the graph, in rows.
  explicit InsertScratch(std::size_t capacity) : walk(capacity) {}

  WalkScratch walk;
  std::vector<float> bound;  // a row's vector, of length 1
  std::vector<float> room;   // the same, of one that others are compared to
  ProbeRoom probe;           // of that
  std::vector<Neighbor> candidates;
  // What a row is to link to, by level.
  std::vector<std::vector<std::uint32_t>> chosen;
  std::vector<std::uint32_t> rows;
  std::vector<float> distances;
  std::vector<std::uint32_t> links;
};

class GraphInserter {
 public:
  struct Links {
    std::uint32_t* links = nullptr;
    std::uint32_t* upper_links = nullptr;
  };

  // `capacity`: rows that may ever go in.
  GraphInserter(const HnswGraph& graph, std::size_t capacity, Links links,
                std::size_t ef_construction);

  // Chooses the row's links. The graph must not be empty.
  absl::Status Find(const base::OpContext& ctx, std::uint32_t row,
                    InsertScratch& scratch) const;
  // Makes the links of the row that was last looked for with this scratch.
  void Link(std::uint32_t row, InsertScratch& scratch);

 private:
  std::uint32_t* LinksOf(std::uint32_t row, std::uint32_t level) const {
    return (level == 0 ? links_.links : links_.upper_links) +
           graph_.LinksAt(row, level);
  }
  void SetLinks(std::uint32_t row, std::uint32_t level,
                const std::vector<std::uint32_t>& rows);
  void AddLink(std::uint32_t row, std::uint32_t to, std::uint32_t level,
               InsertScratch& scratch);
  void ChooseAmong(std::uint32_t row, std::size_t limit,
                   InsertScratch& scratch) const;

  const HnswGraph& graph_;
  const Links links_;
  const std::size_t ef_;
  const std::unique_ptr<SpinLock[]> locks_;
};

}  // namespace elanus::index
