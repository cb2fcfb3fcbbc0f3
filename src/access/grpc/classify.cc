#include "access/grpc/classify.h"

#include <algorithm>

namespace elanus::access {
namespace {

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2";
constexpr std::string_view kHttp1Methods[] = {"GET ",     "POST ",  "PUT ",
                                              "DELETE ",  "HEAD ",  "PATCH ",
                                              "OPTIONS ", "TRACE ", "CONNECT "};
constexpr char kTlsHandshake = 0x16;

// The shorter of the two starts the longer one.
bool Agree(std::string_view a, std::string_view b) {
  const std::size_t length = std::min(a.size(), b.size());
  return a.substr(0, length) == b.substr(0, length);
}

}  // namespace

Protocol Classify(std::string_view first_bytes) {
  static_assert(kClassifyBytesMax == kHttp2Preface.size());
  if (first_bytes.empty()) return Protocol::kUndecided;
  if (first_bytes.front() == kTlsHandshake) return Protocol::kTls;
  if (first_bytes.starts_with(kHttp2Preface)) return Protocol::kGrpc;
  bool may_be_decided_later = Agree(first_bytes, kHttp2Preface);
  for (const std::string_view method : kHttp1Methods) {
    if (first_bytes.starts_with(method)) return Protocol::kHttp1;
    may_be_decided_later = may_be_decided_later || Agree(first_bytes, method);
  }
  return may_be_decided_later ? Protocol::kUndecided : Protocol::kUnknown;
}

}  // namespace elanus::access
