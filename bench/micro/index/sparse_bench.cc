// Measures the index on sparse rows beside WAND as the textbook has it: one
// document at a time, lists of 8-byte postings ordered by row.
//
//   sparse_bench text FOLDER            sparse_base.*, sparse_query_*.npy
//   sparse_bench drawn ROWS DIMS ROW_SIZE QUERY_SIZE
//
// CPU microseconds a query, one thread, one query a call, in turn; both must
// find the same scores.
//
// WAND: A. Broder, D. Carmel, M. Herscovici, A. Soffer, J. Zien, "Efficient
// Query Evaluation using a Two-Level Retrieval Process", CIKM 2003.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cpu_clock.h"
#include "index/testing/npy.h"
#include "index/testing/sparse_vectors.h"
#include "index/vector/registry.h"
#include "index/vector/topk.h"

namespace elanus::index {
namespace {

constexpr std::size_t kTopK = 10;

class TextbookWand {
 public:
  explicit TextbookWand(const types::SparseRows& rows) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
      for (const types::SparseEntry& entry : rows.Row(row)) {
        List& list = lists_[entry.index];
        list.postings.push_back({static_cast<std::uint32_t>(row), entry.value});
        list.largest = std::max(list.largest, entry.value);
      }
    }
  }

  std::vector<Neighbor> Search(std::span<const types::SparseEntry> query,
                               std::size_t k) const {
    std::vector<Cursor> cursors;
    for (const types::SparseEntry& entry : query) {
      const auto found = lists_.find(entry.index);
      if (found == lists_.end()) continue;
      cursors.push_back({.list = &found->second,
                         .weight = entry.value,
                         .bound = entry.value * found->second.largest});
    }
    TopK best(k);
    while (true) {
      std::sort(
          cursors.begin(), cursors.end(),
          [](const Cursor& a, const Cursor& b) { return a.row() < b.row(); });
      const float least = best.is_full() ? -best.bound() : 0;
      float bound = 0;
      std::size_t pivot = 0;
      for (; pivot < cursors.size(); ++pivot) {
        bound += cursors[pivot].bound;
        if (bound > least) break;
      }
      if (pivot == cursors.size()) break;
      const std::uint32_t row = cursors[pivot].row();
      if (row == kNoRow) break;
      if (cursors.front().row() == row) {
        float score = 0;
        for (Cursor& cursor : cursors) {
          if (cursor.row() != row) break;
          score += cursor.weight * cursor.list->postings[cursor.at].value;
          ++cursor.at;
        }
        best.Offer({-score, row});
      } else {
        for (std::size_t i = 0; i < pivot; ++i) cursors[i].SkipTo(row);
      }
    }
    return best.TakeSorted();
  }

 private:
  struct Posting {
    std::uint32_t row;
    float value;
  };
  struct List {
    std::vector<Posting> postings;
    float largest = 0;
  };
  struct Cursor {
    const List* list;
    float weight;
    float bound;
    std::size_t at = 0;

    std::uint32_t row() const {
      return at < list->postings.size() ? list->postings[at].row : kNoRow;
    }
    void SkipTo(std::uint32_t row) {
      const auto& postings = list->postings;
      std::size_t step = 1;
      while (at + step < postings.size() && postings[at + step].row < row) {
        at += step;
        step *= 2;
      }
      const auto end = std::min(at + step + 1, postings.size());
      at = static_cast<std::size_t>(
          std::lower_bound(postings.begin() + static_cast<long>(at),
                           postings.begin() + static_cast<long>(end), row,
                           [](const Posting& posting, std::uint32_t wanted) {
                             return posting.row < wanted;
                           }) -
          postings.begin());
    }
  };

  std::map<std::uint32_t, List> lists_;
};

absl::StatusOr<SparseTable> ReadCsr(const std::string& stem) {
  ASSIGN_OR_RETURN(const auto starts, ReadNpyInt64(stem + ".indptr.npy"));
  ASSIGN_OR_RETURN(const auto indices, ReadNpyUint32(stem + ".indices.npy"));
  ASSIGN_OR_RETURN(const auto values, ReadNpyFloat(stem + ".values.npy"));
  SparseTable table;
  for (std::size_t row = 0; row + 1 < starts.values.size(); ++row) {
    std::vector<types::SparseEntry> entries;
    for (auto i = starts.values[row]; i < starts.values[row + 1]; ++i) {
      entries.push_back({indices.values[static_cast<std::size_t>(i)],
                         values.values[static_cast<std::size_t>(i)]});
    }
    table.Add(std::move(entries));
  }
  return table;
}

absl::StatusOr<std::vector<std::unique_ptr<VectorIndex>>> BuildAll(
    const SparseTable& base, const std::vector<std::string>& algorithms) {
  std::vector<std::unique_ptr<VectorIndex>> indexes;
  const VectorBlock block = base.block();
  for (const std::string& algorithm : algorithms) {
    ASSIGN_OR_RETURN(
        const IndexSpec spec,
        ParseIndexSpec({.type_name = "SPARSE_INVERTED_INDEX",
                        .metric_name = "IP",
                        .data_type = types::DataType::kSparseFloatVector,
                        .params = {{"inverted_index_algo", algorithm}}}));
    const double begin = CpuSeconds();
    ASSIGN_OR_RETURN(auto index,
                     BuildIndex(base::OpContext(), spec,
                                {.blocks = std::span(&block, 1),
                                 .type = types::DataType::kSparseFloatVector},
                                {}));
    fmt::print("{:14} built in {:.2f} CPU s, {} KB\n", algorithm,
               CpuSeconds() - begin, index->memory_bytes() >> 10);
    indexes.push_back(std::move(index));
  }
  return indexes;
}

absl::Status ExpectSame(std::span<const float> got,
                        const std::vector<std::vector<Neighbor>>& expected) {
  for (std::size_t q = 0; q < expected.size(); ++q) {
    for (std::size_t hit = 0; hit < expected[q].size(); ++hit) {
      const float want = expected[q][hit].distance;
      const float distance = got[q * kTopK + hit];
      if (std::abs(distance - want) <= 1e-5F * std::abs(want)) continue;
      return base::Error(base::ErrorCode::kUnexpected,
                         "query {}, hit {}: {} instead of {}", q, hit, distance,
                         want);
    }
  }
  return absl::OkStatus();
}

absl::Status Compare(const SparseTable& base, const SparseTable& queries) {
  const std::vector<std::string> algorithms = {"DAAT_MAXSCORE", "TAAT_NAIVE"};
  ASSIGN_OR_RETURN(const auto indexes, BuildAll(base, algorithms));
  const TextbookWand wand(base.rows());
  std::vector<double> spent(algorithms.size() + 1, 1e9);
  for (int round = 0; round < 3; ++round) {
    std::vector<std::vector<Neighbor>> expected;
    double begin = CpuSeconds();
    for (std::size_t q = 0; q < queries.size(); ++q) {
      expected.push_back(wand.Search(queries.rows().Row(q), kTopK));
    }
    spent[0] = std::min(spent[0], CpuSeconds() - begin);
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      std::vector<float> distances(queries.size() * kTopK);
      std::vector<std::uint32_t> rows(distances.size());
      begin = CpuSeconds();
      for (std::size_t q = 0; q < queries.size(); ++q) {
        RETURN_IF_ERROR(indexes[i]->Search(
            base::OpContext(),
            {.queries = Queries::Sparse(queries.rows().Slice(q, 1)),
             .nq = 1,
             .k = kTopK},
            {.distances = std::span(distances).subspan(q * kTopK, kTopK),
             .rows = std::span(rows).subspan(q * kTopK, kTopK)}));
      }
      spent[i + 1] = std::min(spent[i + 1], CpuSeconds() - begin);
      RETURN_IF_ERROR(ExpectSame(distances, expected));
    }
  }
  const auto us = 1e6 / static_cast<double>(queries.size());
  fmt::print("textbook WAND  {:9.2f} us a query\n", spent[0] * us);
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    fmt::print("{:14} {:9.2f} us a query, {:.1f} times as fast\n",
               algorithms[i], spent[i + 1] * us, spent[0] / spent[i + 1]);
  }
  return absl::OkStatus();
}

absl::Status CompareText(const std::string& folder) {
  ASSIGN_OR_RETURN(const SparseTable base, ReadCsr(folder + "/sparse_base"));
  for (const char* kind : {"short", "long"}) {
    ASSIGN_OR_RETURN(const SparseTable queries,
                     ReadCsr(folder + "/sparse_query_" + kind));
    fmt::print("{} queries\n", kind);
    RETURN_IF_ERROR(Compare(base, queries));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace elanus::index

int main(int argc, char** argv) {
  using namespace elanus::index;
  absl::Status status;
  if (argc == 3 && std::string(argv[1]) == "text") {
    status = CompareText(argv[2]);
  } else if (argc == 6 && std::string(argv[1]) == "drawn") {
    const auto number = [argv](int i) {
      return static_cast<std::size_t>(std::atoll(argv[i]));
    };
    const SparseTable base = RandomSparse({.rows = number(2),
                                           .dims = number(3),
                                           .row_size = number(4),
                                           .largest = 100},
                                          1);
    const SparseTable queries = RandomSparse(
        {.rows = 100, .dims = number(3), .row_size = number(5), .largest = 100},
        2);
    status = Compare(base, queries);
  } else {
    fmt::print(stderr,
               "usage: sparse_bench text FOLDER | drawn ROWS DIMS ROW_SIZE "
               "QUERY_SIZE\n");
    return 2;
  }
  if (!status.ok()) {
    fmt::print(stderr, "{}\n", std::string(status.message()));
    return 1;
  }
  return 0;
}
