// An immutable run of bytes that keeps its memory alive: a log record on its
// way from socket to segment, a mapped file, a slice of either. Copying a
// Buffer copies a pointer, never the bytes.
//
//   Buffer whole = Buffer::FromString(std::move(text));
//   Buffer part = whole.Slice(8, 16);   // keeps `whole`'s memory
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace elanus::base {

class Buffer {
 public:
  Buffer() = default;
  // `owner` keeps `bytes` alive.
  Buffer(std::shared_ptr<const void> owner, std::span<const std::byte> bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}

  static Buffer FromString(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    return Buffer(owner, std::as_bytes(std::span(*owner)));
  }
  static Buffer Copy(std::span<const std::byte> bytes) {
    return FromString(
        std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }

  std::span<const std::byte> bytes() const { return bytes_; }
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  // [offset, offset + length) must lie inside.
  Buffer Slice(std::size_t offset, std::size_t length) const {
    return Buffer(owner_, bytes_.subspan(offset, length));
  }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> bytes_;
};

// Bytes that start at a multiple of 64 and are filled once, then frozen into a
// Buffer.
class AlignedBytes {
 public:
  static constexpr std::size_t kAlignment = 64;

  // Contents are not initialised.
  explicit AlignedBytes(std::size_t size)
      : data_(static_cast<std::byte*>(
                  ::operator new (size + 1, std::align_val_t{kAlignment})),
              [](std::byte* data) {
                ::operator delete (data, std::align_val_t{kAlignment});
              }),
        size_(size) {}

  std::byte* data() { return data_.get(); }
  std::size_t size() const { return size_; }
  std::span<std::byte> bytes() { return {data_.get(), size_}; }

  Buffer Freeze() && {
    const std::span<const std::byte> bytes{data_.get(), size_};
    return Buffer(std::shared_ptr<const void>(std::move(data_)), bytes);
  }

 private:
  std::shared_ptr<std::byte> data_;
  std::size_t size_;
};

}  // namespace elanus::base
