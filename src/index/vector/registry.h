// Vector indexes by their wire names: which there are, which parameters they
// take in which ranges, how to build one and how to open its files.
//
//   ASSIGN_OR_RETURN(const IndexSpec spec,
//                    ParseIndexSpec({.type_name = "HNSW",
//                                    .metric_name = "COSINE",
//                                    .data_type = DataType::kFloatVector,
//                                    .dim = 384,
//                                    .params = {{"M", "16"}}}));
//   ASSIGN_OR_RETURN(auto index, BuildIndex(ctx, spec, dataset, {}));
//   ASSIGN_OR_RETURN(std::vector<IndexFile> files, index->Save());
//   ASSIGN_OR_RETURN(auto again, LoadIndex(std::move(files), {}));
//
// Threads: all functions are pure.
// Errors:  kParameterInvalid names parameter, value and range; kUnexpected
//          "invalid index type: X" for a name that nobody knows;
//          kIndexNotSupported for a type of Milvus that Elanus lacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/vector_index.h"
#include "types/data_type.h"
#include "types/metric.h"

namespace elanus::index {

// Names and values as on the wire.
using ParamMap = std::map<std::string, std::string, std::less<>>;

struct IndexRequest {
  std::string_view type_name;    // empty = AUTOINDEX
  std::string_view metric_name;  // empty = the default of an AUTOINDEX
  types::DataType data_type = types::DataType::kFloatVector;
  std::size_t dim = 0;
  ParamMap params;
};

struct HnswParams {
  std::uint32_t m = 30;
  std::uint32_t ef_construction = 360;

  friend bool operator==(const HnswParams&, const HnswParams&) = default;
};

// By what the best rows of a quantised index are ranked again. The numbers
// stand in files.
enum class RefineType : std::uint32_t {
  kNone = 0,
  kFp32 = 1,
  kFp16 = 2,
  kBf16 = 3,
  kSq8 = 4,
  kSq6 = 5,
};

// HNSW_PQ, and with several levels HNSW_PRQ.
struct ProductParams {
  std::uint32_t m = 32;      // parts
  std::uint32_t nbits = 8;   // bits of a part's code
  std::uint32_t levels = 1;  // codes of a part
  RefineType refine = RefineType::kNone;

  friend bool operator==(const ProductParams&, const ProductParams&) = default;
};

struct IvfParams {
  std::uint32_t nlist = 128;
  std::uint32_t m = 0;        // IVF_PQ: parts
  std::uint32_t nbits = 8;    // IVF_PQ: bits of a part's code
  std::uint32_t sub_dim = 2;  // SCANN: dimensions of a part
  RefineType refine = RefineType::kNone;

  friend bool operator==(const IvfParams&, const IvfParams&) = default;
};

struct DiskParams {
  std::uint32_t max_degree = 56;
  std::uint32_t search_list_size = 100;
  // What stays in memory, in shares of the rows' own bytes. With the row's
  // number an eighth of rows of 128 dimensions.
  double code_budget = 0.1135;
  double cache_budget = 0.0025;

  friend bool operator==(const DiskParams&, const DiskParams&) = default;
};

// How the lists of sparse rows are searched; all find the same.
enum class SparseAlgorithm : std::uint32_t {
  kDaatMaxScore = 0,  // the numbers stand in files
  kDaatWand = 1,
  kTaatNaive = 2,
  kBlockMaxMaxScore = 3,
  kBlockMaxWand = 4,
};

struct SparseParams {
  SparseAlgorithm algorithm = SparseAlgorithm::kDaatMaxScore;
  float bm25_k1 = 1.2F;
  float bm25_b = 0.75F;
  float bm25_avgdl = 0;  // 0 = the rows' own

  friend bool operator==(const SparseParams&, const SparseParams&) = default;
};

// What MHJACCARD compares: MINHASH_LSH, and BIN_FLAT, which has no bands.
struct MinHashParams {
  SignatureShape signature;
  bool with_raw_data = false;  // the index keeps the signatures

  friend bool operator==(const MinHashParams&, const MinHashParams&) = default;
};

// A checked request.
struct IndexSpec {
  IndexType type = IndexType::kFlat;
  types::MetricType metric = types::MetricType::kCosine;
  std::size_t dim = 0;
  HnswParams hnsw;        // the HNSW family only
  ProductParams product;  // HNSW_PQ and HNSW_PRQ only
  IvfParams ivf;          // the IVF family and SCANN only
  DiskParams disk;        // DISKANN only
  SparseParams sparse;    // indexes on sparse rows only
  MinHashParams minhash;  // MHJACCARD only
  // The request said AUTOINDEX: DescribeIndex answers with that name.
  bool is_auto = false;
};

// Parameters that no index knows are ignored, as Milvus does; "index_type",
// "metric_type" and "mmap.enabled" among them.
absl::StatusOr<IndexSpec> ParseIndexSpec(const IndexRequest& request);

// The metric that an index type has when none is given.
types::MetricType DefaultMetric(types::DataType data_type);

// `params`: the wire's search parameters of one request for `k` hits.
absl::StatusOr<SearchParams> ParseSearchParams(IndexType type,
                                               const ParamMap& params,
                                               std::size_t k);

// As above for a range search, whose `ef` has a default of its own.
absl::StatusOr<SearchParams> ParseRangeSearchParams(IndexType type,
                                                    const ParamMap& params);

absl::StatusOr<std::unique_ptr<VectorIndex>> BuildIndex(
    const base::OpContext& ctx, const IndexSpec& spec,
    const VectorDataset& dataset, const BuildOptions& options);

struct LoadOptions {
  // Check every block's checksum now. False = the header and all that is
  // needed to stay inside the file are checked, the rest is trusted: for
  // files that this process has just verified.
  bool verify = true;
};

// Opens the files that Save gave; they are used in place (mapped files stay
// mapped), if they start at a multiple of 64, else copied.
absl::StatusOr<std::unique_ptr<VectorIndex>> LoadIndex(
    std::vector<IndexFile> files, const LoadOptions& options);

}  // namespace elanus::index
