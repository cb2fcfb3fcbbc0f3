// Little-endian reading and writing of formats. Reading never trusts: every
// size is checked before use and a short or absurd input gives DATA_LOSS.
//
//   ByteWriter out;                    ByteReader in(bytes,
//   "segment/7/pk.col"); out.Fixed<uint32_t>(rows); ASSIGN_OR_RETURN(auto rows,
//   in.Fixed<uint32_t>()); out.Text(name); ASSIGN_OR_RETURN(auto name,
//   in.Text());
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/status.h"

namespace elanus::base {

static_assert(std::endian::native == std::endian::little,
              "formats are written as they lie in memory");

class ByteWriter {
 public:
  template <typename T>
  requires std::is_arithmetic_v<T>
  void Fixed(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void Raw(std::span<const std::byte> bytes) {
    bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void Raw(std::string_view bytes) { bytes_.append(bytes); }
  // uint32 length, then the bytes.
  void Text(std::string_view text) {
    Fixed(static_cast<std::uint32_t>(text.size()));
    bytes_.append(text);
  }
  // Zeros up to the next multiple of `alignment`.
  void AlignTo(std::size_t alignment) {
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
  }
  // Overwrites what was written at `offset`.
  template <typename T>
  requires std::is_arithmetic_v<T>
  void Patch(std::size_t offset, T value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof(T));
  }

  std::size_t size() const { return bytes_.size(); }
  std::string_view view() const { return bytes_; }
  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Borrows `bytes` and `name`. `name` stands in the errors: file and place.
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, std::string_view name)
      : bytes_(bytes), name_(name) {}
  ByteReader(std::string_view bytes, std::string_view name)
      : ByteReader(std::as_bytes(std::span(bytes.data(), bytes.size())), name) {
  }

  template <typename T>
  requires std::is_arithmetic_v<T> absl::StatusOr<T> Fixed() {
    ASSIGN_OR_RETURN(const std::span<const std::byte> raw, Raw(sizeof(T)));
    T value;
    std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }

  // The next `size` bytes, in place.
  absl::StatusOr<std::span<const std::byte>> Raw(std::uint64_t size) {
    if (size > bytes_.size() - offset_) {
      return DataLoss("{}: {} bytes wanted at offset {}, {} are left", name_,
                      size, offset_, bytes_.size() - offset_);
    }
    const auto raw = bytes_.subspan(offset_, static_cast<std::size_t>(size));
    offset_ += raw.size();
    return raw;
  }

  absl::StatusOr<std::string_view> Text() {
    ASSIGN_OR_RETURN(const std::uint32_t size, Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(const std::span<const std::byte> raw, Raw(size));
    return std::string_view(reinterpret_cast<const char*>(raw.data()),
                            raw.size());
  }

  // A count of things that take at least `item_size` bytes each: more than
  // could fit into what is left is damage.
  absl::StatusOr<std::uint32_t> Count(std::size_t item_size) {
    ASSIGN_OR_RETURN(const std::uint32_t count, Fixed<std::uint32_t>());
    if (count > (bytes_.size() - offset_) / item_size) {
      return DataLoss("{}: {} items at offset {} do not fit into {} bytes",
                      name_, count, offset_, bytes_.size() - offset_);
    }
    return count;
  }

  absl::Status AlignTo(std::size_t alignment) {
    const std::size_t next = (offset_ + alignment - 1) / alignment * alignment;
    return Raw(next - offset_).status();
  }

  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return bytes_.size() - offset_; }
  std::string_view name() const { return name_; }

 private:
  std::span<const std::byte> bytes_;
  std::string_view name_;
  std::size_t offset_ = 0;
};

}  // namespace elanus::base
