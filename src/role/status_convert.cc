#include "role/status_convert.h"

#include <string>

namespace elanus::role {
namespace {

namespace common = milvus::proto::common;

constexpr char kInputErrorKey[] = "is_input_error";
// The code of Milvus that has an older number but no name in base/status.h.
constexpr int kTimeTickLongDelay = 11;
constexpr int kChannelLack = 501;
constexpr int kNodeNotMatch = 904;

// Bytes of the UTF-8 character at the start of `text`; 0 if there is none.
std::size_t CharacterLength(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, beyond U+10FFFF.
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

}  // namespace

std::string ReadableText(std::string_view text) {
  std::string readable;
  readable.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = CharacterLength(text);
    if (length == 0) {
      readable.push_back('?');
      text.remove_prefix(1);
    } else {
      readable.append(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  return readable;
}

common::ErrorCode LegacyCode(base::ErrorCode code) {
  switch (static_cast<int>(code)) {
    case static_cast<int>(base::ErrorCode::kSuccess):
      return common::Success;
    case static_cast<int>(base::ErrorCode::kServiceNotReady):
      return common::NotReadyServe;
    case static_cast<int>(base::ErrorCode::kMemoryLimitExceeded):
      return common::InsufficientMemoryToLoad;
    case static_cast<int>(base::ErrorCode::kDiskLimitExceeded):
      return common::DiskQuotaExhausted;
    case static_cast<int>(base::ErrorCode::kRateLimit):
      return common::RateLimit;
    case static_cast<int>(base::ErrorCode::kQuotaExceeded):
      return common::ForceDeny;
    case kTimeTickLongDelay:
      return common::TimeTickLongDelay;
    case static_cast<int>(base::ErrorCode::kCollectionNotFound):
      return common::CollectionNotExists;
    case static_cast<int>(base::ErrorCode::kCollectionSchemaMismatch):
      return common::SchemaMismatch;
    case static_cast<int>(base::ErrorCode::kPartitionNotFound):
    case static_cast<int>(base::ErrorCode::kReplicaNotFound):
    case kChannelLack:
      return common::MetaFailed;
    case static_cast<int>(base::ErrorCode::kReplicaNotAvailable):
    case static_cast<int>(base::ErrorCode::kChannelNotAvailable):
    case static_cast<int>(base::ErrorCode::kNodeNotAvailable):
      return common::NoReplicaAvailable;
    case static_cast<int>(base::ErrorCode::kSegmentNotFound):
      return common::SegmentNotFound;
    case static_cast<int>(base::ErrorCode::kIndexNotFound):
      return common::IndexNotExist;
    case kNodeNotMatch:
      return common::NodeIDNotMatch;
    case static_cast<int>(base::ErrorCode::kParameterInvalid):
      return common::IllegalArgument;
    default:  // the older enum has no word for the rest
      return common::UnexpectedError;
  }
}

common::Status ToProto(const absl::Status& status) {
  common::Status proto;
  if (status.ok()) return proto;
  const base::ErrorCode code = base::CodeOf(status);
  proto.set_code(static_cast<int>(code));
  proto.set_error_code(LegacyCode(code));
  const std::string text = ReadableText(base::MessageOf(status));
  proto.set_reason(text);
  proto.set_detail(text);
  proto.set_retriable(base::IsRetriable(status));
  if (base::FaultOf(status) == base::Fault::kCaller) {
    (*proto.mutable_extra_info())[kInputErrorKey] = "true";
  }
  return proto;
}

absl::Status FromProto(const common::Status& proto) {
  if (proto.code() == 0) {
    if (proto.error_code() == common::Success) return absl::OkStatus();
    return base::MakeStatus(base::ErrorCode::kUnexpected, base::Fault::kServer,
                            proto.reason());
  }
  const auto code = static_cast<base::ErrorCode>(proto.code());
  const auto input = proto.extra_info().find(kInputErrorKey);
  if (input != proto.extra_info().end() && input->second == "true") {
    return base::MakeStatus(code, base::Fault::kCaller, proto.reason());
  }
  if (proto.retriable() && !base::IsRetriable(code)) {
    return base::MakeRetriable(code, proto.reason());
  }
  return base::MakeStatus(code, base::Fault::kServer, proto.reason());
}

}  // namespace elanus::role
