// An InsertRequest or UpsertRequest without its dense vectors: they stay where
// they came in and are copied once, into the record.
//
//   dispatch.Register<RowsMessage<pb::InsertRequest>, pb::MutationResult>(
//       "Insert", [](CallContext&, const RowsMessage<...>& request, ...) {
//         request.message().num_rows();
//         request.columns();
//       });
//
// Threads:   as a message.
// Ownership: borrows the bytes that it was parsed from.
// Source:    the encoding of protocol buffers. Only what every encoder writes,
//            one packed run of numbers in one column, is left out; anything
//            else goes through the parser, whose rules for it then hold.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "access/rows_request.h"
#include "base/buffer.h"

namespace elanus::access {

struct HollowRequest {
  std::string bytes;  // the request without them
  // Of each of its columns, without data where they were left in; none at all
  // for bytes that were left as they are.
  std::vector<std::string_view> vectors;
};

// `column_field`: the number of fields_data in the request. Bytes that are no
// message, or one with groups or with keys of more than 32 bits, stay as they
// are, for the parser to judge.
HollowRequest TakeVectorsOut(std::string_view request, int column_field);

template <typename Message>
class RowsMessage {
 public:
  static const google::protobuf::Descriptor* descriptor() {
    return Message::descriptor();
  }

  // False for bytes that are no such message.
  bool Parse(const base::Buffer& bytes) {
    if (bytes.size() > std::numeric_limits<int>::max()) return false;
    HollowRequest hollow =
        TakeVectorsOut(bytes.view(), Message::kFieldsDataFieldNumber);
    vectors_ = std::move(hollow.vectors);
    return message_.ParseFromString(hollow.bytes) &&
           (vectors_.empty() || vectors_.size() == columns_in_message());
  }

  const Message& message() const { return message_; }
  RequestColumns columns() const {
    return {.fields = message_.fields_data(), .vectors = vectors_};
  }

 private:
  std::size_t columns_in_message() const {
    return static_cast<std::size_t>(message_.fields_data_size());
  }

  Message message_;
  std::vector<std::string_view> vectors_;
};

}  // namespace elanus::access
