// The codecs of an index file or of a build, by index type.
#pragma once

#include <memory>
#include <vector>

#include "base/op_context.h"
#include "base/status.h"
#include "index/vector/dataset_rows.h"
#include "index/vector/ivf/float_codes.h"
#include "index/vector/ivf/ivf_file.h"
#include "index/vector/ivf/list_codec.h"
#include "index/vector/registry.h"

namespace elanus::index {

// What an opened index compares with.
struct Codecs {
  std::unique_ptr<ListCodec> scan;
  std::unique_ptr<RowCodec> finer;  // or null
  // The codec that looks at single rows most exactly: one of the two, or null.
  const RowCodec* rows = nullptr;
  // The best of `scan` are ranked again by `rows`.
  bool ranks_again = false;
  // IVF_FLAT: what spares most rows of `scan`; null in older files.
  std::unique_ptr<FloatCodes> codes;

  // What they hold besides the index file.
  std::size_t memory_bytes() const {
    return scan->memory_bytes() +
           (finer == nullptr ? 0 : finer->memory_bytes());
  }
};

// What ranks rows again, by position; null for kNone. Errors: DATA_LOSS.
absl::StatusOr<std::unique_ptr<RowCodec>> OpenFiner(const IndexFileReader& file,
                                                    RefineType type);

// Writes it; ranges come from the `rows` rows of `sample`. Null for kNone.
std::unique_ptr<ListEncoder> MakeFiner(RefineType type,
                                       const std::vector<float>& sample,
                                       std::size_t rows, std::size_t dim);

absl::StatusOr<Codecs> OpenCodecs(const IndexFileReader& file,
                                  const IvfHeader& header, const Lists& lists);

// What a build trains from.
struct TrainingSet {
  const std::vector<float>& sample;  // rows * dim
  std::size_t rows;
  std::size_t dim;
  // Centroids of all lists, and the list of each row of the sample (of none
  // unless the type LearnsFromResiduals).
  const std::vector<float>& centroids;
  const std::vector<std::uint32_t>& nearest;
};

// What lies between rows and their centroids is what its codes are fitted to.
bool LearnsFromResiduals(IndexType type);

absl::StatusOr<std::vector<std::unique_ptr<ListEncoder>>> TrainEncoders(
    const base::OpContext& ctx, const IndexSpec& spec, const TrainingSet& set,
    const BuildOptions& options);

// The header of an index of that kind.
IvfHeader HeaderOf(const IndexSpec& spec, std::size_t lists,
                   std::uint64_t seed);

}  // namespace elanus::index
