#include "index/vector/ivf/codecs.h"

#include <utility>

#include "index/vector/ivf/float_lists.h"

namespace elanus::index {

absl::StatusOr<Codecs> OpenCodecs(const IndexFileReader& file, const IvfHeader&,
                                  const Lists&) {
  Codecs codecs;
  ASSIGN_OR_RETURN(std::unique_ptr<FloatLists> lists, FloatLists::Open(file));
  codecs.rows = lists.get();
  codecs.scan = std::move(lists);
  return codecs;
}

absl::StatusOr<std::vector<std::unique_ptr<ListEncoder>>> TrainEncoders(
    const base::OpContext&, const IndexSpec&, const TrainingSet& set,
    const BuildOptions&) {
  std::vector<std::unique_ptr<ListEncoder>> encoders;
  encoders.push_back(std::make_unique<FloatEncoder>(set.dim));
  return encoders;
}

IvfHeader HeaderOf(const IndexSpec&, std::size_t lists, std::uint64_t seed) {
  return {.lists = static_cast<std::uint32_t>(lists), .seed = seed};
}

}  // namespace elanus::index
