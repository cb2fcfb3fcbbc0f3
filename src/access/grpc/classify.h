// Which protocol a new connection speaks, told from its first bytes.
//
// Threads: pure function.
// Source:  RFC 9113 §3.4 (connection preface of HTTP/2), RFC 9112 §3 (request
//          line of HTTP/1.1), RFC 8446 §5.1 (TLS record, handshake = 0x16).
#pragma once

#include <cstddef>
#include <string_view>

namespace elanus::access {

enum class Protocol { kUndecided, kGrpc, kHttp1, kTls, kUnknown };

// So many bytes always decide.
inline constexpr std::size_t kClassifyBytesMax = 12;

// kUndecided: more bytes are needed.
Protocol Classify(std::string_view first_bytes);

}  // namespace elanus::access
