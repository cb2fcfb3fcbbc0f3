#include "index/vector/signature.h"

#include <bit>

#include "index/vector/index_file.h"

namespace elanus::index {

absl::StatusOr<SignatureSection> SignatureIn(const IndexFileReader& file) {
  constexpr std::uint32_t kMaxDim = 1U << 20;
  ASSIGN_OR_RETURN(const auto sections,
                   file.Array<SignatureSection>(Section::kSignature, 1));
  const SignatureSection& section = sections.front();
  const std::uint32_t dim = file.info().dim;
  const std::uint32_t width = section.element_bytes;
  if (width > 8 || !std::has_single_bit(width) || dim == 0 || dim > kMaxDim ||
      dim % (8 * width) != 0 || section.bands > dim / 8 / width) {
    return base::DataLoss("{}: {} bands of elements of {} bytes in {} bits",
                          file.name(), section.bands, width, dim);
  }
  return section;
}

}  // namespace elanus::index
