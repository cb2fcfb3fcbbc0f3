// Rows per chunk of a column, in growing segments and in column files: chunk
// boundaries of all columns of a segment's file line up.
#pragma once

#include <cstddef>

namespace elanus::segment {

inline constexpr std::size_t kChunkRows = 8192;

}  // namespace elanus::segment
