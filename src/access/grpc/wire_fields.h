// Walks over the fields of a serialised message without parsing it.
//
//   while (!bytes.empty()) {
//     const std::optional<WireField> field = TakeField(bytes);
//     if (!field) return malformed;
//     if (field->IsPart(5)) use(field->content);
//   }
//
// Threads:   pure functions.
// Ownership: views point into the message.
// Source:    the encoding of protocol buffers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace elanus::access {

struct WireField {
  int number = 0;
  bool is_part = false;       // a string, a message or packed numbers
  std::string_view content;   // of a part: what is in it
  std::string_view encoding;  // the whole field, tag and all

  bool IsPart(int wanted) const { return is_part && number == wanted; }
};

// Takes the field that `bytes` begins with; nothing if there is none, or one
// of a kind that proto3 does not have.
std::optional<WireField> TakeField(std::string_view& bytes);

// Appends tag and length of a part, behind which its `size` bytes belong.
void AppendPartHead(int number, std::size_t size, std::string* out);

}  // namespace elanus::access
