// Reads the few names that the gate needs out of a serialised request, without
// parsing it: no allocation grows with the input before the caller is known to
// be allowed.
//
// Threads:   pure function.
// Ownership: the views point into `request`.
// Source:    the encoding of protocol buffers. Of a field that is there twice
//            the last one counts, as for the parser: what is checked is what
//            is done.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace elanus::access {

struct RequestNames {
  std::string_view db_name;
  std::vector<std::string_view> objects;
};

struct RequestFields {
  int db_name = 0;      // 0: the request has no such field
  int object_name = 0;  // 0: the request has no such field
  bool object_name_repeated = false;
};

// More strings and messages than this directly in a request are refused: two
// bytes each on the wire, they would take a hundred each when parsed. Values
// of rows lie deeper.
inline constexpr std::size_t kRequestPartsMax = 65536;

// An absent object name is an empty one. Errors: kParameterInvalid for bytes
// that are not a protobuf message, kParameterTooLarge for too many parts.
absl::Status PeekNames(std::string_view request, const RequestFields& fields,
                       RequestNames* names);

}  // namespace elanus::access
