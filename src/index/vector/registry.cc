#include "index/vector/registry.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "index/vector/auto_index.h"
#include "index/vector/dense_rows.h"
#include "index/vector/diskann/disk_index.h"
#include "index/vector/diskann/disk_params.h"
#include "index/vector/flat/flat_index.h"
#include "index/vector/flat/raw_flat_index.h"
#include "index/vector/hnsw/hnsw_index.h"
#include "index/vector/hnsw/product_rows.h"
#include "index/vector/index_file.h"
#include "index/vector/ivf/ivf_file.h"
#include "index/vector/ivf/ivf_index.h"
#include "index/vector/ivf/ivf_params.h"
#include "index/vector/metric_kernels.h"
#include "index/vector/minhash/minhash_index.h"
#include "index/vector/minhash/minhash_params.h"
#include "index/vector/params.h"
#include "index/vector/sparse/sparse_index.h"
#include "index/vector/sparse/sparse_params.h"

namespace elanus::index {
namespace {

using base::ErrorCode;
using base::InvalidInput;
using types::DataType;
using types::MetricType;

constexpr std::string_view kAutoIndex = "AUTOINDEX";
constexpr HnswParams kAutoHnsw = {.m = 18, .ef_construction = 240};
constexpr HnswParams kDefaultHnsw = {.m = 30, .ef_construction = 360};
constexpr std::int64_t kRangeEf = 512;

struct TypeRule {
  std::string_view name;
  std::optional<IndexType> type;  // none: Milvus has it, Elanus does not
  bool takes_float = true;        // FloatVector and its narrower kinds
  bool takes_binary = false;
  bool takes_sparse = false;
};

// All index types of vectors on Milvus's wire.
constexpr std::array kTypes = {
    TypeRule{"FLAT", IndexType::kFlat},
    TypeRule{"HNSW", IndexType::kHnsw},
    TypeRule{"IVF_FLAT", IndexType::kIvfFlat},
    TypeRule{"IVF_SQ8", IndexType::kIvfSq8},
    TypeRule{"IVF_PQ", IndexType::kIvfPq},
    TypeRule{"IVF_RABITQ", IndexType::kIvfRabitq},
    TypeRule{"SCANN", IndexType::kScann},
    TypeRule{"HNSW_SQ", IndexType::kHnswSq},
    TypeRule{"HNSW_PQ", IndexType::kHnswPq},
    TypeRule{"HNSW_PRQ", IndexType::kHnswPrq},
    TypeRule{"DISKANN", IndexType::kDiskAnn},
    TypeRule{"AISAQ", {}},
    TypeRule{"GPU_IVF_FLAT", {}},
    TypeRule{"GPU_IVF_PQ", {}},
    TypeRule{"GPU_BRUTE_FORCE", {}},
    TypeRule{"GPU_CAGRA", {}},
    TypeRule{"BIN_FLAT", IndexType::kBinFlat, false, true, false},
    TypeRule{"BIN_IVF_FLAT", IndexType::kBinIvfFlat, false, true, false},
    TypeRule{"MINHASH_LSH", IndexType::kMinHashLsh, false, true, false},
    TypeRule{"SPARSE_INVERTED_INDEX", IndexType::kSparseInverted, false, false,
             true},
    TypeRule{"SPARSE_WAND", IndexType::kSparseWand, false, false, true},
};

const TypeRule* FindType(std::string_view name) {
  const auto* const found =
      std::find_if(kTypes.begin(), kTypes.end(),
                   [name](const TypeRule& rule) { return rule.name == name; });
  return found == kTypes.end() ? nullptr : found;
}

bool Takes(const TypeRule& rule, DataType data_type) {
  switch (data_type) {
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
    case DataType::kInt8Vector:
      return rule.takes_float;
    case DataType::kBinaryVector:
      return rule.takes_binary;
    case DataType::kSparseFloatVector:
      return rule.takes_sparse;
    case DataType::kNone:
    case DataType::kBool:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kFloat:
    case DataType::kDouble:
    case DataType::kVarChar:
    case DataType::kArray:
    case DataType::kJson:
      return false;
  }
  return false;
}

absl::Status NotSupported(std::string_view type_name) {
  return base::Error(ErrorCode::kIndexNotSupported,
                     "index type not supported[indexType={}]", type_name);
}

absl::StatusOr<IndexType> ParseType(const IndexRequest& request, bool is_auto) {
  if (is_auto) {
    if (!types::IsVector(request.data_type)) {
      return InvalidInput(ErrorCode::kUnexpected,
                          "data type {} can't build with this index {}",
                          types::NameOf(request.data_type), kAutoIndex);
    }
    if (request.data_type == DataType::kBinaryVector) {
      return IndexType::kBinFlat;
    }
    if (request.data_type == DataType::kSparseFloatVector) {
      return IndexType::kSparseInverted;
    }
    return IndexType::kHnsw;
  }
  const TypeRule* rule = FindType(request.type_name);
  if (rule == nullptr) {
    return InvalidInput(ErrorCode::kUnexpected, "invalid index type: {}",
                        request.type_name);
  }
  if (!Takes(*rule, request.data_type)) {
    return InvalidInput(ErrorCode::kUnexpected,
                        "data type {} can't build with this index {}",
                        types::NameOf(request.data_type), rule->name);
  }
  if (!rule->type.has_value()) return NotSupported(rule->name);
  return *rule->type;
}

absl::Status MetricNotOf(std::string_view supported,
                         const IndexRequest& request) {
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "metric type {} not found or not supported, supported: "
                      "{}",
                      request.metric_name, supported);
}

absl::StatusOr<MetricType> ParseMetric(const IndexRequest& request,
                                       IndexType type, bool is_auto) {
  if (request.metric_name.empty()) {
    if (is_auto) return DefaultMetric(request.data_type);
    return InvalidInput(ErrorCode::kUnexpected,
                        "metric type not set for vector index");
  }
  const std::optional<MetricType> metric =
      types::MetricFromName(request.metric_name);
  if (!metric.has_value() || !IsMetricOf(request.data_type, *metric)) {
    return UnfitMetric(request.data_type, request.metric_name);
  }
  if (type == IndexType::kBinIvfFlat && !IsListedBits(*metric)) {
    return MetricNotOf("[HAMMING JACCARD]", request);
  }
  if (type == IndexType::kMinHashLsh && *metric != MetricType::kMhJaccard) {
    return MetricNotOf("[MHJACCARD]", request);
  }
  if (is_auto && *metric == MetricType::kMhJaccard) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "metric type MHJACCARD needs param '{}', which "
                        "AUTOINDEX does not take: use index type MINHASH_LSH "
                        "or BIN_FLAT",
                        NameOf(ParamKey::kElementBits));
  }
  return *metric;
}

absl::StatusOr<HnswParams> ParseHnsw(const ParamMap& params,
                                     const HnswParams& defaults) {
  ASSIGN_OR_RETURN(const std::int64_t m,
                   ReadParam(params, ParamKey::kM, defaults.m));
  ASSIGN_OR_RETURN(
      const std::int64_t ef_construction,
      ReadParam(params, ParamKey::kEfConstruction, defaults.ef_construction));
  return HnswParams{
      .m = static_cast<std::uint32_t>(m),
      .ef_construction = static_cast<std::uint32_t>(ef_construction)};
}

bool IsHnsw(IndexType type) {
  return type == IndexType::kHnsw || type == IndexType::kHnswSq ||
         HasProductRows(type);
}

absl::StatusOr<ProductParams> ParseProduct(IndexType type,
                                           const ParamMap& params,
                                           std::size_t dim) {
  const bool is_residual = type == IndexType::kHnswPrq;
  ProductParams product;
  ASSIGN_OR_RETURN(const CodeParams codes,
                   ReadCodes(params, dim, {.m = is_residual ? 2 : product.m}));
  product.m = codes.m;
  product.nbits = codes.nbits;
  if (is_residual) {
    ASSIGN_OR_RETURN(const std::int64_t levels,
                     ReadParam(params, ParamKey::kLevels, 2));
    product.levels = static_cast<std::uint32_t>(levels);
  }
  ASSIGN_OR_RETURN(product.refine, ReadRefine(params));
  return product;
}

// HNSW walks by one byte a dimension and ranks by the vectors themselves: that
// is SQ8, refined finer than any refine_type asks.
absl::Status CheckHnswSq(const ParamMap& params) {
  const auto sq_type = params.find("sq_type");
  if (sq_type != params.end() &&
      !absl::EqualsIgnoreCase(sq_type->second, "SQ8")) {
    return base::Error(ErrorCode::kIndexNotSupported,
                       "HNSW_SQ is supported with sq_type SQ8, not {}",
                       sq_type->second);
  }
  const auto refine_type = params.find("refine_type");
  if (refine_type == params.end()) return absl::OkStatus();
  for (const char* const finer : {"SQ8", "FP16", "BF16", "FP32"}) {
    if (absl::EqualsIgnoreCase(refine_type->second, finer)) {
      return absl::OkStatus();
    }
  }
  return InvalidInput(ErrorCode::kParameterInvalid,
                      "invalid parameter[expected=SQ8, FP16, BF16 or "
                      "FP32][actual={}]: param 'refine_type' is unknown",
                      refine_type->second);
}

bool IsIvf(IndexType type) {
  return type == IndexType::kIvfFlat || type == IndexType::kIvfSq8 ||
         type == IndexType::kIvfPq || type == IndexType::kScann ||
         type == IndexType::kIvfRabitq || type == IndexType::kBinIvfFlat;
}

bool IsSparse(IndexType type) {
  return type == IndexType::kSparseInverted || type == IndexType::kSparseWand;
}

}  // namespace

std::string_view NameOf(IndexType type) {
  for (const TypeRule& rule : kTypes) {
    if (rule.type == type) return rule.name;
  }
  return "unknown";
}

types::MetricType DefaultMetric(types::DataType data_type) {
  switch (data_type) {
    case DataType::kBinaryVector:
      return MetricType::kHamming;
    case DataType::kSparseFloatVector:
      return MetricType::kIp;
    default:
      return MetricType::kCosine;
  }
}

absl::StatusOr<IndexSpec> ParseIndexSpec(const IndexRequest& request) {
  const bool is_auto =
      request.type_name.empty() || request.type_name == kAutoIndex;
  IndexSpec spec{.dim = request.dim, .is_auto = is_auto};
  ASSIGN_OR_RETURN(spec.type, ParseType(request, is_auto));
  ASSIGN_OR_RETURN(spec.metric, ParseMetric(request, spec.type, is_auto));
  if (spec.type == IndexType::kHnswSq) {
    RETURN_IF_ERROR(CheckHnswSq(request.params));
  }
  if (IsHnsw(spec.type)) {
    // The library chooses for AUTOINDEX; what is given besides has no say.
    ASSIGN_OR_RETURN(spec.hnsw, ParseHnsw(is_auto ? ParamMap() : request.params,
                                          is_auto ? kAutoHnsw : kDefaultHnsw));
  }
  if (HasProductRows(spec.type)) {
    ASSIGN_OR_RETURN(spec.product,
                     ParseProduct(spec.type, request.params, spec.dim));
  }
  if (IsIvf(spec.type)) {
    ASSIGN_OR_RETURN(spec.ivf,
                     ParseIvfParams(spec.type, request.params, spec.dim));
  }
  if (spec.type == IndexType::kDiskAnn) {
    ASSIGN_OR_RETURN(spec.disk, ParseDiskParams(request.params));
  }
  if (spec.metric == MetricType::kMhJaccard) {
    ASSIGN_OR_RETURN(spec.minhash,
                     ParseMinHash(spec.type, request.params, spec.dim));
  }
  if (IsSparse(spec.type)) {
    ASSIGN_OR_RETURN(spec.sparse,
                     ParseSparse(is_auto ? ParamMap() : request.params));
  }
  return spec;
}

absl::StatusOr<SearchParams> ParseSearchParams(IndexType type,
                                               const ParamMap& params,
                                               std::size_t k) {
  if (IsSparse(type)) return ParseSparseSearch(params);
  if (IsIvf(type)) return ParseIvfSearch(type, params, k);
  if (type == IndexType::kDiskAnn) return ParseDiskSearch(params, k);
  if (type == IndexType::kMinHashLsh) return ParseMinHashSearch(params);
  SearchParams parsed;
  if (!IsHnsw(type)) return parsed;
  ASSIGN_OR_RETURN(const std::int64_t ef, ReadParam(params, ParamKey::kEf, 0));
  ASSIGN_OR_RETURN(const std::optional<double> recall,
                   ReadTargetRecall(params));
  parsed.ef = static_cast<std::size_t>(ef);
  parsed.target_recall = recall.value_or(0);
  if (parsed.ef != 0 && recall.has_value()) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "ef({}) and target_recall({}) are both given, one of "
                        "them says how far to search",
                        parsed.ef, *recall);
  }
  if (parsed.ef != 0 && parsed.ef < k) {
    return InvalidInput(ErrorCode::kParameterInvalid,
                        "ef value({}) should be larger than k({})", parsed.ef,
                        k);
  }
  if (type == IndexType::kHnswSq || HasProductRows(type)) {
    ASSIGN_OR_RETURN(parsed.refine_k, ReadRefineK(params));
  }
  return parsed;
}

absl::StatusOr<SearchParams> ParseRangeSearchParams(IndexType type,
                                                    const ParamMap& params) {
  if (IsSparse(type)) return ParseSparseSearch(params);
  if (IsIvf(type)) {
    ASSIGN_OR_RETURN(SearchParams lists, ParseIvfSearch(type, params, 1));
    if (lists.ef == 0) lists.ef = kRangeEf;
    return lists;
  }
  if (type == IndexType::kDiskAnn) return ParseDiskSearch(params, 1);
  if (type == IndexType::kMinHashLsh) return ParseMinHashSearch(params);
  SearchParams parsed;
  if (!IsHnsw(type)) return parsed;
  ASSIGN_OR_RETURN(const std::int64_t ef,
                   ReadParam(params, ParamKey::kEf, kRangeEf));
  parsed.ef = static_cast<std::size_t>(ef);
  return parsed;
}

absl::StatusOr<std::unique_ptr<VectorIndex>> BuildIndex(
    const base::OpContext& ctx, const IndexSpec& spec,
    const VectorDataset& dataset, const BuildOptions& options) {
  constexpr std::size_t kMaxRows = (std::size_t{1} << 31) - 1;
  if (IsSparse(spec.type)) {
    if (dataset.type != DataType::kSparseFloatVector ||
        dataset.rows() > kMaxRows) {
      return base::Error(ErrorCode::kParameterInvalid,
                         "{} rows of {}, the index is for sparse ones",
                         dataset.rows(), types::NameOf(dataset.type));
    }
    return SparseIndex::Build(ctx, spec, dataset);
  }
  RETURN_IF_ERROR(CheckMetric(dataset.type, spec.metric));
  const TypeRule* rule = FindType(NameOf(spec.type));
  const bool fits = rule != nullptr && Takes(*rule, dataset.type);
  if (!fits || dataset.dim == 0 || dataset.dim != spec.dim ||
      dataset.rows() > kMaxRows) {
    return base::Error(ErrorCode::kParameterInvalid,
                       "{} rows of {} dimensions of {}, the index is for {}",
                       dataset.rows(), dataset.dim, types::NameOf(dataset.type),
                       spec.dim);
  }
  if (spec.type == IndexType::kBinFlat ||
      (spec.type == IndexType::kFlat &&
       dataset.type != DataType::kFloatVector)) {
    VectorDataset rows = dataset;
    rows.signature = spec.minhash.signature;
    return RawFlatIndex::Build(ctx, spec.metric, rows);
  }
  if (spec.type == IndexType::kBinIvfFlat) {
    return IvfIndex::Build(ctx, spec, dataset, options);
  }
  if (spec.type == IndexType::kMinHashLsh) {
    return MinHashIndex::Build(ctx, spec, dataset, options);
  }
  // All others compute in float32.
  ASSIGN_OR_RETURN(const FloatRows floats, FloatRows::Of(ctx, dataset));
  switch (spec.type) {
    case IndexType::kFlat:
      return FlatIndex::Build(ctx, spec.metric, floats.dataset());
    case IndexType::kHnsw:
    case IndexType::kHnswSq:
    case IndexType::kHnswPq:
    case IndexType::kHnswPrq:
      if (spec.is_auto) {
        return BuildAutoIndex(ctx, spec, floats.dataset(), options);
      }
      return HnswIndex::Build(ctx, spec, floats.dataset(), options);
    case IndexType::kIvfFlat:
    case IndexType::kIvfSq8:
    case IndexType::kIvfPq:
    case IndexType::kScann:
    case IndexType::kIvfRabitq:
      return IvfIndex::Build(ctx, spec, floats.dataset(), options);
    case IndexType::kDiskAnn:
      return DiskAnnIndex::Build(ctx, spec, floats.dataset(), options);
    case IndexType::kBinFlat:
    case IndexType::kBinIvfFlat:
    case IndexType::kMinHashLsh:
    case IndexType::kSparseInverted:
    case IndexType::kSparseWand:
      break;  // built above
  }
  return NotSupported(NameOf(spec.type));
}

absl::StatusOr<std::unique_ptr<VectorIndex>> LoadIndex(
    std::vector<IndexFile> files, const LoadOptions& options) {
  if (files.size() != 1) {
    return base::DataLoss("an index of {} files, 1 expected", files.size());
  }
  ASSIGN_OR_RETURN(
      IndexFileReader file,
      IndexFileReader::Open(std::move(files.front()), options.verify));
  switch (file.info().type) {
    case IndexType::kFlat:
      if (file.Has(Section::kDataType)) {
        return RawFlatIndex::Open(std::move(file));
      }
      return FlatIndex::Open(std::move(file));
    case IndexType::kBinFlat:
      return RawFlatIndex::Open(std::move(file));
    case IndexType::kHnsw:
    case IndexType::kHnswSq:
    case IndexType::kHnswPq:
    case IndexType::kHnswPrq:
      return HnswIndex::Open(std::move(file));
    case IndexType::kIvfFlat:
    case IndexType::kIvfSq8:
    case IndexType::kIvfPq:
    case IndexType::kScann:
    case IndexType::kIvfRabitq:
    case IndexType::kBinIvfFlat:
      return IvfIndex::Open(std::move(file));
    case IndexType::kDiskAnn:
      return DiskAnnIndex::Open(std::move(file));
    case IndexType::kMinHashLsh:
      return MinHashIndex::Open(std::move(file));
    case IndexType::kSparseInverted:
    case IndexType::kSparseWand:
      return SparseIndex::Open(std::move(file));
  }
  return base::DataLoss("{}: unknown index type {}", file.name(),
                        static_cast<int>(file.info().type));
}

}  // namespace elanus::index
